// A state directory, and an outputs directory, on a small disk that fills up under sessync.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { sha256, until } from '../e2e/harness.mjs';
import { assertSame, inWorld, undisturbed } from './cases.mjs';
import { assertGoesOn, assertSaid, serving } from './serving.mjs';

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

const API_WRITES = ['add_resource', 'delete_resource', 'create_session', 'update_session', 'rotate_token', 'delete_file'];

const small = (which, size) => (world, ending) => {
  const dir = which(world);
  tmpfs(dir, size);
  ending.after(() => spawnSync('umount', ['-l', dir]));
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

test('C3 a daemon whose disk is full at its start says so, writes nothing, and goes on when there is room', { skip }, async () => {
  const { world: expected } = await undisturbed('replace');
  const work = async (world, scenario) => {
    await world.double.resetRequests();
    const room = fill(world.project.state);
    const seen = await serving(world);
    await assertSaid(world, seen, false);
    assert.equal(await world.double.count(...API_WRITES), 0);
    const second = await world.project.run('apply', world.flags(['--timeout', '2s']));
    assert.equal(second.code, 64, 'it holds the lock all the same');
    room();
    await assertGoesOn(world, seen);
    assert.equal((await scenario.act(world)).code, 0);
    await assertSame(world, expected);
  };
  await inWorld('replace', 'shadow', work, small((world) => world.project.state, '512k'));
});

test('C3 a daemon that began on a full disk is found by the commands once there is room', { skip }, async () => {
  const work = async (world) => {
    const room = fill(world.project.state);
    const seen = await serving(world);
    assert.equal(fs.statSync(path.join(world.project.state, 'lock')).size, 0, 'there was room for it');
    room();
    await assertGoesOn(world, seen);
  };
  await inWorld('replace', 'shadow', afterForgetting(work), small((world) => world.project.state, '512k'));
});

test('C3 a suspension is known on a full disk, and one that cannot be read is assumed', { skip }, async () => {
  for (const damage of [false, true]) {
    const work = async (world) => {
      const first = await serving(world);
      await until('it has caught up', () => /reason=Succeeded/.test(first.daemon.err));
      assert.equal((await world.project.run('suspend', ['s'])).code, 0);
      // What is left to be copied into the database would make room when that was done.
      await world.project.stop();
      world.file('a', 'the third a');
      const database = path.join(world.project.state, 'state.db');
      if (damage) for (const name of [database, `${database}-wal`]) if (fs.existsSync(name)) fs.writeFileSync(name, 'x'.repeat(fs.statSync(name).size));
      const room = fill(world.project.state);
      await world.double.resetRequests();
      const seen = await serving(world);
      await assertSaid(world, seen, false);
      const [session] = JSON.parse((await seen.get('/api/v1/status')).text).sessions;
      assert.equal(Boolean(session.suspended), !damage);
      assert.equal(await world.double.count('upload', ...API_WRITES), 0);
      room();
      if (damage) {
        // It was moved aside: nothing is known of a suspension any more.
        await until(() => `it goes on: ${seen.daemon.err}`, async () => (await world.double.count('add_resource')) > 0);
      } else {
        await until('the state is written again', async () => !(await seen.stalled()));
        assert.equal((await world.project.run('reconcile', ['s'])).code, 0);
        await until('it is still suspended', async () => JSON.parse((await seen.get('/api/v1/status')).text).sessions[0].conditions[0].reason === 'Suspended');
        assert.equal(await world.double.count(...API_WRITES), 0);
      }
      await world.project.stop();
    };
    await inWorld('replace', 'shadow', work, small((world) => world.project.state, '512k'));
  }
});

test('C3 a daemon goes on where not even a state directory can be made', { skip }, async () => {
  const place = (world, ending) => {
    world.disk = path.join(world.dir, 'disk');
    tmpfs(world.disk, '512k,nr_inodes=20');
    ending.after(() => spawnSync('umount', ['-l', world.disk]));
  };
  const work = async (world) => {
    world.project.state = path.join(world.disk, 'made', 'late');
    const taken = [];
    try {
      for (;;) {
        taken.push(path.join(world.disk, `${taken.length}`));
        fs.writeFileSync(taken.at(-1), '');
      }
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
    await world.double.resetRequests();
    const seen = await serving(world);
    await assertSaid(world, seen, false);
    assert.equal(await world.double.count(...API_WRITES), 0);
    for (const name of taken.slice(0, -1)) fs.rmSync(name);
    await assertGoesOn(world, seen);
    assert.equal((await world.double.held(world.id)).get('/tree/a'), sha256('the second a'));
  };
  await inWorld('replace', 'shadow', work, place);
});

test('C3 a disk that fills up under a daemon is said everywhere, and no longer once there is room', { skip }, async () => {
  const { world: expected } = await undisturbed('replace');
  const work = async (world, scenario) => {
    const seen = await serving(world);
    await until('it has caught up', () => /reason=Succeeded/.test(seen.daemon.err));
    const room = fill(world.project.state);
    const arrives = async (text) => (await world.double.held(world.id)).get('/tree/a') === sha256(text);
    // How much of the database's log can be written over decides when there is no room any more.
    for (let i = 0; !(await seen.stalled()); i++) {
      assert.ok(i < 500, 'the state is written although there is no room');
      world.file('a', `the ${i}th a`);
      await until('it arrives, or has no room', async () => (await arrives(`the ${i}th a`)) || (await seen.stalled()));
    }
    await assertSaid(world, seen, true);
    world.file('a', 'the second a');
    room();
    await until('the state is written again', async () => !(await seen.stalled()));
    await until('it has caught up', () => arrives('the second a'));
    await world.project.stop();
    assert.equal((await scenario.act(world)).code, 0);
    await assertSame(world, expected);
  };
  await inWorld('replace', 'shadow', work, small((world) => world.project.state, '512k'));
});

test('C3 apply into a full disk ends at once, however long it may take', { skip }, async () => {
  for (const name of ['replace', 'create']) {
    const work = async (world) => {
      const room = fill(world.project.state);
      const child = world.project.begin('apply', world.flags(['--timeout', '1h']));
      await until('it ends', () => child.over);
      const { code } = await child.ended;
      assert.equal(code, 1, child.out + child.err);
      assert.match(child.out + child.err, /full|No space left on device/);
      room();
    };
    await inWorld(name, 'shadow', work, small((world) => world.project.state, '512k'));
  }
});

test('C3 the disk of the outputs is full: what fits arrives, the rest once there is room', { skip }, async () => {
  const { world: expected } = await undisturbed('outputs');
  const work = async (world, scenario) => {
    const room = fill(world.outputs);
    const full = await world.project.run('apply', world.flags(['--timeout', '2s']));
    assert.equal(full.code, 1, full.out + full.err);
    assert.match(full.out + full.err, /less than 5% of the file system would stay free.*make room there/);
    const names = fs.readdirSync(path.join(world.outputs, 's'));
    assert.deepEqual(names.filter((name) => name.startsWith('.sessync-')), [], 'no temporary file is left');
    room();
    assert.equal((await scenario.act(world)).code, 0);
    await assertSame(world, expected);
  };
  await inWorld('outputs', 'shadow', work, small((world) => world.outputs, '512k'));
});
