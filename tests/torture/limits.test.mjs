// The kernel gives no watches: the daemon says what to do about it, keeps those it has, and looks at the rest itself.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { describe, test } from 'node:test';
import { byEffort } from '../lib/effort.mjs';
import { World, works } from './world.mjs';

const canLimit = works('unshare', '-U', '-r', 'sysctl', '-q', '-w', 'user.max_inotify_watches=10');
const skipLimit = !canLimit && 'needs user namespaces (unshare -U) and sysctl';
const skipStrace = !works('strace', '-e', 'inject=sync:error=EIO', 'true') && 'needs strace';

const limited = (key, value) => ['unshare', '-U', '-r', 'sh', '-ec', `sysctl -qw user.${key}=${value}; exec "$@"`, '-'];

async function tree(t) {
  const w = await World.make(t, { anchor: 'a' });
  for (let i = 0; i < 20; i++) w.put(`d${i}/f`, `content ${i}`);
  return w;
}

const injecting = (error, when) => {
  const inject = `inject=inotify_add_watch:error=${error}:when=${when}`;
  return ['strace', '-D', '-f', '-o', '/dev/null', '-e', 'trace=inotify_add_watch', '-e', inject];
};

/** The limit that the log says to set. */
function advised(w, sysctl) {
  const [, number] = w.daemon.err.match(new RegExp(`sysctl ${sysctl.replaceAll('.', '\\.')} to (?:more than|at least) (\\d+)`)) ?? [];
  assert.ok(number, `no advice in ${w.daemon.err.slice(-2000)}`);
  return Number(number);
}

/** Changes everywhere arrive, whether there is a watch or not. */
async function converges(w) {
  for (let i = 0; i < 20; i++) w.put(`d${i}/f`, `changed ${i}`);
  fs.rmSync(w.at('d3'), { recursive: true });
  w.put('new/deep/file', 'n');
  await w.ends();
}

// Each waits for the daemon's own look at everything, so they wait together.
describe('W7: no watches left', { concurrency: true }, () => {
  test('W7: too few watches from the start', { skip: skipLimit }, async (t) => {
    const w = await tree(t);
    w.launch({ prefix: limited('max_inotify_watches', 12) });
    await w.ends();
    await w.logged(/cannot be watched/);
    const system = Number(fs.readFileSync('/proc/sys/fs/inotify/max_user_watches', 'utf8'));
    const needed = Number(w.daemon.err.match(/of (\d+) directories/)[1]);
    assert.ok(needed >= 21, `${needed} directories`);
    assert.ok(advised(w, 'fs.inotify.max_user_watches') >= Math.min(needed, system));
    await converges(w);
    await w.ended();
  });

  test('W7: the watches run out while the daemon runs', { skip: skipLimit }, async (t) => {
    const w = await World.make(t, { anchor: 'a' });
    w.launch({ prefix: limited('max_inotify_watches', 12) });
    await w.ends();
    assert.doesNotMatch(w.daemon.err, /cannot be watched/);
    for (let i = 0; i < 20; i++) w.put(`d${i}/f`, `content ${i}`);
    await w.logged(/cannot be watched/);
    advised(w, 'fs.inotify.max_user_watches');
    await w.ends();
    await converges(w);
    assert.ok(w.daemon.err.match(/cannot be watched/g).length <= 4, 'said once, not each time');
    await w.ended();
  });

  test('W7: no inotify instance at all', { skip: skipLimit }, async (t) => {
    const w = await tree(t);
    w.launch({ prefix: limited('max_inotify_instances', 0) });
    await w.ends();
    await w.logged(/cannot be watched/);
    const system = Number(fs.readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
    assert.ok(advised(w, 'fs.inotify.max_user_instances') >= system);
    await converges(w);
    await w.ended();
  });

  for (const [error, when] of [['ENOSPC', '1+'], ['ENOSPC', '10+'], ['ENOMEM', '12+']]) {
    test(`W7: inotify_add_watch fails with ${error} for good, from call ${when}`, { skip: skipStrace }, async (t) => {
      const w = await tree(t);
      w.launch({ prefix: injecting(error, when) });
      await w.ends();
      await w.logged(/cannot be watched/);
      await converges(w);
      await w.ended();
    });
  }

  test('W7: inotify_add_watch fails once, at each call', { skip: skipStrace }, async (t) => {
    const worlds = [];
    for (let call = 1; call <= 24; call += byEffort({ quick: 8, usual: 3, full: 1 })) {
      const w = await tree(t);
      w.launch({ prefix: injecting('ENOSPC', `${call}`) });
      worlds.push(w);
    }
    for (const w of worlds) await w.ends();
    await Promise.all(worlds.map((w) => converges(w)));
    for (const w of worlds) await w.ended();
  });
});
