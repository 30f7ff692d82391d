// A request that libcurl could not set up as it was meant is not sent at all: without its header it would lack the
// key, without its method a delete would be a read, without what keeps it from a proxy the proxy would see the key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sample, upTo } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { LANES, assertSame, inWorld, runAll, skip, undisturbed } from './cases.mjs';
import { Recorder, Trap } from './recorder.mjs';

const STEP = 12;

/** An apply whose requests are looked at on their way; `fault`: what goes wrong meanwhile. */
async function watched(world, ending, fault, flags) {
  const recorder = await Recorder.start(ending, world.double);
  const trap = await Trap.start(ending);
  const around = { ANTHROPIC_BASE_URL: recorder.url, http_proxy: trap.url, all_proxy: trap.url };
  const done = await world.project.run('apply', world.flags(flags), { ...world.fault(fault), ...around });
  return { ...done, seen: recorder.seen, caught: trap.caught };
}

/** What requests are like when nothing goes wrong, and how many calls set them up. */
function meant(name) {
  return inWorld(name, 'shadow', async (world, scenario, ending) => {
    const { code, out, err, seen, caught } = await watched(world, ending, 'count:curl:0', []);
    assert.equal(code, 0, out + err);
    assert.equal(caught, 0);
    // What was uploaded without an answer is looked for.
    const reads = [...seen].filter((request) => request.includes('\nGET\n'));
    for (const read of reads) seen.add(read.replace(/^\/.*$/m, '/v1/files'));
    return { seen, calls: world.calls() };
  });
}

/** What reached the API was what is sent when nothing goes wrong, and nothing reached anybody else. */
function assertMeant({ seen, caught }, expected, hit) {
  for (const request of seen) assert.ok(expected.has(request), `after ${hit} there was sent, as nobody meant it:\n${request}`);
  assert.equal(caught, 0, `after ${hit} a request went to a proxy that is not for it`);
}

async function failing({ name, n, onwards }, expected) {
  await inWorld(name, 'shadow', async (world, scenario, ending) => {
    const acted = await watched(world, ending, `ENOMEM:curl:${n}${onwards ? '+' : ''}`, ['--timeout', onwards ? '3s' : '60s']);
    const { code, signal, out, err } = acted;
    const hit = world.calls()[n - 1];
    if (hit === undefined) return; // it came without that call
    assert.equal(signal, null, `it ended by ${signal} after ${hit}: ${err}`);
    assert.ok([0, 1].includes(code), `exit ${code} after ${hit}: ${out}${err}`);
    if (code === 1) assert.match(out + err, /could not be (set up|begun)|libcurl, which sends the requests, cannot be used/, hit);
    assertMeant(acted, expected.seen, hit);
    const again = await scenario.act(world);
    assert.equal(again.code, 0, `after ${hit}: ${again.out}${again.err}`);
    await assertSame(world, expected.world);
  });
}

for (const name of ['replace', 'create', 'rotate', 'outputs']) {
  test(`a request that could not be set up is an error of that request: ${name}`, { skip }, async (t) => {
    const { calls, seen } = await meant(name);
    const { world } = await undisturbed(name);
    assert.ok(calls.length > 50, `${calls.length} calls`);
    const cases = sample(upTo(calls.length), STEP).flatMap((n, i) => [{ name, n, onwards: false }, ...(i % 8 === 0 ? [{ name, n, onwards: true }] : [])]);
    await runAll(cases, (one) => failing(one, { world, seen }), 2 * LANES);
    t.diagnostic(`${cases.length} failures cost nothing (seed ${SEED})`);
  });
}
