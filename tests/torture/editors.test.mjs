// The ways in which programs save a file: each save is one upload and one replace.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { sh } from '../e2e/harness.mjs';
import { byEffort } from '../lib/effort.mjs';
import { World, works } from './world.mjs';

const O_TMPFILE = 0o20000000 | fs.constants.O_DIRECTORY;
const RENAME_EXCHANGE = 2;
const RENAMEAT2 = { x64: 316, arm64: 276 }[process.arch];

function exchange(a, b) {
  const call = `exit(syscall(${RENAMEAT2}, -100, $ARGV[0], -100, $ARGV[1], ${RENAME_EXCHANGE}) == 0 ? 0 : 1)`;
  return spawnSync('perl', ['-e', call, a, b]).status === 0;
}

/** A file without a name gets its content, then a name (with `force` one that another file has). */
function linkUnnamed(w, name, text, force = []) {
  const fd = fs.openSync(w.workspace, O_TMPFILE | fs.constants.O_RDWR, 0o644);
  fs.writeSync(fd, text);
  const linked = spawnSync('ln', ['-L', ...force, `/proc/${process.pid}/fd/${fd}`, w.at(name)]);
  fs.closeSync(fd);
  assert.equal(linked.status, 0, `${linked.stderr}`);
}

const ex = (options, name) => `ex -s -c 'set ${options}' -c '$s/$/ and more/' -c wq ${name}`;

/** Each saves `text` (or something else that is new) under `name`. */
const SAVES = {
  'vim, renaming away': (w, name) => sh(w.workspace, ex('backupcopy=no writebackup', name)),
  'vim, keeping a backup': (w, name) => sh(w.workspace, `${ex('backupcopy=no backup', name)}; rm -f ${name}~`),
  'vim, copying': (w, name) => sh(w.workspace, ex('backupcopy=yes writebackup', name)),
  'a temporary file renamed onto it': (w, name, text) => {
    fs.writeFileSync(w.at(`.${name}.swp`), text);
    fs.renameSync(w.at(`.${name}.swp`), w.at(name));
  },
  'a temporary file from elsewhere': (w, name, text) => {
    fs.writeFileSync(`${w.dir}/elsewhere`, text);
    fs.renameSync(`${w.dir}/elsewhere`, w.at(name));
  },
  RENAME_EXCHANGE: (w, name, text) => {
    fs.writeFileSync(w.at(`${name}~`), text);
    assert.ok(exchange(w.at(`${name}~`), w.at(name)));
    fs.rmSync(w.at(`${name}~`));
  },
  'O_TMPFILE and linkat': (w, name, text) => {
    linkUnnamed(w, `${name}~`, text);
    fs.renameSync(w.at(`${name}~`), w.at(name));
  },
  'O_TMPFILE and ln -f': (w, name, text) => linkUnnamed(w, name, text, ['-f']),
  'truncate and write': (w, name, text) => fs.writeFileSync(w.at(name), text),
  'truncate, a pause, and write, in one open': async (w, name, text) => {
    const fd = fs.openSync(w.at(name), 'w');
    await pause(150);
    fs.writeSync(fd, text.slice(0, 4));
    await pause(150);
    fs.writeSync(fd, text.slice(4));
    fs.closeSync(fd);
  },
  'backup by rename': (w, name, text) => {
    fs.renameSync(w.at(name), w.at(`${name}~`));
    fs.writeFileSync(w.at(name), text);
    fs.rmSync(w.at(`${name}~`));
  },
  'sed -i': (w, name) => sh(w.workspace, `sed -i 's/$/ sed/' ${name}`),
};

for (const [how, save] of Object.entries(SAVES)) {
  test(`W10: ${how}`, async (t) => {
    if (how.startsWith('vim') && !works('which', 'ex')) return t.skip('needs vim');
    if (how === 'RENAME_EXCHANGE' && !(RENAMEAT2 && works('which', 'perl'))) return t.skip('needs perl');
    const w = await World.make(t, { 'text.md': 'the first\n', 'beside.md': 'b' });
    w.launch({ settle: '50ms' });
    await w.ends();
    for (let i = 0; i < byEffort({ quick: 2, usual: 3, full: 3 }); i++) {
      const id = (await w.double.rows(w.session)).find((row) => row.mount_path.endsWith('/beside.md')).id;
      await w.double.resetRequests();
      await save(w, 'text.md', `saved ${i}\n`);
      await w.ends();
      assert.deepEqual(await w.written(), { uploads: 1, adds: 1, deletes: 1 });
      await w.mark();
      // The mark is an upload and an add, and after the first round a replace.
      assert.deepEqual(await w.written(), { uploads: 2, adds: 2, deletes: 1 + Math.min(i, 1) });
      const now = (await w.double.rows(w.session)).find((row) => row.mount_path.endsWith('/beside.md')).id;
      assert.equal(now, id, 'what lies beside it was left alone');
    }
    assert.match(w.daemon.err, /replace done .*mount_path=\/text\.md/);
    assert.doesNotMatch(w.daemon.err, /delete done/);
    await w.ended();
  });
}
