// A state directory, and an outputs directory, on a small disk that fills up under sessync.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { until } from '../e2e/harness.mjs';
import { assertSame, inWorld, undisturbed } from './cases.mjs';

function tmpfs(dir, size) {
  fs.mkdirSync(dir, { recursive: true });
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'none', dir], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}

function unable() {
  const dir = fs.mkdtempSync('/tmp/sessync-tmpfs-');
  try {
    tmpfs(dir, '64k');
    spawnSync('umount', [dir]);
    return false;
  } catch (error) {
    return `no small file system can be mounted: ${error.message}`;
  } finally {
    fs.rmdirSync(dir);
  }
}
const skip = unable();

/** Writes until nothing more fits; resolves to what makes room again. */
function fill(dir) {
  const ballast = path.join(dir, 'ballast');
  const file = fs.openSync(ballast, 'w');
  for (const size of [65_536, 4096, 256, 1]) {
    try {
      for (;;) if (fs.writeSync(file, Buffer.alloc(size)) < size) break;
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
  }
  fs.closeSync(file);
  return () => fs.rmSync(ballast);
}

const small = (which, size) => (world, ending) => {
  const dir = which(world);
  tmpfs(dir, size);
  ending.after(() => spawnSync('umount', [dir]));
};

for (const name of ['replace', 'create', 'lost state']) {
  test(`C3 the disk of the state is full: ${name}`, { skip }, async () => {
    // What is mounted at the start of a scenario cannot be removed in it.
    const forget = name === 'lost state';
    const acted = forget ? 'replace' : name;
    const { world: expected } = await undisturbed(acted);
    const work = async (world, scenario) => {
      const before = (await world.sight()).sessions[0];
      const room = fill(world.project.state);
      for (let i = 0; i < 3; i++) {
        const { code, out, err } = await world.project.run('apply', world.flags(['--timeout', '2s']));
        assert.ok([1, 64].includes(code), `exit ${code}: ${out}${err}`);
        assert.match(out + err, /full|No space left on device/);
        assert.match(out + err, /make room|waits until this works again/);
      }
      const now = (await world.sight()).sessions[0];
      if (before) assert.deepEqual(now.mounts, before.mounts, 'no delete is sent that was not recorded');
      assert.equal(await world.double.count('delete_resource'), 0);
      assert.ok((await world.double.count('create_session')) <= 1);
      room();
      const again = await scenario.act(world);
      assert.equal(again.code, 0, again.out + again.err);
      await assertSame(world, expected);
    };
    await inWorld(acted, 'shadow', forget ? afterForgetting(work) : work, small((world) => world.project.state, '512k'));
  });
}

/** The state is emptied, not removed: something is mounted there. */
function afterForgetting(work) {
  return async (world, scenario) => {
    for (const name of fs.readdirSync(world.project.state)) fs.rmSync(path.join(world.project.state, name));
    return work(world, scenario);
  };
}

test('C3 the daemon outlives a full disk, and goes on when there is room', { skip }, async () => {
  const { world: expected } = await undisturbed('replace');
  const work = async (world, scenario) => {
    const room = fill(world.project.state);
    const child = world.project.begin('run', world.flags(['--listen', 'off', '--log-format', 'text']));
    await until('it says that the disk is full', () => child.over || /full|No space left/.test(child.err));
    room();
    if (child.over || /^sessync: /m.test(child.err)) {
      // There was no room even to begin: it ends, or is about to.
      assert.equal((await child.ended).code, 64, child.err);
    } else {
      await until('it has caught up', () => /reason=Succeeded/.test(child.err));
      child.kill('SIGTERM');
      assert.deepEqual(await child.ended, { code: 0, signal: null });
    }
    assert.equal((await scenario.act(world)).code, 0);
    await assertSame(world, expected);
  };
  await inWorld('replace', 'shadow', work, small((world) => world.project.state, '512k'));
});

test('C3 the disk of the outputs is full: what fits arrives, the rest once there is room', { skip }, async () => {
  const { world: expected } = await undisturbed('outputs');
  const work = async (world, scenario) => {
    const room = fill(world.outputs);
    const full = await world.project.run('apply', world.flags(['--timeout', '2s']));
    assert.equal(full.code, 1, full.out + full.err);
    assert.match(full.out + full.err, /No space left on device; make room there/);
    const names = fs.readdirSync(path.join(world.outputs, 's'));
    assert.deepEqual(names.filter((name) => name.startsWith('.sessync-')), [], 'no temporary file is left');
    room();
    assert.equal((await scenario.act(world)).code, 0);
    await assertSame(world, expected);
  };
  await inWorld('outputs', 'shadow', work, small((world) => world.outputs, '512k'));
});
