// What an agent writes, and how the API sends it, takes nothing that others need.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, filesBelow, until, write } from '../e2e/harness.mjs';
import { Liar, drip } from './liar.mjs';

const PATIENCE = 300_000; // the machine may have other work

async function scene(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.session = await double.createSession();
  project.outputs = path.join(project.dir, 'outputs');
  project.declareOutputs = (outputs = '{}') => project.declare(`version: 1
owner: e2e
sessions:
  - name: s
    session_id: ${project.session}
    resources: [{type: file, source: ./, mount_path: /}]
    outputs: ${outputs}
`);
  project.declareOutputs();
  write(path.join(project.workspace, 'a.txt'), 'a');
  return { double, project };
}

const fetched = (document) => document.sessions[0].fetched.map(({ name }) => name).sort();
const blocked = (document) => document.sessions[0].blocked.map((one) => `${one.code} ${one.mount_path}`);

test('an output that drips keeps no file of its session waiting, and is given up', async (t) => {
  const { double, project } = await scene(t);
  const liar = await Liar.start(t, double);
  const { id } = await double.agentWrites(project.session, 'drip.md', 'd'.repeat(4000));
  liar.lie({
    about: (request) => request.target.startsWith(`/v1/files/${id}/content`),
    tell: ({ socket }) => void drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n', 'd'),
  });
  project.start(['--request-timeout', '3s'], { ANTHROPIC_BASE_URL: liar.url });
  await until('it drips', () => liar.told > 0, PATIENCE);
  for (const name of ['b.txt', 'c.txt']) {
    write(path.join(project.workspace, name), name);
    await until('the file is there', async () => (await double.held(project.session)).has(`/${name}`), PATIENCE);
  }
  const file = path.join(project.outputs, 's/drip.md');
  assert.ok(!fs.existsSync(file));
  await until('it was given up, and tried again', () => liar.told > 1, PATIENCE);
  liar.honest();
  await until('it arrives', () => fs.existsSync(file), PATIENCE);
  assert.deepEqual(await project.stop(), { code: 0, signal: null });
});

test('a daemon in the middle of a download ends when it is told to, and leaves nothing of it', async (t) => {
  const { double, project } = await scene(t);
  const liar = await Liar.start(t, double);
  const { id } = await double.agentWrites(project.session, 'drip.md', 'd'.repeat(4000));
  liar.lie({
    about: (request) => request.target.startsWith(`/v1/files/${id}/content`),
    tell: ({ socket }) => void drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n', 'd'),
  });
  project.start([], { ANTHROPIC_BASE_URL: liar.url });
  await until('it drips', () => liar.told > 0, PATIENCE);
  assert.deepEqual(await project.stop(), { code: 0, signal: null });
  assert.deepEqual([...filesBelow(project.outputs).keys()].filter((name) => name !== '/.sessync-id'), []);
});

test('max_file, max_total and max_files hold back what is too much, and say how much that is', async (t) => {
  const { double, project } = await scene(t);
  project.declareOutputs('{max_file: 1KB, max_total: 2KB, max_files: 4}');
  for (const [name, size] of [['a', 600], ['b', 700], ['c', 800], ['large', 1001]]) {
    await double.agentWrites(project.session, name, name[0].repeat(size));
  }
  const first = await project.json('pull');
  assert.equal(first.code, 4, first.out + first.err);
  assert.deepEqual(fetched(first.document), ['a', 'b']);
  assert.deepEqual(blocked(first.document), ['output_too_large /large', 'quota /s']);
  assert.match(first.document.sessions[0].blocked[0].reason, /has 1001 bytes, and outputs\.max_file is 1KB/);
  assert.match(first.document.sessions[0].blocked[1].reason, /1 output is not fetched: .*2 files of 1300 bytes.*max_total is 2000 bytes/);
  fs.rmSync(path.join(project.outputs, 's/a'));
  assert.deepEqual(fetched((await project.json('pull')).document), ['c']);
  for (const name of ['d', 'e', 'f']) await double.agentWrites(project.session, name, '');
  const many = await project.json('pull');
  assert.equal(fetched(many.document).length, 2);
  assert.match(many.document.sessions[0].blocked.at(-1).reason, /max_files is 4/);
});

test('an outputs directory that is moved loses nothing, and another one gets everything', async (t) => {
  const { double, project } = await scene(t);
  await double.agentWrites(project.session, 'a.md', 'a');
  const into = (name) => project.json('pull', ['--outputs-dir', path.join(project.dir, name)]);
  assert.deepEqual(fetched((await into('one')).document), ['a.md']);
  fs.renameSync(path.join(project.dir, 'one'), path.join(project.dir, 'moved'));
  await double.agentWrites(project.session, 'b.md', 'b');
  assert.deepEqual(fetched((await into('moved')).document), ['b.md']);
  assert.deepEqual(fetched((await into('other')).document), ['a.md', 'b.md']);
  fs.rmSync(path.join(project.dir, 'other/s/a.md'));
  assert.deepEqual(fetched((await into('other')).document), [], 'what was taken out of it is not missed');
});

/** A file system of 8 MiB; nothing where none can be mounted. */
function smallDisk(t) {
  const dir = fs.mkdtempSync('/tmp/sessync-disk-');
  t.after(() => {
    spawnSync('umount', ['-l', dir]);
    fs.rmdirSync(dir);
  });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'none', dir]);
  return status === 0 ? dir : undefined;
}

test('more outputs of 600 KB than fit on a disk of 8 MiB leave the state of another session its room', async (t) => {
  const { double, project } = await scene(t);
  const disk = smallDisk(t);
  if (!disk) return t.skip('no small file system can be mounted');
  project.state = path.join(disk, 'state');
  const other = await double.createSession();
  project.declare(`version: 1
owner: e2e
sessions:
  - name: s
    session_id: ${project.session}
    resources: []
    outputs: {}
  - name: t
    session_id: ${other}
    resources: [{type: file, source: ./, mount_path: /}]
`);
  for (let i = 0; i < 14; i++) await double.agentWrites(project.session, `o${i}`, String(i % 10).repeat(600_000));
  project.start(['--outputs-dir', path.join(disk, 'outputs')]);
  await until('no more outputs fit', () => /--outputs-min-free/.test(project.daemon.err), PATIENCE);
  for (let i = 0; i < 59; i++) write(path.join(project.workspace, `f${i}`), `${i}`);
  await until('all 60 files are there', async () => (await double.held(other)).size === 60, PATIENCE);
  const ballast = fs.openSync(path.join(disk, 'ballast'), 'w');
  try {
    for (;;) fs.writeSync(ballast, Buffer.alloc(4096));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
  fs.closeSync(ballast);
  for (let i = 0; i < 20; i++) {
    write(path.join(project.workspace, 'a.txt'), `the ${i}th`);
    await project.equal(other, { limit: PATIENCE });
  }
  assert.doesNotMatch(project.daemon.err, /StateUnavailable|state database .*full/);
});
