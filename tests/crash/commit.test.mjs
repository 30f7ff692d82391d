// A commit that fails under a daemon which nobody waits for, or somebody does: it is said everywhere, nothing is deleted
// that is not recorded, and all is as before once commits succeed.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { sha256, until } from '../e2e/harness.mjs';
import { assertSame, inWorld, skip, undisturbed } from './cases.mjs';
import { assertGoesOn, assertSaid, serving } from './serving.mjs';

const WHY = /I\/O error|Input\/output error/;

for (const kind of ['write', 'fsync']) {
  test(`a commit that fails in its ${kind} is said by readyz, status and metrics, and no longer once one succeeds`, { skip }, async () => {
    const { world: expected } = await undisturbed('replace');
    await inWorld('replace', 'shadow', async (world, scenario) => {
      const failing = path.join(world.dir, 'failing');
      const seen = await serving(world, { ...world.fault(`EIO:${kind}:1+`), CRASH_WHILE: failing });
      await until('it has caught up', () => /reason=Succeeded/.test(seen.daemon.err));
      assert.deepEqual(world.calls(), []);
      fs.writeFileSync(failing, '');
      await world.double.resetRequests();
      world.file('a', 'the third a');
      fs.rmSync(path.join(world.project.workspace, 'd'));
      await assertSaid(world, seen, true, WHY);
      assert.ok(world.calls().length > 0);
      assert.equal(await world.double.count('delete_resource'), 0, 'no delete is sent that was not recorded');
      assert.ok((await world.double.held(world.id)).has('/tree/d'));
      world.file('a', 'the second a');
      world.file('d', 'the first d');
      fs.rmSync(failing);
      await until('the state is written again', async () => !(await seen.stalled()));
      await until('it has caught up', async () => (await world.double.held(world.id)).get('/tree/a') === sha256('the second a'));
      await assertGoesOn(world, seen);
      assert.equal((await scenario.act(world)).code, 0);
      await assertSame(world, expected);
    });
  });
}
