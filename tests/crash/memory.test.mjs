// Memory that is not there in the middle of a pass, while commits are under way on another thread, and while the pass
// writes one itself: the pass is over, or the commit, and nothing else.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { sample, upTo } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { LANES, assertSame, inWorld, runAll, undisturbed } from './cases.mjs';

const SHIM = process.env.SESSYNC_MEMORY_SHIM;
const skip = SHIM ? false : 'SESSYNC_MEMORY_SHIM is not set: tests/crash/run.sh builds it';
const STEP = 120;

// What is freed is overwritten: what is used all the same does not go unnoticed.
const lacking = (world, { n, inCommit } = {}) => ({ LD_PRELOAD: SHIM, ...(inCommit && { MEMORY_IN_COMMIT: '1' }), MEMORY_LOG: path.join(world.dir, 'count'), MALLOC_PERTURB_: '165', ...(n && { MEMORY_FAULT: String(n) }) });
const counted = (world) => Number(fs.readFileSync(path.join(world.dir, 'count'), 'utf8'));

/** How often memory is asked for. */
const requests = (name, inCommit) =>
  inWorld(name, 'shadow', async (world, scenario) => {
    const { code, out, err } = await scenario.act(world, lacking(world, { inCommit }));
    assert.equal(code, 0, out + err);
    return counted(world);
  });

/** The same; the store may be done with a commit before the pass goes on, so once more if that was so. */
async function enoughRequests(name, inCommit) {
  for (let i = 0; i < 5; i++) {
    const count = await requests(name, inCommit);
    if (count > 20) return count;
  }
  assert.fail('memory is hardly asked for');
}

async function lacks({ name, ...where }, expected) {
  await inWorld(name, 'shadow', async (world, scenario) => {
    const before = (await world.sight()).sessions[0];
    const { code, signal, out, err } = await world.project.run('apply', world.flags(['--timeout', '60s']), lacking(world, where));
    // The destructor of the JSON library asks for memory and may not fail: then the process ends, as in any crash.
    const ended = signal === 'SIGABRT' && /what\(\): +std::bad_alloc/.test(err);
    assert.ok(ended || signal === null, `ended by ${signal}: ${err}`);
    assert.ok(ended || [0, 1].includes(code), `exit ${code}: ${out}${err}`);
    if (code === 1) assert.match(out + err, /out of memory|bad_alloc/);
    const now = (await world.sight()).sessions[0];
    if (before) assert.equal(now.theirs, before.theirs, 'what is not ours');
    const again = await scenario.act(world, lacking(world));
    assert.equal(again.code, 0, again.out + again.err);
    await assertSame(world, expected);
  });
}

for (const name of ['replace', 'create', 'outputs']) {
  test(`memory that is lacking once ends a pass and nothing else: ${name}`, { skip }, async (t) => {
    const { world } = await undisturbed(name);
    const cases = [];
    for (const [inCommit, step] of [[false, STEP], [true, STEP / 4]]) {
      const count = await enoughRequests(name, inCommit);
      cases.push(...sample(upTo(count), step).map((n) => ({ name, n, inCommit })));
    }
    await runAll(cases, (one) => lacks(one, world), 2 * LANES); // they wait before they try again
    t.diagnostic(`${cases.length} requests failed and cost nothing (seed ${SEED})`);
  });
}
