// An API and a line that fail in every way, in the middle of what sessync does: afterwards all is as if they had not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LANES, inWorld, recover, runAll, undisturbed } from '../crash/cases.mjs';
import { some } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { LINE_FAULTS, brokenLine } from './network_proxy.mjs';

/** What every case asks for: failures are seen soon. */
const HASTY = ['--request-timeout', '300ms', '--timeout', '15s'];

/** The kinds of faults that the double knows, for any call. */
const FAULTS = {
  '429': { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  '429 without a time': { kind: 'status', status: 429 },
  '529': { kind: 'status', status: 529 },
  '500': { kind: 'status', status: 500 },
  '500 after the effect': { kind: 'status_after', status: 500 },
  '502 from a proxy': { kind: 'status', status: 502, html: true },
  '409': { kind: 'status', status: 409 },
  'cut before': { kind: 'cut_before' },
  'cut after': { kind: 'cut_after' },
  'late effect': { kind: 'late_effect', delay_ms: 40 },
  slow: { kind: 'slow', delay_ms: 600 },
  truncated: { kind: 'truncated_body' },
  'not JSON': { kind: 'not_json' },
  huge: { kind: 'huge_body' },
};

/** Which calls a scenario makes. */
const CALLS = {
  replace: ['list', 'upload', 'find_files', 'add', 'delete'],
  move: ['list', 'add', 'delete'],
  rotate: ['get_session', 'list', 'rotate', 'list_events'],
  create: ['list_sessions', 'upload', 'create_session'],
  outputs: ['get_session', 'list_session_files', 'download_file'],
  'lost state': ['list_session_files', 'get_session', 'upload', 'delete'],
};

async function faulty({ name, what, operation, often }, expected) {
  await inWorld(name, 'shadow', async (world, scenario) => {
    await world.double.faults([{ operation, ...often, ...FAULTS[what] }]);
    const first = await scenario.act(world, {}, HASTY);
    assert.ok([0, 1, 4].includes(first.code), `exit ${first.code}: ${first.out}${first.err}`);
    await world.double.faults([]);
    await recover(world, scenario, expected, `${what} of ${operation}`);
  });
}

for (const [name, operations] of Object.entries(CALLS)) {
  const id = name === 'replace' ? 'N1 N2' : 'N2';
  test(`${id} every kind of failure of every call: ${name}`, async (t) => {
    const { world } = await undisturbed(name);
    const cases = [];
    for (const what of Object.keys(FAULTS)) {
      for (const operation of operations) {
        for (const often of [{ nth: 1 }, { nth: 2 }, { every: 2, times: 4 }]) cases.push({ name, what, operation, often });
      }
    }
    const taken = some(cases, 24);
    await runAll(taken, (one) => faulty(one, world), 2 * LANES);
    t.diagnostic(`${taken.length} of ${cases.length} failures left over nothing (seed ${SEED})`);
  });
}

test('N1 an upload whose outcome is unknown is made again, attached once, and gc takes the other', async (t) => {
  const { world: expected } = await undisturbed('add');
  const every = ['cut after', 'late effect', 'slow', '500 after the effect', 'truncated'].flatMap((what) =>
    [{ nth: 1 }, { nth: 2 }, { times: 3 }].map((often) => ({ what, often })),
  );
  const cases = some(every, 1);
  await runAll(cases, ({ what, often }) =>
    inWorld('add', 'shadow', async (world, scenario) => {
      await world.double.faults([{ operation: 'upload', ...often, ...FAULTS[what] }]);
      const { code, out, err } = await scenario.act(world, {}, HASTY);
      assert.equal(code, 0, out + err);
      const { uploads } = await world.sight();
      // Made once for each failure, and once more.
      assert.ok(uploads.length <= expected.after.uploads.length + 3, uploads.join(' '));
      await world.double.faults([]);
      await recover(world, scenario, expected, what);
    }),
    2 * LANES,
  );
  t.diagnostic(`${cases.length} uploads in doubt`);
});

async function online({ name, fault, n }, expected) {
  await inWorld(name, 'shadow', async (world, scenario, ending) => {
    const line = await brokenLine(ending, world.double.url, fault, n);
    const first = await scenario.act(world, { ANTHROPIC_BASE_URL: line.url }, HASTY);
    assert.ok([0, 1].includes(first.code), `exit ${first.code}: ${first.out}${first.err}`);
    if (fault === 'trickle') assert.equal(first.code, 0, 'slow is not broken');
    await recover(world, scenario, expected, `${fault} at ${n}`);
  });
}

for (const name of ['replace', 'create', 'outputs']) {
  test(`N2 a line that breaks at any piece of data: ${name}`, async (t) => {
    const { world } = await undisturbed(name);
    const cases = [];
    for (const fault of LINE_FAULTS) for (let n = 1; n <= 14; n++) cases.push({ name, fault, n });
    const taken = some(cases, 14);
    await runAll(taken, (one) => online(one, world), 2 * LANES);
    t.diagnostic(`${taken.length} of ${cases.length} broken lines left over nothing (seed ${SEED})`);
  });
}

// Each gives up at its timeout three times, so they wait together.
describe('N3: what is new is there, what is old cannot be deleted', { concurrency: true }, () => {
  for (const [name, what] of [['move', '500'], ['move', 'cut after'], ['replace', '500'], ['delete', '529'], ['delete', 'cut before']]) {
    test(`N3 adds are accepted, deletes fail for long (${what}): ${name}`, async () => {
      const { world: expected } = await undisturbed(name);
      await inWorld(name, 'shadow', async (world, scenario) => {
        const [before] = (await world.sight()).sessions;
        await world.double.faults([{ operation: 'delete', ...FAULTS[what] }]);
        for (let i = 0; i < 3; i++) {
          const { code } = await scenario.act(world, {}, ['--timeout', '3s']);
          assert.ok([0, 1].includes(code), `exit ${code}`);
        }
        const [now] = (await world.sight()).sessions;
        const paths = now.mounts;
        assert.equal(new Set(paths).size, paths.length, `added more than once: ${paths}`);
        const declared = new Map(expected.after.sessions[0].held);
        for (const [mount] of before.held) {
          assert.ok(!declared.has(mount) || new Map(now.held).has(mount), `${mount} was lost`);
        }
        const added = await world.double.count('add_resource');
        assert.ok(added <= 12, `${added} adds`);
        await world.double.faults([]);
        await recover(world, scenario, expected, what);
      });
    });
  }
});
