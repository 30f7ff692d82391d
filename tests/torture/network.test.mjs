// An API and a line that fail in every way, in the middle of what sessync does: afterwards all is as if they had not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LANES, assertSame, inWorld, runAll, undisturbed } from '../crash/cases.mjs';
import { some } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { LINE_FAULTS, brokenLine, lyingApi } from './network_proxy.mjs';

/** What every case asks for: failures are seen soon. */
const HASTY = ['--request-timeout', '300ms', '--timeout', '15s'];

/** Whatever the first attempt came to, it lost nothing that was to stay, and the next one ends as always. */
async function recover(world, scenario, expected, context) {
  const rows = (await world.everySession()).length;
  assert.ok(rows <= 1, `${rows} sessions`);
  const again = await scenario.act(world);
  assert.equal(again.code, 0, `${context}: ${again.out}${again.err}`);
  await assertSame(world, expected);
}

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
        // What is longer than announced is refused for an hour.
        if (what === 'huge' && operation === 'download_file') continue;
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

/** Lists that are wrong; each leaves out or repeats what it likes, some of them for a while. */
const LIES = {
  'every row twice': (body) => ({ ...body, data: [...body.data, ...body.data] }),
  'backwards': (body) => ({ ...body, data: [...body.data].reverse() }),
  'the first row is missing': (body, query, nth) => (nth > 2 ? null : { ...body, data: body.data.slice(1) }),
  'the last row is missing': (body, query, nth) => (nth > 2 ? null : { ...body, data: body.data.slice(0, -1) }),
  'every other list is empty': (body, query, nth) => (nth % 2 && nth < 6 ? { ...body, data: [], next_page: null } : null),
  'two pages that overlap': (body, query) => {
    const half = Math.ceil(body.data.length / 2);
    return query.get('page') === 'two'
      ? { ...body, data: body.data.slice(half - 1), next_page: null }
      : { ...body, data: body.data.slice(0, half), next_page: 'two' };
  },
  'two pages between which a row is lost': (body, query, nth) => {
    const half = Math.floor(body.data.length / 2);
    if (nth > 4) return null;
    return query.get('page') === 'two'
      ? { ...body, data: body.data.slice(half + 1), next_page: null }
      : { ...body, data: body.data.slice(0, half), next_page: 'two' };
  },
  'a cursor that comes again': (body, query, nth) => (nth > 4 ? null : { ...body, next_page: 'again' }),
  'the same id on another path': (body, query, nth) =>
    nth > 2 || body.data.length === 0 ? null : { ...body, data: [...body.data, { ...body.data[0], mount_path: '/mnt/session/uploads/elsewhere' }] },
};

async function lied({ name, what, mode }, expected) {
  await inWorld(name, mode, async (world, scenario, ending) => {
    const api = await lyingApi(ending, world.double.url, LIES[what]);
    // A page that the double does not know never reaches it: the query is for the proxy alone.
    const first = await scenario.act(world, { ANTHROPIC_BASE_URL: api.url }, ['--timeout', '10s']);
    assert.ok(api.lies > 0, 'no list was wrong');
    assert.ok([0, 1, 4].includes(first.code), `exit ${first.code}: ${first.out}${first.err}`);
    const [now] = (await world.sight()).sessions;
    assert.equal(now.theirs, 1, 'what is not ours');
    await recover(world, scenario, expected, what);
  });
}

/** What a list leaves out is added, which an API that takes one mount a path refuses; see below. */
const isRefused = ({ what, mode }) => mode === 'reject' && /missing|lost|empty/.test(what);

// Wrong lists are looked at again after a while, so these wait together, too.
describe('N4: lists that are not true', { concurrency: true }, () => {
  for (const name of ['add', 'replace', 'delete', 'move', 'lost state']) {
    test(`N4 lists that contradict: ${name}`, async (t) => {
      const { world } = await undisturbed(name);
      const every = Object.keys(LIES).flatMap((what) => ['shadow', 'reject'].map((mode) => ({ name, what, mode })));
      const cases = every.filter((one) => !isRefused(one));
      const taken = some(cases, 3);
      await runAll(taken, (one) => lied(one, world), 2 * LANES);
      t.diagnostic(`${taken.length} of ${cases.length} kinds of lists (seed ${SEED})`);
    });
  }

  test('N4 a row that lists leave out costs nothing where a second mount is refused', async () => {
    for (const what of Object.keys(LIES).filter((lie) => isRefused({ what: lie, mode: 'reject' }))) {
      await inWorld('replace', 'reject', async (world, scenario, ending) => {
        const api = await lyingApi(ending, world.double.url, LIES[what]);
        const before = await world.double.rows(world.id);
        await scenario.act(world, { ANTHROPIC_BASE_URL: api.url }, ['--timeout', '10s']);
        const now = (await world.double.rows(world.id)).map((row) => row.mount_path);
        for (const row of before) assert.ok(now.includes(row.mount_path), `${what}: ${row.mount_path} was lost`);
      });
    }
  });

  test('N4 a row that lists left out is replaced once it is listed', async () => {
    const { world: expected } = await undisturbed('replace');
    for (const what of Object.keys(LIES).filter((lie) => isRefused({ what: lie, mode: 'reject' }))) {
      await lied({ name: 'replace', what, mode: 'reject' }, expected);
    }
  });
});

for (const name of ['add', 'replace', 'delete', 'move', 'lost state']) {
  test(`N4 lists that are a second old: ${name}`, async () => {
    const { world: expected } = await undisturbed(name);
    await inWorld(name, 'shadow', async (world, scenario) => {
      // What was there before is in every list: without a state nothing else could tell of it.
      await world.double.call('POST', '/_double/clock', { advance_ms: 2000 });
      for (let i = 0; i < 3; i++) {
        await world.double.switches({ list_lag_ms: 1000 });
        const { code, out, err } = await scenario.act(world, {}, ['--list-grace', '1500ms', '--timeout', '20s']);
        assert.ok([0, 1].includes(code), out + err);
        await world.double.switches({ list_lag_ms: 0 }); // the test sees things as they are
        const [now] = (await world.sight()).sessions;
        assert.equal(new Set(now.mounts).size, now.mounts.length, `attached twice: ${now.mounts}`);
      }
      await recover(world, scenario, expected, 'stale lists');
    });
  });
}
