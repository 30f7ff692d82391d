// A request that libcurl could not set up as it was meant is not sent at all: without its header it would lack the
// key, without its method a delete would be a read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sample, upTo } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { LANES, assertSame, inWorld, runAll, skip, undisturbed } from './cases.mjs';

const STEP = 8;

/** What reached the API was a request that it knows. */
async function assertMeant(world, hit) {
  const { counts } = await world.double.requests();
  assert.equal(counts.unknown ?? 0, 0, `after ${hit} the API was sent what nobody meant`);
}

async function failing({ name, n, onwards }, expected) {
  await inWorld(name, 'shadow', async (world, scenario) => {
    const flags = ['--timeout', onwards ? '3s' : '60s'];
    const { code, out, err } = await world.project.run('apply', world.flags(flags), world.fault(`ENOMEM:curl:${n}${onwards ? '+' : ''}`));
    const hit = world.calls()[n - 1];
    if (hit === undefined) return; // it came without that call
    assert.ok([0, 1].includes(code), `exit ${code} after ${hit}: ${out}${err}`);
    if (code === 1) assert.match(out + err, /could not be (set up|begun)/, hit);
    await assertMeant(world, hit);
    const again = await scenario.act(world);
    assert.equal(again.code, 0, `after ${hit}: ${again.out}${again.err}`);
    await assertSame(world, expected);
  });
}

for (const name of ['replace', 'create', 'rotate', 'outputs']) {
  test(`a request that could not be set up is an error of that request: ${name}`, { skip }, async (t) => {
    const { calls } = await undisturbed(name, 'curl');
    const { world } = await undisturbed(name);
    assert.ok(calls.length > 50, `${calls.length} calls`);
    const cases = sample(upTo(calls.length), STEP).flatMap((n, i) => [{ name, n, onwards: false }, ...(i % 8 === 0 ? [{ name, n, onwards: true }] : [])]);
    await runAll(cases, (one) => failing(one, world), 2 * LANES);
    t.diagnostic(`${cases.length} failures cost nothing (seed ${SEED})`);
  });
}
