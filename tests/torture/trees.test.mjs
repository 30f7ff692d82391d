// Trees that appear, vanish and change at full speed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { sh } from '../e2e/harness.mjs';
import { byEffort } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { World } from './world.mjs';

/** Pseudo-random numbers that a seed repeats. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

/** A tree of up to six levels with one file that is mirrored, somewhere in it; returns its name. */
function tree(next, name) {
  let at = name;
  const depth = next(6);
  for (let i = 0; i < depth; i++) at += `/${'abc'[next(3)]}${next(2)}`;
  return `${at}/file`;
}

const WAYS = [
  (w, names) => sh(w.dir, `rm -rf made && mkdir made && cd made && ${writes(names)} && cp -a . ${w.workspace}/`),
  (w, names) => sh(w.workspace, writes(names)),
  (w, names) => {
    for (const name of names) w.put(name, `${name} made`);
  },
  (w, names) => {
    sh(w.dir, `rm -rf made && mkdir made && cd made && ${writes(names)}`);
    for (const top of fs.readdirSync(path.join(w.dir, 'made'))) fs.renameSync(path.join(w.dir, 'made', top), w.at(top));
  },
];
const writes = (names) => names.map((name) => `mkdir -p ${path.dirname(name)} && echo ${name} made > ${name}`).join(' && ');

test('W3: random trees that are created at full speed, none is missed', async (t) => {
  const w = await World.make(t, { anchor: 'so that the source is never empty' });
  w.launch();
  await w.ends();
  const next = random(SEED);
  const all = byEffort({ quick: 150, usual: 600, full: 10_000 });
  const batch = 50;
  t.diagnostic(`seed ${SEED}`);
  for (let done = 0; done < all; done += batch) {
    const names = Array.from({ length: batch }, (_, i) => tree(next, `t${done}-${i}`));
    const order = next(2);
    WAYS[next(WAYS.length)](w, names);
    if (order === 0) await w.ends();
    // Every last directory is watched: a change in it is seen.
    for (const name of names) w.put(name, `${name} changed`);
    await w.ends();
    assert.equal((await w.held()).size, batch + 1);
    for (const name of names) fs.rmSync(w.at(name.split('/')[0]), { recursive: true });
  }
  await w.ends();
  await w.ended();
});

test('W4: a directory that is deleted and created again, many times', async (t) => {
  const w = await World.make(t, { anchor: 'a', 'dir/sub/file': 'first' });
  w.launch();
  await w.ends();
  const rounds = byEffort({ quick: 15, usual: 100, full: 1000 });
  for (let i = 0; i < rounds; i++) {
    fs.rmSync(w.at('dir'), { recursive: true });
    if (i % 3 === 0) await w.ends();
    fs.mkdirSync(w.at('dir/sub'), { recursive: true });
    if (i % 3 === 1) await w.mark();
    w.put('dir/sub/file', `round ${i}`);
    await w.ends();
  }
  await w.ended();
});

test('W11: what vanishes before it is looked at', async (t) => {
  const w = await World.make(t, { anchor: 'a', 'dir/kept': 'k' });
  w.launch();
  await w.ends();
  await w.double.resetRequests();
  for (let i = 0; i < 300; i++) {
    w.put(`dir/f${i}`, `content ${i}`);
    w.put(`new${i}/deep/file`, `content ${i}`);
    fs.rmSync(w.at(`dir/f${i}`));
    fs.rmSync(w.at(`new${i}`), { recursive: true });
  }
  await w.ends();
  assert.equal(spawnSync('ls', ['-A', w.workspace], { encoding: 'utf8' }).stdout, 'anchor\ndir\n');
  const warnings = w.daemon.err.split('\n').filter((line) => /warning|error/.test(line));
  // It vanished when it was looked at, or when it was about to be sent: then a delete waits for the next pass.
  assert.deepEqual(warnings.filter((line) => !/\(No such file or directory\)|held back until every add/.test(line)), []);
  const held = await w.held();
  assert.ok(held.has('/anchor') && held.has('/dir/kept'));
  w.put('dir/f1', 'comes to stay');
  await w.ends();
  await w.ended();
});
