// A disk that is full or broken, and descriptors that run out, at each call: once, or from then on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byEffort, sample, upTo } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { LANES, assertSame, inWorld, runAll, skip, undisturbed } from './cases.mjs';

// A database that cannot be opened for writing SQLite opens for reading.
const FAULTS = [
  { error: 'ENOSPC', kind: 'write', says: /disk is full|No space left on device/ },
  { error: 'ENOSPC', kind: 'make', says: /disk is full|No space left on device|unable to open/ },
  { error: 'EIO', kind: 'write', says: /I\/O error|Input\/output error/ },
  { error: 'EIO', kind: 'fsync', says: /I\/O error|Input\/output error/ },
  { error: 'EIO', kind: 'open', says: /I\/O error|Input\/output error|unable to open|readonly database; check the disk/ },
  { error: 'EMFILE', kind: 'open', says: /Too many open files|unable to open|readonly database; check the disk/ },
  { error: 'EMFILE', kind: 'socket', says: /Too many open files|[Cc]ould ?n.t connect|failed to open socket/ },
];
const STEP = 14; // in a sampled run one of so many calls fails

/** What is held of what was and still is to be held: a disk that fails must not cost any of it. */
function assertNothingLost(before, now, expected) {
  for (const [mount, content] of before.held) {
    const wanted = new Map(expected.held).get(mount);
    if (wanted === undefined) continue; // it was to be deleted
    const holds = new Map(now.held).get(mount);
    assert.ok(holds === content || holds === wanted, `${mount} was lost, it holds ${holds}`);
  }
  assert.equal(now.theirs, before.theirs, 'what is not ours');
}

function assertSaid({ code, signal, document, out, err }, says, hit) {
  assert.equal(signal, null, `it ended by ${signal}: ${err}`);
  if (code === 0) return;
  assert.match(out + err, says, `no clear error after ${hit} (exit ${code}): ${out}${err}`);
  assert.ok([1, 4, 64].includes(code), `exit ${code} after ${hit}: ${out}${err}`);
  for (const session of document?.sessions ?? []) {
    if (session.error) assert.ok(session.error.message.length > 20, JSON.stringify(session.error));
  }
}

/** Like world.apply(), of which only a complete document or none at all is right. */
async function applyOnce(world, env) {
  const done = await world.project.run('apply', world.flags(['--timeout', '4s', '-o', 'json']), env);
  return { ...done, document: done.out === '' ? null : JSON.parse(done.out) };
}

async function broken({ name, fault, n, onwards }, expected) {
  await inWorld(name, 'shadow', async (world, scenario) => {
    const before = await world.sight();
    const acted = await applyOnce(world, world.fault(`${fault.error}:${fault.kind}:${n}${onwards ? '+' : ''}`));
    const hit = world.calls()[n - 1];
    if (hit === undefined) return; // it came without that call
    assertSaid(acted, fault.says, hit);
    const now = await world.sight();
    const most = Math.max(...now.uploads.map((name) => now.uploads.filter((other) => other === name).length));
    assert.ok(most <= 2, `one content was uploaded ${most} times: ${now.uploads}`);
    for (const [i, session] of before.sessions.entries()) {
      assertNothingLost(session, now.sessions[i], expected.after.sessions[i]);
    }
    const again = await scenario.act(world);
    assert.equal(again.code, 0, `after ${hit}: ${again.out}${again.err}`);
    await assertSame(world, expected);
  });
}

const NAMES = ['replace', 'rotate', 'create', 'outputs', 'lost state'];
/** Which of the faults meet the scenario: in a quick run each meets one of them. */
const faultsOf = (name) =>
  FAULTS.filter((unused, i) => byEffort({ quick: NAMES[i % NAMES.length] === name, usual: true, full: true }));

for (const name of NAMES) {
  test(`C3 a disk that is full or broken, no descriptors left: ${name}`, { skip }, async (t) => {
    const { world } = await undisturbed(name);
    const cases = [];
    for (const fault of faultsOf(name)) {
      const { calls } = await undisturbed(name, fault.kind);
      for (const n of sample(upTo(calls.length), STEP)) {
        cases.push({ name, fault, n, onwards: false }, { name, fault, n, onwards: true });
      }
    }
    await runAll(cases, (one) => broken(one, world), 2 * LANES); // many wait for their timeout
    t.diagnostic(`${cases.length} errors cost nothing (seed ${SEED})`);
  });
}
