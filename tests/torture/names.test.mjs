// What is no regular file, and names that nobody expects.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { test } from 'node:test';
import { same, sh, sha256, sorted, until } from '../e2e/harness.mjs';
import { byEffort } from '../lib/effort.mjs';
import { World, begin, works } from './world.mjs';

/** Names that sessync gave its uploads hold the digest of their content. */
async function uploadedDigests(w) {
  const digests = [];
  for (let page = ''; ; ) {
    const answer = await w.double.call('GET', `/v1/files?limit=1000${page}`);
    for (const file of answer.data) digests.push(file.filename.split('.')[2]);
    if (!answer.has_more) return digests;
    page = `&after_id=${answer.last_id}`;
  }
}

test('F1: FIFO, socket, device, and symlinks that loop or escape', async (t) => {
  const w = await World.make(t, { 'a.txt': 'a', 'dir/b.txt': 'b' });
  fs.writeFileSync(path.join(w.dir, 'secret'), 'from outside');
  sh(w.workspace, 'mkfifo fifo dir/fifo2 && ln -s loop loop && ln -s pong ping && ln -s ping pong && ln -s . self && ln -s .. up');
  sh(w.workspace, 'ln -s ../secret out && ln -s /etc/hostname abs && ln -s /dev/zero zero && ln -s dir/b.txt inside');
  const server = net.createServer().listen(w.at('socket'));
  t.after(() => server.close());
  const device = works('mknod', w.at('device'), 'c', '1', '5');
  w.launch();
  const good = new Map([['/a.txt', sha256('a')], ['/dir/b.txt', sha256('b')], ['/inside', sha256('b')]]);
  const holds = () =>
    until(() => `the good files are there: ${w.daemon.err.slice(-2000)}`, async () => same(await w.held(), good), 20_000);
  await holds();
  const kinds = { fifo: 'a FIFO', socket: 'a socket', loop: 'itself', ping: 'itself', out: 'out of the workspace', abs: 'out of the workspace' };
  if (device) kinds.device = 'a device';
  for (const [name, kind] of Object.entries(kinds)) await w.logged(new RegExp(`${name} is .*${kind}`));
  // None of them stops what comes after.
  w.put('a.txt', 'changed');
  good.set('/a.txt', sha256('changed'));
  await holds();
  sh(w.workspace, 'rm dir/b.txt && mkfifo dir/b.txt'); // a file becomes a FIFO
  good.delete('/dir/b.txt');
  good.delete('/inside');
  await holds();
  sh(w.workspace, 'rm dir/b.txt fifo && echo file > fifo');
  good.set('/fifo', sha256('file\n'));
  await holds();
  assert.ok(!(await uploadedDigests(w)).includes(sha256('from outside').slice(0, 32)));
  await w.ended();
});

/** Swaps a directory and a link to a directory outside; each burst the files inside are new. */
const SWAPPER = `
  const fs = require('fs');
  const [dir, swaps] = [process.argv[1], Number(process.argv[2])];
  const at = (name) => dir + '/' + name;
  for (let i = 0; i < swaps; i++) {
    fs.renameSync(at('ws/d'), at('real'));
    fs.renameSync(at('link'), at('ws/d'));
    if (i % 4 == 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, i % 3);
    fs.renameSync(at('ws/d'), at('link'));
    fs.renameSync(at('real'), at('ws/d'));
    if (i % 50 == 0) {
      for (let f = 0; f < 10; f++) fs.writeFileSync(at('ws/d/sub/f' + f), 'inside ' + i + ' ' + f);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15);
    }
  }`;

test('F1: a directory that is swapped with a link out of the workspace', async (t) => {
  const w = await World.make(t);
  w.workspace = path.join(w.dir, 'ws');
  const outside = new Set();
  for (let i = 0; i < 10; i++) {
    w.put(`d/sub/f${i}`, `inside ${i}`);
    w.put(`kept${i}`, `kept ${i}`);
    const text = `of somebody else ${i}`;
    fs.mkdirSync(path.join(w.dir, 'outside/sub'), { recursive: true });
    fs.writeFileSync(path.join(w.dir, `outside/sub/f${i}`), text);
    fs.writeFileSync(path.join(w.dir, `outside/only${i}`), text);
    outside.add(sha256(text).slice(0, 32));
  }
  fs.symlinkSync('../outside', path.join(w.dir, 'link'));
  w.launch({ settle: '1ms' });
  await w.ends();
  await w.double.resetRequests();
  const swaps = byEffort({ quick: 1_500, usual: 5_000, full: 100_000 });
  const swapper = begin(t, process.execPath, ['-e', SWAPPER, w.dir, `${swaps}`]);
  const how = await swapper.ended;
  assert.equal(how.code, 0, swapper.err);
  const passes = await w.passes();
  await w.ends();
  t.diagnostic(`${swaps} swaps, ${passes} passes, ${(await w.written()).uploads} uploads`);
  assert.ok(passes > 10, 'the daemon looked while it was swapped');
  const leaked = (await uploadedDigests(w)).filter((digest) => outside.has(digest));
  assert.deepEqual(leaked, []);
  await w.ended();
});

test('F2: odd names', async (t) => {
  const w = await World.make(t, { plain: 'plain' });
  const put = (name, text) => fs.writeFileSync(Buffer.concat([Buffer.from(`${w.workspace}/`), Buffer.from(name)]), text);
  const good = ['name'.repeat(63) + 'end', ' leading', 'trailing ', '.hidden', 'trailing.', 'a b', '-', '--help', '*', '?', '[x]', '%41', '#', '&', '"', "'", '\\', '$HOME', '`', '|', 'caf\u00e9', 'cafe\u0301', '\u{1F600}', 'ä'.repeat(127), '{}', ';', '~x', 'CON', 'a:b', '\u202Ertl'];
  const bad = ['new\nline', 'tab\there', 'bell\x07', 'esc\x1b[31m', 'del\x7f', Buffer.from([0x66, 0xff, 0xfe]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80])];
  for (const name of [...good, ...bad]) put(name, `content of ${Buffer.from(name).toString('hex')}`);
  assert.equal(Buffer.byteLength(good[0]), 255);
  w.launch();
  const map = new Map([['/plain', sha256('plain')]]);
  for (const name of good) map.set(`/${name}`, sha256(`content of ${Buffer.from(name).toString('hex')}`));
  const holds = () =>
    until(() => `the good names are there: ${w.daemon.err.slice(-3000)}`, async () => same(await w.held(), map), 15_000).catch(
      async (error) => assert.deepEqual(sorted(await w.held()), sorted(map), error.message),
    );
  await holds();
  await w.logged(/blocked=invalid_name/);
  assert.equal(w.daemon.err.match(/blocked=invalid_name/g).length, bad.length);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(w.daemon.err, /[\x00-\x09\x0b-\x1f\x7f]/, 'no control character reaches a terminal');
  for (const name of good) {
    put(name, `changed ${name}`);
    map.set(`/${name}`, sha256(`changed ${name}`));
  }
  await holds();
  for (const name of good) fs.rmSync(w.at(name));
  map.clear();
  map.set('/plain', sha256('plain'));
  await holds();
  await w.ended();
});
