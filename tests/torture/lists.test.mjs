// An API whose lists are wrong, or old, in every way: nothing is lost for it, and nothing is there twice.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LANES, inWorld, recover, runAll, undisturbed } from '../crash/cases.mjs';
import { some } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { lyingApi } from './network_proxy.mjs';

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

// Wrong lists are looked at again after a while, so these wait together.
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
