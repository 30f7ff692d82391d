// What is in force when a write is sent decides, not what was when its pass was queued.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, sha256, until, write } from './harness.mjs';

const SERVED = ['--listen', '127.0.0.1:0'];
const SLOW = { kind: 'slow', delay_ms: 2500 };

/** A daemon over some sessions, all equal to the workspace. */
async function served(t, { sessions = 1, args = [], files = { 'a.txt': 'a' } } = {}) {
  const double = await Double.start(t);
  const ids = [];
  for (let i = 0; i < sessions; i++) ids.push(await double.createSession());
  const project = new Project(t, double);
  for (const [name, text] of Object.entries(files)) write(path.join(project.workspace, name), text);
  project.mirror(...ids);
  project.start([...SERVED, ...args]);
  const url = await addressOf(project);
  for (const id of ids) await project.equal(id);
  return { double, ids, project, url };
}

const sessionOf = async (project, name) =>
  (await project.json('status')).document.sessions.find((session) => session.name === name);

/** The only worker is with s1 for a while, and s2 waits for it. */
async function busy({ double, ids, project }) {
  await double.resetRequests();
  await double.faults([{ operation: 'list_resources', session_id: ids[0], ...SLOW }]);
  assert.equal((await project.run('reconcile', ['s1'])).code, 0);
  await until('the worker is busy', async () => (await double.count('list_resources')) > 0);
}

/** A pass over s2 that began after now has ended. */
async function lookedAgain(project, session, what) {
  await until(what, async () => {
    const { counts, generation, observed_generation: observed } = await sessionOf(project, 's2');
    return observed === generation && session(counts);
  });
}

test('a session that is suspended while it waits for a worker is not written to', async (t) => {
  const world = await served(t, { sessions: 2, args: ['--workers', '1'] });
  const { double, ids, project } = world;
  await busy(world);
  write(path.join(project.workspace, 'b.txt'), 'b');
  await until('the change waits', async () => (await sessionOf(project, 's2')).conditions[0].status === 'False');
  const { code } = await project.run('suspend', ['s2']);
  assert.equal(code, 0);
  await double.faults([]);
  await project.equal(ids[0]);
  await lookedAgain(project, (counts) => counts.desired === 2 && counts.pending === 1, 's2 was looked at');
  assert.deepEqual([...(await double.held(ids[1])).keys()], ['/a.txt']);
  assert.equal(await double.count('upload'), 1, 'one upload, of s1');
  assert.equal((await project.run('resume', ['s2'])).code, 0);
  await project.equal(ids[1]);
});

test('a session that waits for a worker gets what a newer manifest says: suspend and prune', async (t) => {
  const world = await served(t, { sessions: 2, args: ['--workers', '1'], files: { 'a.txt': 'a', 'b.txt': 'b' } });
  const { double, ids, project } = world;
  await busy(world);
  fs.rmSync(path.join(project.workspace, 'b.txt'));
  write(path.join(project.workspace, 'c.txt'), 'c');
  const text = fs.readFileSync(project.manifest, 'utf8');
  const [head, second] = text.split('  - name: s2\n');
  project.declare(`${head}  - name: s2\n    suspend: true\n${second}`);
  await until('the manifest is read', async () => (await sessionOf(project, 's2')).suspended?.manifest);
  await double.faults([]);
  await project.equal(ids[0]);
  await lookedAgain(project, (counts) => counts.desired === 2 && counts.pending > 0, 's2 was looked at');
  assert.deepEqual([...(await double.held(ids[1])).keys()].sort(), ['/a.txt', '/b.txt']);
  project.declare(`${head}  - name: s2\n    prune: none\n${second}`);
  await until('c is there', async () => (await double.held(ids[1])).has('/c.txt'));
  assert.ok((await double.held(ids[1])).has('/b.txt'), 'nothing is pruned by what was declared before');
});

test('suspend in the middle of a pass: the replace that was begun is finished, no other is begun', async (t) => {
  const files = Object.fromEntries([...Array(6).keys()].map((i) => [`${i}.txt`, `old ${i}`]));
  const { double, ids, project, url } = await served(t, { files });
  await double.resetRequests();
  await double.faults([{ operation: 'add_resource', ...SLOW }]);
  for (const name of Object.keys(files)) write(path.join(project.workspace, name), `new ${name}`);
  await until('a replace is under way', async () => (await double.count('delete_resource')) > 0);
  const answer = await fetch(`${url}/api/v1/sessions/s1/suspend`, { method: 'POST' });
  assert.equal(answer.status, 200);
  const { finishing } = await answer.json();
  const writes = await double.writes();
  const held = await double.held(ids[0]);
  assert.deepEqual(finishing, []);
  assert.equal(held.size, 6, 'no path is empty');
  const changed = [...held].filter(([name, sha]) => sha === sha256(`new ${name.slice(1)}`));
  assert.equal(changed.length, 1);
  await double.faults([]);
  await until('what is due is seen', async () => (await sessionOf(project, 's1')).counts.pending === 5);
  assert.equal(await double.writes(), writes);
  assert.equal((await project.run('resume', ['s1'])).code, 0);
  await project.equal(ids[0]);
});

test('suspend while a rate limit holds everything up answers at once, and nothing is sent when it ends', async (t) => {
  const { double, ids, project } = await served(t);
  await double.resetRequests();
  await double.faults([{ operation: 'add_resource', times: 1, kind: 'status', status: 429, headers: { 'retry-after': '4' } }]);
  write(path.join(project.workspace, 'b.txt'), 'b');
  await until('the add was refused', async () => (await double.count('add_resource')) === 1);
  write(path.join(project.workspace, 'c.txt'), 'c');
  await until('the limit is shown', async () => {
    const { conditions } = await sessionOf(project, 's1');
    return conditions[0].reason === 'RateLimited' && /until 20/.test(conditions[0].message);
  });
  const { code, out } = await project.run('suspend', ['s1']);
  assert.equal(code, 0);
  assert.doesNotMatch(out, /still being finished/);
  const writes = await double.count('add_resource', 'delete_resource', 'upload');
  await until('a pass has seen that it is suspended', async () => (await sessionOf(project, 's1')).conditions[0].reason === 'Suspended');
  await until('the limit is over', async () => {
    const metrics = await (await fetch(`${await addressOf(project)}/metrics`)).text();
    const ends = Number(metrics.match(/sessync_api_frozen_until_timestamp_seconds\{class="writes"\} (\S+)/)[1]);
    return Date.now() / 1000 > ends + 0.5;
  });
  assert.equal(await double.count('add_resource', 'delete_resource', 'upload'), writes);
  assert.deepEqual([...(await double.held(ids[0])).keys()], ['/a.txt']);
});

test('a session that the command suspended is not written to by apply either', async (t) => {
  const { double, ids, project } = await served(t);
  assert.equal((await project.run('suspend', ['s1'])).code, 0);
  await project.stop();
  write(path.join(project.workspace, 'b.txt'), 'b');
  await double.resetRequests();
  await project.run('apply', ['--timeout', '5s']);
  assert.equal(await double.writes(), 0);
  assert.deepEqual([...(await double.held(ids[0])).keys()], ['/a.txt']);
});
