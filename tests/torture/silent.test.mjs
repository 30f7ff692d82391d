// Filesystems that say nothing: what changes behind them is found by looking.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { until, write } from '../e2e/harness.mjs';
import { World, begin, mountNamespace, works } from './world.mjs';

const FILES = { 'a.txt': 'a', 'dir/b.txt': 'b' };

/** Longer than any wait here, so that it is not what finds a change. */
const NEVER = ['--rescan', '1h'];

/** Mounts `behind` on the workspace; what it returns unmounts it again. */
async function bind(t, w, behind) {
  // Attributes are cached for a second otherwise.
  const fuse = begin(t, 'bindfs', ['-f', '-o', 'attr_timeout=0,entry_timeout=0', behind, w.workspace]);
  await until('bindfs is mounted', () => {
    assert.ok(!fuse.over, fuse.err);
    return fs.existsSync(w.at('a.txt'));
  });
  return async () => {
    if (!works('umount', '-l', w.workspace)) works('fusermount3', '-u', '-z', w.workspace);
    await fuse.ended;
  };
}

test('W8: FUSE, written behind its back', async (t) => {
  if (!works('test', '-w', '/dev/fuse') || !works('which', 'bindfs')) return t.skip('needs /dev/fuse and bindfs');
  const w = await World.make(t, FILES);
  const behind = path.join(w.dir, 'behind');
  fs.renameSync(w.workspace, behind);
  fs.mkdirSync(w.workspace);
  const unmount = await bind(t, w, behind);
  try {
    w.launch({ extra: NEVER });
    await w.logged(/may raise no event/);
    await w.ends();
    await w.double.resetRequests();
    write(path.join(behind, 'dir/b.txt'), 'changed behind');
    write(path.join(behind, 'new/deep/c.txt'), 'created behind');
    fs.rmSync(path.join(behind, 'a.txt'));
    await w.ends();
    assert.ok((await w.passes()) <= 3, 'looking alone asks the API nothing');
    write(path.join(behind, 'new/deep/c.txt'), 'changed once more');
    w.put('through.txt', 'an event, for it is written through the mount');
    await w.ends();
    await w.ended();
  } finally {
    w.daemon?.kill('SIGKILL');
    await unmount();
  }
});

test('W8: an overlay, written in its lower layer', async (t) => {
  const namespace = mountNamespace();
  if (!namespace || namespace.own.length > 0) return t.skip('needs a mount namespace and CAP_SYS_ADMIN');
  const w = await World.make(t, FILES);
  const lower = path.join(w.dir, 'lower');
  fs.renameSync(w.workspace, lower);
  fs.mkdirSync(w.workspace);
  const mount = `mount -t tmpfs none ${w.dir}/up && mkdir ${w.dir}/up/u ${w.dir}/up/w &&
    mount -t overlay overlay -o lowerdir=${lower},upperdir=${w.dir}/up/u,workdir=${w.dir}/up/w ${w.workspace}`;
  fs.mkdirSync(path.join(w.dir, 'up'));
  w.launch({ prefix: ['unshare', '-m', 'sh', '-ec', `${mount}; exec "$@"`, '-'], extra: ['--rescan', '2s'] });
  await w.logged(/may raise no event/);
  const seen = path.join(`/proc/${w.daemon.pid}/root`, w.workspace);
  await w.ends(seen);
  // In place: an overlay keeps what it knows of a name.
  fs.writeFileSync(path.join(lower, 'dir/b.txt'), 'changed in the lower layer');
  await w.ends(seen);
  assert.ok((await w.held()).size === 2);
  write(path.join(seen, 'dir/b.txt'), 'changed in the upper layer');
  await w.ends(seen);
  await w.ended();
});

test('W8: a hard link written from outside the tree', async (t) => {
  const w = await World.make(t, FILES);
  fs.linkSync(w.at('a.txt'), path.join(w.dir, 'outside'));
  w.launch({ extra: ['--rescan', '1s'] });
  await w.ends();
  for (let i = 0; i < 3; i++) {
    fs.appendFileSync(path.join(w.dir, 'outside'), `written outside ${i}`);
    await w.ends();
  }
  await w.ended();
});
