// Runs many small cases and says which of them failed.
import assert from 'node:assert/strict';
import * as os from 'node:os';
import { SEED } from '../lib/seed.mjs';
import { SCENARIOS, bring } from './scenarios.mjs';
import { Ending, SHIM, World } from './world.mjs';

/** How many cases run at once. */
export const LANES = os.availableParallelism?.() ?? os.cpus().length;

/** Runs `one` for each of `cases`, a few at a time; fails with all that failed. */
export async function runAll(cases, one, lanes = LANES) {
  const failures = [];
  const waiting = [...cases];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await one(item);
      } catch (error) {
        failures.push(`${JSON.stringify(item)}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const shown = failures.slice(0, 5).join('\n');
  assert.equal(failures.length, 0, `${failures.length} of ${cases.length} cases (seed ${SEED}):\n${shown}`);
}

/** A world where a scenario's change waits to be applied, and what becomes of it. */
export async function inWorld(name, mode, work, place = () => {}) {
  const ending = new Ending();
  try {
    const world = await World.make(ending, mode);
    place(world, ending);
    await bring(world, SCENARIOS[name]);
    return await work(world, SCENARIOS[name], ending);
  } finally {
    await ending.end();
  }
}

/** Asserts that the world is as after an undisturbed act, and stays so: nothing to do, nothing left over. */
export async function assertSame(world, undisturbed) {
  assert.deepEqual(await settled(world), undisturbed);
}

/** Whatever the first attempt came to, it lost nothing that was to stay, and the next one ends as always. */
export async function recover(world, scenario, expected, context) {
  const rows = (await world.everySession()).length;
  assert.ok(rows <= 1, `${rows} sessions`);
  const again = await scenario.act(world);
  assert.equal(again.code, 0, `${context}: ${again.out}${again.err}`);
  await assertSame(world, expected);
}

async function settled(world) {
  const before = await world.sight();
  const plan = await world.plan();
  const { code, errors, err } = await world.collect();
  const after = await world.sight();
  const again = await world.plan();
  assert.deepEqual(err, '');
  // What gc may have to take away is what differs from case to case; what is mounted does not change by it.
  const mounted = (sight) => ({ ...sight, uploads: 0, sessions: sight.sessions.map((one) => ({ ...one, copies: 0 })) });
  assert.deepEqual(mounted(after), mounted(before));
  return { after, plan, gc: { code, errors }, again };
}

/** What an undisturbed act comes to, and the calls that it makes. */
export async function undisturbed(name, kind = 'change', mode = 'shadow') {
  return inWorld(name, mode, async (world, scenario) => {
    const acted = await scenario.act(world, world.fault(`count:${kind}:0`));
    assert.equal(acted.code, 0, acted.out + acted.err);
    return { calls: world.calls(), world: await settled(world) };
  });
}

export const skip = SHIM ? false : 'SESSYNC_FAULT_SHIM is not set: tests/crash/run.sh builds it';
