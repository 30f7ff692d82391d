// What agents write comes back: whole, once, and nowhere but to its destination.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, filesBelow, sha256, sorted, until, write } from './harness.mjs';

const MiB = 1024 * 1024;

/** A project with one session that has outputs, below a directory that a test looks at as a whole. */
async function project(t, args = []) {
  const double = await Double.start(t, args);
  const p = new Project(t, double);
  p.session = await double.createSession();
  p.outputs = path.join(p.dir, 'outputs');
  p.destination = path.join(p.outputs, 'research');
  write(path.join(p.workspace, 'a.csv'), 'a');
  p.declareOutputs = (session = `session_id: ${p.session}`, outputs = '{}') =>
    p.declare(`version: 1
owner: e2e
sessions:
  - name: research
    ${session}
    resources: [{type: file, source: a.csv}]
    outputs: ${outputs}
`);
  p.declareOutputs();
  write(path.join(p.dir, 'precious'), 'untouched');
  return p;
}

/** Everything below `dir` but the state and the destination: what must never change. */
function surroundings(p) {
  const skip = new Set(['state', '.sessync-id', path.basename(p.destination)]);
  return sorted(filesBelow(p.dir, '', (name) => skip.has(name)));
}

const hashes = (files) => [...files.values()].sort();

/** 200 outputs, many small and a few large, some with hostile names; the content of each, hashed. */
async function manyOutputs(p) {
  const hostile = ['../../precious', '/etc/passwd', '..', '.', '', 'a\\b', 'x\u0000y', '.sessync-0123456789abcdef.tmp'];
  hostile.push('CON', 'trailing. ', '\u202egpj.exe', 'é'.repeat(300), `${'l'.repeat(400)}.csv`, '-rf', 'a/b/c', '\n');
  const expected = new Map();
  for (let i = 0; i < 200; i++) {
    const size = i === 0 ? 64 * MiB : i < 4 ? 8 * MiB : i < 20 ? i * 10_000 : i - 20;
    const text = `${i} `.padEnd(size, String.fromCharCode(97 + (i % 26))).slice(0, size);
    const name = hostile[i - 50] ?? `file ${i}.txt`;
    const file = await p.double.agentWrites(p.session, name, text);
    expected.set(file.id, sha256(text));
  }
  return expected;
}

test('200 outputs arrive equal, whatever they are called, and once', async (t) => {
  const p = await project(t);
  const expected = await manyOutputs(p);
  const before = surroundings(p);
  const { code, document } = await p.json('pull');
  assert.equal(code, 0);
  const [session] = document.sessions;
  assert.equal(session.name, 'research');
  assert.equal(session.session_id, p.session);
  assert.equal(session.error, null);
  assert.equal(session.fetched.length, 200);
  const here = filesBelow(p.destination);
  assert.equal(here.size, 200);
  for (const { name, size, file_id } of session.fetched) {
    assert.equal(here.get(`/${name}`), expected.get(file_id), name);
    assert.equal(fs.statSync(path.join(p.destination, name)).size, size);
  }
  assert.deepEqual(surroundings(p), before);

  await p.double.resetRequests();
  assert.equal((await p.json('pull')).document.sessions[0].fetched.length, 0);
  assert.equal(await p.double.count('download_file'), 0);
});

test('kill -9 in the middle, then again: all arrive, nothing else is touched, nothing is left over', async (t) => {
  const p = await project(t, ['--latency-ms', '5']);
  const expected = await manyOutputs(p);
  const before = surroundings(p);
  for (const count of [1, 40, 90, 150]) {
    const child = p.begin('pull');
    await until(
      `${count} outputs are there`,
      () => child.over || (fs.existsSync(p.destination) && fs.readdirSync(p.destination).length >= count),
    );
    assert.ok(!child.over, `the command ended before it was killed: ${child.out}${child.err}`);
    child.kill('SIGKILL');
    await child.ended;
  }
  assert.equal((await p.run('pull')).code, 0);
  assert.equal((await p.run('pull')).code, 0);
  assert.deepEqual(hashes(filesBelow(p.destination)), [...expected.values()].sort());
  assert.deepEqual(surroundings(p), before);
});

test('the newest of one name has it, what was fetched before makes room', async (t) => {
  const p = await project(t);
  const first = await p.double.agentWrites(p.session, 'report.md', 'first');
  assert.match((await p.run('pull')).out, /\+ report\.md  5 B\nPulled: 1 files, 5 bytes; 0 blocked\./);
  await p.double.agentWrites(p.session, 'report.md', 'second');
  assert.equal((await p.run('pull')).code, 0);
  const read = (name) => fs.readFileSync(path.join(p.destination, name), 'utf8');
  assert.equal(read('report.md'), 'second');
  assert.equal(read(`report.md~${first.id}`), 'first');
});

test('only what is included, to the declared destination', async (t) => {
  const p = await project(t);
  p.declareOutputs(undefined, '{destination: team/notes, include: ["*.md"]}');
  await p.double.agentWrites(p.session, 'a.md', 'a');
  await p.double.agentWrites(p.session, 'b.csv', 'b');
  assert.equal((await p.run('pull')).code, 0);
  assert.deepEqual([...filesBelow(p.outputs).keys()].sort(), ['/.sessync-id', '/team/notes/a.md']);
});

test('a file that is there already is a conflict, and stays', async (t) => {
  const p = await project(t);
  write(path.join(p.destination, 'a.md'), 'mine');
  await p.double.agentWrites(p.session, 'a.md', 'theirs, and longer');
  const { code, document } = await p.json('pull');
  assert.equal(code, 4);
  const [blocked] = document.sessions[0].blocked;
  assert.deepEqual([blocked.type, blocked.mount_path, blocked.code], ['outputs', '/a.md', 'conflict']);
  assert.equal(fs.readFileSync(path.join(p.destination, 'a.md'), 'utf8'), 'mine');
});

test('a destination in a source, or behind a link, is not written to', async (t) => {
  const p = await project(t);
  await p.double.agentWrites(p.session, 'a.md', 'a');
  p.mirror(p.session);
  p.declare(fs.readFileSync(p.manifest, 'utf8') + '    outputs: {}\n');
  const inside = await p.run('pull', ['--outputs-dir', path.join(p.workspace, 'outputs')]);
  assert.equal(inside.code, 4);
  assert.match(inside.out, /overlaps the source/);
  const planned = await p.json('plan', ['--outputs-dir', path.join(p.workspace, 'outputs')]);
  assert.equal(planned.document.sessions[0].blocked[0].type, 'outputs');

  p.declareOutputs();
  fs.mkdirSync(p.outputs);
  fs.mkdirSync(path.join(p.dir, 'elsewhere'));
  fs.symlinkSync(path.join(p.dir, 'elsewhere'), p.destination);
  const planted = await p.run('pull');
  assert.equal(planted.code, 1);
  assert.match(planted.out, /a symbolic link is in the way/);
  assert.deepEqual(fs.readdirSync(path.join(p.dir, 'elsewhere')), []);
  assert.deepEqual([...filesBelow(p.workspace).keys()], ['/a.csv']);
});

test('a session that is still to be created has no outputs', async (t) => {
  const p = await project(t);
  p.declareOutputs('create: {agent: agent_1, environment_id: env_1}');
  const early = await p.json('pull');
  assert.equal(early.code, 1);
  assert.equal(early.document.sessions[0].error.code, 'session_not_created');
  assert.equal((await p.run('apply')).code, 0);
  const { document } = await p.json('plan');
  await p.double.agentWrites(document.sessions[0].session_id, 'a.md', 'a');
  assert.equal((await p.run('pull')).code, 0);
  assert.deepEqual([...filesBelow(p.destination).keys()], ['/a.md']);
});

test('the daemon brings outputs back on its own', async (t) => {
  const p = await project(t);
  p.declareOutputs(`session_id: ${p.session}\n    interval: 10s`);
  await p.double.agentWrites(p.session, 'a.md', 'a');
  p.start();
  await until('the output is there', () => fs.existsSync(path.join(p.destination, 'a.md')));
  assert.equal((await p.run('pull')).code, 64, 'the daemon holds the lock');
  assert.deepEqual(await p.stop(), { code: 0, signal: null });
});

test('a refused key and a missing session have their exit codes', async (t) => {
  const p = await project(t, ['--api-key', 'right']);
  assert.equal((await p.run('pull')).code, 5);
  p.declareOutputs('session_id: sesn_missing');
  const missing = await p.json('pull', [], { ANTHROPIC_API_KEY: 'right' });
  assert.equal(missing.code, 1);
  assert.equal(missing.document.sessions[0].error.code, 'session_not_found');
});

test('an answer that is longer than announced does not fill the disk, and harms no other output', async (t) => {
  const p = await project(t);
  await p.double.agentWrites(p.session, 'endless.md', 'short');
  await p.double.faults([{ operation: 'download_file', kind: 'endless_body', times: 2 }]);
  const first = await p.json('pull');
  assert.equal(first.code, 1, first.out + first.err);
  assert.match(first.document.sessions[0].error.message, /more bytes than it announced/);
  const again = await p.json('pull');
  assert.equal(again.code, 4, again.out + again.err);
  assert.equal(again.document.sessions[0].blocked[0].code, 'refused');
  await p.double.agentWrites(p.session, 'fine.md', 'fine');
  assert.equal((await p.run('pull')).code, 4);
  assert.deepEqual(fs.readdirSync(path.join(p.dir, 'outputs/research')), ['fine.md']);
});

test('what went wrong with one transfer is not held against the output', async (t) => {
  for (const kind of ['endless_body', 'huge_body', 'truncated_body']) {
    const p = await project(t);
    await p.double.agentWrites(p.session, 'empty', '');
    await p.double.agentWrites(p.session, 'report.md', 'report');
    await p.double.faults([{ operation: 'download_file', kind, times: 2 }]);
    const first = await p.json('pull');
    assert.equal(first.code, 1, kind + first.out + first.err);
    assert.deepEqual(first.document.sessions[0].blocked, [], kind);
    const second = await p.json('pull');
    assert.equal(second.code, 0, kind + second.out + second.err);
    assert.deepEqual(fs.readdirSync(path.join(p.dir, 'outputs/research')).sort(), ['empty', 'report.md']);
  }
});
