// The workspace itself goes away, comes back, or is covered: nothing is deleted for it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { filesBelow, same, sorted } from '../e2e/harness.mjs';
import { World, mountNamespace } from './world.mjs';

const FILES = { 'a.txt': 'a', 'dir/b.txt': 'b', 'dir/sub/c.txt': 'c' };

/** What the session holds is `map`, and no row was deleted since the last reset. */
async function untouched(w, map) {
  assert.deepEqual(sorted(await w.held()), sorted(map));
  assert.equal((await w.written()).deletes, 0, w.daemon.err.slice(-2000));
}

test('W5: root moved and re-created, with files in both', async (t) => {
  const w = await World.make(t, FILES);
  w.launch();
  await w.ends();
  for (let round = 0; round < 5; round++) {
    const before = await w.held();
    const old = path.join(w.dir, `old${round}`);
    await w.double.resetRequests();
    let from = w.daemon.err.length;
    fs.renameSync(w.workspace, old);
    fs.writeFileSync(path.join(old, 'a.txt'), `written to what is not the workspace any more, ${round}`);
    await w.logged(/SourceUnavailable/, from);
    await untouched(w, before);

    from = w.daemon.err.length;
    fs.mkdirSync(w.workspace); // empty: no wish to delete everything
    await w.logged(/matches no file/, from);
    await untouched(w, before);

    w.put('a.txt', `new a ${round}`);
    w.put('dir/n.txt', `new n ${round}`);
    await w.ends();
    fs.writeFileSync(path.join(old, 'a.txt'), 'again written there');
    w.put('dir/n.txt', `changed n ${round}`);
    await w.ends();
  }
  await w.ended();
});

test('W5: root moved away and back', async (t) => {
  const w = await World.make(t, FILES);
  w.launch();
  await w.ends();
  const before = await w.held();
  await w.double.resetRequests();
  for (let round = 0; round < 20; round++) {
    fs.renameSync(w.workspace, path.join(w.dir, 'away'));
    if (round % 2 === 0) await w.logged(/SourceUnavailable/);
    fs.renameSync(path.join(w.dir, 'away'), w.workspace);
  }
  await untouched(w, before);
  assert.deepEqual(await w.written(), { uploads: 0, adds: 0, deletes: 0 });
  await w.mark();
  await w.ended();
});

/** A daemon in a mount namespace of its own, and a shell in it. */
async function mounted(t) {
  const namespace = mountNamespace();
  if (!namespace) return t.skip('needs a mount namespace (unshare -m)');
  const w = await World.make(t, FILES);
  w.launch({ prefix: ['unshare', ...namespace.own, '-m'] });
  await w.ends();
  w.seen = path.join(`/proc/${w.daemon.pid}/root`, w.workspace);
  w.inside = (command) => {
    const enter = ['-t', `${w.daemon.pid}`, ...namespace.enter, '-m', 'sh', '-ec', `cd ${w.dir}; ${command}`];
    const result = spawnSync('nsenter', enter, { encoding: 'utf8' });
    assert.equal(result.status, 0, `${command}: ${result.stderr}`);
  };
  w.before = await w.held();
  await w.double.resetRequests();
  return w;
}

test('W6: an empty filesystem mounted over the root, and unmounted', async (t) => {
  const w = await mounted(t);
  if (!w) return;
  for (const unmount of ['umount workspace', 'umount -l workspace']) {
    let from = w.daemon.err.length;
    w.inside('mount -t tmpfs none workspace');
    await w.logged(/matches no file/, from);
    await untouched(w, w.before);
    from = w.daemon.err.length;
    w.inside(unmount);
    await w.logged(/reason=Succeeded/, from);
    await untouched(w, w.before);
    w.put('a.txt', `changed below ${unmount}`);
    await w.ends(w.seen);
    w.before = await w.held();
    await w.double.resetRequests();
  }
  await w.ended();
});

test('W6: a filesystem with other files mounted over the root is mirrored, and seen to change', async (t) => {
  const w = await mounted(t);
  if (!w) return;
  w.inside('mkdir other && echo new > other/n.txt && echo changed > other/a.txt && mount --bind other workspace');
  await w.ends(w.seen);
  fs.writeFileSync(path.join(w.dir, 'other/n.txt'), 'changed through the directory it is bound from');
  await w.ends(w.seen);
  w.inside('umount -l workspace');
  await w.ends(w.seen);
  assert.ok(same(filesBelow(w.seen), filesBelow(w.workspace)));
  w.put('dir/b.txt', 'changed where it was all the time');
  await w.ends(w.seen);
  await w.ended();
});

test('W6: a filesystem mounted under the root comes, changes and goes', async (t) => {
  const w = await mounted(t);
  if (!w) return;
  w.inside('mkdir -p other/sub && echo 1 > other/x.txt && echo 2 > other/sub/y.txt && mkdir workspace/data');
  w.inside('mount --bind other workspace/data');
  await w.ends(w.seen);
  assert.ok((await w.held()).has('/data/sub/y.txt'));
  fs.writeFileSync(path.join(w.dir, 'other/sub/y.txt'), 'changed');
  await w.ends(w.seen);
  w.inside('umount workspace/data');
  await w.ends(w.seen);
  await w.ended();
});

test('W6: the workspace is a mount of its own that is taken away and comes back', async (t) => {
  const w = await mounted(t);
  if (!w) return;
  w.inside('mkdir disk && mount -t tmpfs none disk && cp -a workspace/. disk/ && mount --bind disk workspace');
  w.inside('echo more > disk/m.txt');
  await w.ends(w.seen);
  const held = await w.held();
  // Below it lies nothing, as below a mount point.
  for (const name of fs.readdirSync(w.workspace)) fs.rmSync(w.at(name), { recursive: true });
  await w.double.resetRequests();
  for (const unmount of ['umount workspace', 'umount -l workspace']) {
    let from = w.daemon.err.length;
    w.inside(unmount);
    await w.logged(/matches no file/, from);
    await untouched(w, held);
    from = w.daemon.err.length;
    w.inside('mount --bind disk workspace');
    await w.logged(/reason=Succeeded/, from);
    await untouched(w, held);
  }
  w.inside('echo changed > disk/m.txt');
  await w.ends(w.seen);
  await w.ended();
});

test('W12: a state directory inside the workspace is refused at the start', async (t) => {
  const w = await World.make(t, FILES);
  fs.symlinkSync('workspace', path.join(w.dir, 'link'));
  for (const place of ['workspace/state', 'workspace', 'link/deep/state', 'workspace/dir/../state']) {
    w.state = path.join(w.dir, place);
    w.launch();
    const { code } = await w.daemon.ended;
    assert.equal(code, 64, place);
    assert.match(w.daemon.err, /state/);
    assert.deepEqual(fs.readdirSync(w.workspace).sort(), ['a.txt', 'dir'], 'nothing was written there');
  }
  assert.equal(await w.double.writes(), 0);
  w.state = `${w.workspace}-state`;
  w.launch();
  await w.ends();
  await w.ended();
});
