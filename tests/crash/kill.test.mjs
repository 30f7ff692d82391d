// kill -9 before, and in the middle of, each call that changes something outside of the process; then once more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFull, sample, upTo } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { assertSame, inWorld, runAll, skip, undisturbed } from './cases.mjs';
import { SCENARIOS } from './scenarios.mjs';

/** In a sampled run one of so many calls is hit. */
const STEP = 6;

/** Killed at the n-th call, and brought to its end afterwards. */
async function crash({ name, action, mode, n }, expected) {
  await inWorld(name, mode, async (world, scenario) => {
    const killed = await scenario.act(world, world.fault(`${action}:change:${n}`)).catch((error) => ({ error }));
    const hit = world.calls().at(-1);
    const context = `${action} at ${hit} (${killed.code ?? ''})`;
    try {
      const again = await scenario.act(world);
      assert.equal(again.code, 0, `${again.out}${again.err}`);
      assert.equal(again.err ?? '', name === 'run' ? again.err : '', 'a recovery is nothing to warn of');
      await assertSame(world, expected);
    } catch (error) {
      throw new Error(`${context}: ${error.message}`);
    }
  });
}

for (const name of Object.keys(SCENARIOS)) {
  test(`C1 kill -9 at every call: ${name}`, { skip }, async (t) => {
    const { calls, world } = await undisturbed(name);
    // A few more than were counted: how commits are grouped differs from run to run.
    const points = upTo(calls.length + 2);
    const kills = (mode) => sample(points, STEP).map((n) => ({ name, action: 'kill', mode, n }));
    // Cut in the middle: only what carries bytes differs from a kill before it.
    const carrying = points.filter((n) => / (write|pwrite64|sendto) /.test(calls[n - 1] ?? ''));
    const halves = sample(carrying, 2 * STEP).map((n) => ({ name, action: 'half', mode: 'shadow', n }));
    const cases = [...kills('shadow'), ...halves, ...(isFull ? kills('reject') : [])];
    await runAll(cases, (one) => crash(one, world));
    t.diagnostic(`${cases.length} crashes at ${calls.length} calls left over nothing (seed ${SEED})`);
  });
}
