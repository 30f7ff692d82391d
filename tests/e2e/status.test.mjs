// The commands that ask a running daemon, and what they are told.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, addressOf, throughPort, until, write } from './harness.mjs';
import { screen } from './terminal.mjs';

const noTerminal = spawnSync('script', ['--version']).status !== 0 && 'script(1) is not installed';
const SERVED = ['--listen', '127.0.0.1:0'];

async function served(t, args = [], files = { 'a.txt': 'a' }) {
  const double = await Double.start(t);
  const session = await double.createSession();
  const project = new Project(t, double);
  for (const [name, text] of Object.entries(files)) write(path.join(project.workspace, name), text);
  project.mirror(session);
  project.start([...SERVED, ...args]);
  const url = await addressOf(project);
  return { double, session, project, url };
}

const get = async (url) => {
  const answer = await fetch(url);
  return { status: answer.status, text: await answer.text() };
};
const statusOf = async (project) => (await project.json('status')).document;
const sessionOf = async (project) => (await statusOf(project)).sessions[0];

test('status of no daemon, of one that is gone and of one that cannot be asked fails and says what to do', async (t) => {
  const { project } = await served(t);
  await project.stop('SIGKILL');
  const killed = await project.run('status');
  assert.equal(killed.code, 1);
  assert.match(killed.err, /no daemon is running .*has ended.*sessync run/);
  project.start();
  await until('the new one, which has no port, is asked through its socket', async () => (await project.run('status')).code === 0);
  throughPort(project);
  const off = await project.run('status');
  assert.equal(off.code, 1);
  assert.match(off.err, /--listen off/);
  await project.stop();
  const none = await project.run('status');
  assert.equal(none.code, 1);
  assert.match(none.err, /no daemon is running .*--state-dir/);
});

test('status prints a table, and the very document with -o json', async (t) => {
  const { project, url } = await served(t);
  await until('it is ready', async () => (await get(`${url}/readyz`)).status === 200);
  await until('the table shows it', async () => /s1 +in sync +1\/1 +0 +1\/500 +(\d+ s ago|just now)/.test((await project.run('status')).out));
  const { out, code } = await project.run('status', ['-o', 'json']);
  assert.equal(code, 0);
  await until('both say the same', async () => (await project.run('status', ['-o', 'json'])).out === (await get(`${url}/api/v1/status`)).text);
  assert.deepEqual(Object.keys(JSON.parse(out)).filter((key) => key !== 'notes'), ['version', 'started_at', 'state', 'headline', 'manifest', 'workspace', 'sessions']);
});

test('status shows what is blocked and why, and obeys no name', async (t) => {
  const { double, session, project } = await served(t, [], { 'a.txt': 'a' });
  await double.somebodyAdds(session, '/b.txt', 'theirs');
  write(path.join(project.workspace, 'b.txt'), 'ours');
  const blocked = await until('it is shown', async () => {
    const { out } = await project.run('status');
    return /! \/b\.txt +conflict: /.test(out) && out;
  });
  assert.doesNotMatch(blocked, /\x1b/);
});

test('--watch tells every change on a line of its own', async (t) => {
  const { project } = await served(t);
  const watching = project.begin('status', ['--watch']);
  await until('it begins', () => /s1: in sync, 1\/1 resources/.test(watching.out));
  write(path.join(project.workspace, 'b.txt'), 'b');
  await until('it goes on', () => /s1: in sync, 2\/2 resources/.test(watching.out));
});

test('--watch goes on when the daemon was away, and says so once', async (t) => {
  const { project } = await served(t);
  const [lines, events] = [[], ['-o', 'json']].map((how) => project.begin('status', ['--watch', ...how]));
  await until('they begin', () => /s1: in sync, 1\/1 resources/.test(lines.out) && /"event":"status"/.test(events.out));
  const away = (one) => one.err.match(/the daemon does not answer/g)?.length ?? 0;
  for (const times of [1, 2]) {
    const signal = times === 1 ? 'SIGTERM' : 'SIGKILL';
    await project.stop(signal);
    await until('they say that it is away', () => away(lines) === times && away(events) === times);
    write(path.join(project.workspace, `while-away-${times}.txt`), 'b');
    project.start(SERVED);
    await until(`they go on: ${lines.err}`, () => lines.out.includes(`s1: in sync, ${times + 1}/${times + 1} resources`));
    await until('programs are told everything again', () => events.out.match(/"event":"status"/g).length === times + 1);
    await until('that it is back is said', () => lines.err.match(/the daemon answers again/g)?.length === times);
    assert.equal(away(lines), times);
  }
  assert.doesNotMatch(lines.out, /left the manifest/);
  for (const line of events.out.trimEnd().split('\n')) assert.ok(JSON.parse(line).event);
});

test('--watch on a terminal keeps one table as it is, and ends when it is interrupted', { skip: noTerminal }, async (t) => {
  const { session, project } = await served(t);
  await project.equal(session);
  const watching = screen(project, 'status', ['--watch']);
  const shown = () => watching.out.split('\x1b[H\x1b[2J').at(-1);
  await until('it begins', () => /^SESSION +STATE[^]*\ns1 +in sync +1\/1 /.test(shown()));
  write(path.join(project.workspace, 'b.txt'), 'b');
  await until('it goes on', () => /^SESSION +STATE[^]*\ns1 +in sync +2\/2 /.test(shown()));
  assert.equal(shown().match(/SESSION/g).length, 1);
  watching.interrupt();
  await watching.ended;
});

test('a suspended session stays so over a restart, says by whom and since when, and goes on when resumed', async (t) => {
  const { double, session, project } = await served(t);
  await project.equal(session);
  assert.equal((await project.run('suspend', ['s1'])).code, 0);
  const before = await sessionOf(project);
  assert.equal(before.suspended.by, `${os.userInfo().username}@${os.hostname()}`);
  await project.stop();
  project.start(SERVED);
  await addressOf(project);
  const after = await until('the daemon answers again', async () => {
    const { code, out } = await project.run('status', ['-o', 'json']);
    return code === 0 && JSON.parse(out).sessions[0];
  });
  assert.deepEqual(after.suspended, before.suspended);
  write(path.join(project.workspace, 'b.txt'), 'b');
  await until('the change is seen', async () => (await sessionOf(project)).counts.desired === 2);
  assert.equal((await double.held(session)).size, 1);
  assert.match((await project.run('status')).out, /Suspended[^]*suspended by .*sessync resume s1/);
  assert.equal((await project.run('resume', ['s1'])).code, 0);
  await project.equal(session);
  assert.equal((await sessionOf(project)).suspended, null);
});

test('what the manifest suspends only the manifest resumes', async (t) => {
  const { project } = await served(t);
  project.declare(fs.readFileSync(project.manifest, 'utf8').replace('    resources:', '    suspend: true\n    resources:'));
  await until('it is suspended', async () => (await sessionOf(project))?.suspended?.manifest);
  const { code, err } = await project.run('resume', ['s1']);
  assert.equal(code, 1);
  assert.match(err, /manifest/);
});

test('reconcile lets exactly the deletes through that were held back', async (t) => {
  const files = Object.fromEntries([...Array(20).keys()].map((i) => [`${i}.txt`, `${i}`]));
  const { double, session, project } = await served(t, [], files);
  await project.equal(session);
  project.declare(fs.readFileSync(project.manifest, 'utf8').replace('max_deletes: 100%', 'max_deletes: 2'));
  for (let i = 0; i < 10; ++i) fs.rmSync(path.join(project.workspace, `${i}.txt`));
  const held = await until('the deletes are held back', async () => (await sessionOf(project))?.held);
  assert.equal(held.deletes, 10);
  assert.match((await project.run('status')).out, new RegExp(`--allow-deletes=${held.id}`));
  assert.equal((await project.run('reconcile', ['s1', '--allow-deletes=other'])).code, 0);
  await until('a pass looked at it', async () => (await sessionOf(project))?.held);
  assert.equal((await double.held(session)).size, 20);
  assert.equal((await project.run('reconcile', ['s1', `--allow-deletes=${held.id}`])).code, 0);
  await project.equal(session);
  assert.equal((await double.held(session)).size, 10);
});

test('a session that nobody knows is an error that names those that are known', async (t) => {
  const { project } = await served(t);
  for (const command of ['reconcile', 'suspend', 'resume']) {
    const { code, err } = await project.run(command, ['../s1']);
    assert.equal(code, 1);
    assert.match(err, /\.\.\/s1.*known are s1/);
  }
  assert.equal((await project.run('reconcile')).code, 0);
  assert.equal((await project.run('suspend')).code, 64);
  assert.equal((await project.run('reconcile', ['--allow-deletes=x'])).code, 64);
});

test('with a token file writes need the token, and the commands send theirs', async (t) => {
  const token = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-token-')), 'token');
  t.after(() => fs.rmSync(path.dirname(token), { recursive: true }));
  write(token, CANARY);
  const { project } = await served(t, ['--admin-token-file', token]);
  throughPort(project);
  const without = await project.run('suspend', ['s1']);
  assert.equal(without.code, 1);
  assert.match(without.err, /--admin-token-file/);
  assert.equal((await project.run('suspend', ['s1', '--admin-token-file', token])).code, 0);
  assert.equal((await project.run('resume', ['s1'], { SESSYNC_ADMIN_TOKEN_FILE: token })).code, 0);
  assert.equal((await project.run('status')).code, 0);
  assert.equal((await project.run('suspend', ['s1', '--admin-token-file', `${token}.missing`])).code, 1);
});

test('without a manifest the daemon is alive and not ready, and ready once there is one', async (t) => {
  const double = await Double.start(t);
  const session = await double.createSession();
  const project = new Project(t, double);
  project.start(SERVED);
  const url = await addressOf(project);
  assert.equal((await get(`${url}/livez`)).status, 200);
  assert.equal((await get(`${url}/readyz`)).status, 503);
  assert.equal((await project.run('status')).code, 0);
  project.mirror(session);
  await until('it is ready', async () => (await get(`${url}/readyz`)).status === 200);
});
