// A ConfigMap volume gets new generations, step by step as kubelet's atomic writer makes them.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { same, sha256, until } from '../e2e/harness.mjs';
import { byEffort } from '../lib/effort.mjs';
import { World } from './world.mjs';

/** Longer than the settle time: what can be seen between two steps is seen. */
const BETWEEN = 80;

/** The generations of a manifest, and of a workspace. */
const MANIFESTS = byEffort({ quick: 2, usual: 5, full: 5 });
const WORKSPACES = byEffort({ quick: 3, usual: 6, full: 6 });

/** A volume; each publish() is one generation, with a pause after each step. */
class Volume {
  constructor(dir) {
    this.dir = dir;
    this.generation = 0;
    fs.mkdirSync(dir, { recursive: true });
  }

  async publish(files, between = BETWEEN) {
    const at = (name) => path.join(this.dir, name);
    const name = `..2026_01_01_${++this.generation}`;
    const old = fs.existsSync(at('..data')) && fs.readlinkSync(at('..data'));
    const steps = [
      () => fs.mkdirSync(at(name)),
      ...Object.entries(files).map(([file, text]) => () => fs.writeFileSync(path.join(at(name), file), text)),
      () => fs.symlinkSync(name, at('..data_tmp')),
      () => fs.renameSync(at('..data_tmp'), at('..data')),
      ...Object.keys(files).map((file) => () => {
        if (!fs.lstatSync(at(file), { throwIfNoEntry: false })) fs.symlinkSync(`..data/${file}`, at(file));
      }),
      () => {
        for (const file of fs.readdirSync(this.dir)) if (!file.startsWith('..') && !(file in files)) fs.rmSync(at(file));
      },
      () => old && fs.rmSync(at(old), { recursive: true }),
    ];
    for (const step of steps) {
      step();
      await pause(between);
    }
  }
}

const wanted = (files, mount = '') => new Map(Object.entries(files).map(([name, text]) => [`${mount}/${name}`, sha256(text)]));

/** Waits until the session holds `map`; at no time may it hold nothing. */
async function comesTo(w, map) {
  await until(
    () => `the session holds ${[...map.keys()]}: ${w.daemon.err.slice(-2000)}`,
    async () => {
      const held = await w.held();
      assert.ok(held.size > 0 || !w.filled, 'the session was emptied');
      w.filled ||= held.size > 0;
      return same(held, map);
    },
    20_000,
  );
}

for (const as of ['file', 'directory']) {
  test(`W9: the manifest in a ConfigMap, as a ${as}: one reload for each generation`, async (t) => {
    const w = await World.make(t, { 'a.txt': 'a' });
    const volume = new Volume(path.join(w.dir, 'config'));
    const declared = fs.readFileSync(w.manifest, 'utf8');
    const generation = (i) => ({ 'sessync.yaml': declared.replace('mount_path: /', `mount_path: /g${i}`) });
    await volume.publish(generation(1), 0);
    w.manifest = path.join(w.dir, as === 'file' ? 'config/sessync.yaml' : 'config');
    w.launch({ extra: ['--log-level', 'debug'] });
    await comesTo(w, wanted({ 'a.txt': 'a' }, '/g1'));
    for (let i = 2; i <= MANIFESTS; i++) {
      await w.double.resetRequests();
      await volume.publish(generation(i));
      await comesTo(w, wanted({ 'a.txt': 'a' }, `/g${i}`));
      assert.deepEqual(await w.written(), { uploads: 0, adds: 1, deletes: 1 });
      assert.ok((await w.passes()) <= 3, `${await w.passes()} passes for one generation`);
    }
    assert.doesNotMatch(w.daemon.err, /manifest has errors|no such file|No such file/);
    await w.ended();
  });
}

for (const link of ['', '/..data']) {
  test(`W9: the workspace in a ConfigMap volume${link}: only what differs is replaced`, async (t) => {
    const w = await World.make(t);
    const volume = new Volume(w.workspace);
    w.workspace += link;
    let files = { kept: 'the same', one: 'one 1', two: 'two 1' };
    await volume.publish(files, 0);
    w.launch();
    await comesTo(w, wanted(files));
    for (let i = 2; i <= WORKSPACES; i++) {
      await w.double.resetRequests();
      files = { ...files, one: `one ${i}`, two: `two ${i}` };
      await volume.publish(files, i % 2 ? BETWEEN : 0);
      await comesTo(w, wanted(files));
      assert.deepEqual(await w.written(), { uploads: 2, adds: 2, deletes: 2 });
    }
    await w.double.resetRequests();
    await volume.publish(files);
    files = { kept: 'the same', one: 'one 9', three: 'three' };
    await volume.publish(files);
    await comesTo(w, wanted(files));
    assert.deepEqual(await w.written(), { uploads: 2, adds: 2, deletes: 2 }, 'one replaced, three new, two gone');
    await w.ended();
  });
}
