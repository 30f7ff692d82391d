// Rate limits that are waited for: believed if they are plausible, shown, and left by whoever asks.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, sha256, until, write } from './harness.mjs';

const SERVED = ['--listen', '127.0.0.1:0'];
const refusal = (headers) => ({ kind: 'status', status: 429, headers });
const inHalfAnHour = refusal({ 'retry-after': '1800' });

async function served(t, files = { 'a.txt': 'a' }) {
  const double = await Double.start(t);
  const session = await double.createSession();
  const project = new Project(t, double);
  for (const [name, text] of Object.entries(files)) write(path.join(project.workspace, name), text);
  project.mirror(session);
  project.start(SERVED);
  const url = await addressOf(project);
  await project.equal(session);
  await until('it is ready', async () => (await readyOf(project)).status === 'True');
  await double.resetRequests();
  return { double, session, project, url };
}

const statusOf = async (project) => (await project.json('status')).document.sessions[0];
const readyOf = async (project) => (await statusOf(project)).conditions.find(({ type }) => type === 'Ready');
const textOf = async (url) => (await fetch(url)).text();

for (const [what, headers] of Object.entries({
  'seconds since 1970': { 'retry-after': String(Math.floor(Date.now() / 1000)) },
  'a date in 2099': { 'retry-after': 'Thu, 01 Jan 2099 00:00:00 GMT' },
  'the epoch in milliseconds': { 'retry-after-ms': String(Date.now()) },
})) {
  test(`one 429 whose Retry-After is ${what} stops nothing`, async (t) => {
    const double = await Double.start(t);
    const session = await double.createSession();
    const project = new Project(t, double);
    for (const name of ['a', 'b', 'c']) write(path.join(project.workspace, name), name);
    project.mirror(session);
    for (const operation of ['list_resources', 'upload', 'add_resource']) {
      await double.faults([{ operation, times: 1, ...refusal(headers) }]);
      write(path.join(project.workspace, 'a'), `for ${operation}`);
      const { code, out, err } = await project.run('apply', ['--timeout', '60s']);
      assert.equal(code, 0, out + err);
      await project.equal(session);
    }
  });
}

test('a limit that is waited for is shown with its end, everywhere and once in the log; reconcile tries anyway', async (t) => {
  const { double, session, project, url } = await served(t);
  await double.faults([{ operation: 'list_resources', times: 1, ...inHalfAnHour }]);
  write(path.join(project.workspace, 'b.txt'), 'b');
  const ready = await until('it is shown', async () => {
    const condition = await readyOf(project);
    return condition.reason === 'RateLimited' && /until \d{4}-\d\d-\d\dT/.test(condition.message) && condition;
  });
  assert.equal(ready.status, 'False');
  assert.ok(Math.abs(Date.parse(ready.message.match(/until (\S+)/)[1]) - Date.now() - 1_800_000) < 120_000, ready.message);
  assert.match(await textOf(`${url}/readyz`), /s1: RateLimited: .*until/);
  const metrics = await textOf(`${url}/metrics`);
  const end = Number(metrics.match(/sessync_api_frozen_until_timestamp_seconds\{class="reads"\} (\S+)/)[1]);
  assert.ok(end > Date.now() / 1000 + 1600, metrics);
  assert.match(metrics, /sessync_condition\{reason="RateLimited",session="s1",type="Reconciling"\} 1/);
  assert.match((await project.run('status')).out, /RateLimited/);
  assert.equal(project.daemon.err.match(/no call of class reads is sent until/g).length, 1);
  assert.equal((await project.run('reconcile', ['s1'])).code, 0);
  await project.equal(session);
  await until('it is ready again', async () => (await readyOf(project)).status === 'True');
});

test('reconcile that is refused again is not repeated', async (t) => {
  const { double, project } = await served(t);
  await double.faults([{ operation: 'list_resources', ...inHalfAnHour }]);
  write(path.join(project.workspace, 'b.txt'), 'b');
  await until('it is shown', async () => (await readyOf(project)).reason === 'RateLimited');
  const asked = await double.count('list_resources');
  assert.equal((await project.run('reconcile', ['s1'])).code, 0);
  await until('it was tried', async () => (await double.count('list_resources')) > asked);
  // Both what was waiting and the pass that was asked for may try, once each.
  await until('it waits again', async () => /until/.test((await readyOf(project)).message));
  assert.ok((await double.count('list_resources')) <= asked + 2);
});

test('SIGTERM in the middle of a replace that a limit holds up sends the add, once', async (t) => {
  const { double, session, project } = await served(t);
  await double.faults([{ operation: 'add_resource', times: 1, ...inHalfAnHour }]);
  write(path.join(project.workspace, 'a.txt'), 'changed');
  await until('the path is empty', async () => (await double.held(session)).size === 0);
  await until('it is shown', async () => (await readyOf(project)).reason === 'RateLimited');
  const { code } = await project.stop();
  assert.equal(code, 0);
  assert.equal((await double.held(session)).get('/a.txt'), sha256('changed'));
  assert.equal(await double.count('add_resource'), 2);
});

test('SIGTERM: an add that is refused again is left to the next start', async (t) => {
  const { double, session, project } = await served(t);
  await double.faults([{ operation: 'add_resource', ...inHalfAnHour }]);
  write(path.join(project.workspace, 'a.txt'), 'changed');
  await until('it is shown', async () => (await readyOf(project)).reason === 'RateLimited');
  const { code } = await project.stop();
  assert.equal(code, 0);
  assert.equal(await double.count('add_resource'), 2);
  await double.faults([]);
  project.start();
  await project.equal(session);
});

test('a session that differs is not shown as ready while an answer is waited for', async (t) => {
  const { double, session, project, url } = await served(t);
  for (const operation of ['list_resources', 'upload', 'add_resource']) {
    await double.faults([{ operation, kind: 'slow', delay_ms: 5_000 }]);
    write(path.join(project.workspace, 'a.txt'), `for ${operation}`);
    const shown = await until(`it is shown that ${operation} is waited for`, async () => {
      const status = await statusOf(project);
      return status.conditions[0].status === 'False' && status;
    });
    assert.equal(shown.conditions[0].reason, 'Progressing');
    assert.equal(shown.conditions[1].status, 'True');
    assert.match(await textOf(`${url}/readyz`), /s1: Progressing/);
    if (operation !== 'list_resources') {
      assert.equal(shown.counts.in_sync, 0);
      assert.equal(shown.counts.pending, 1);
      assert.match(await textOf(`${url}/metrics`), /sessync_resources\{session="s1",state="pending"\} 1/);
    }
    await double.faults([]);
    await project.equal(session);
    await until('it is ready again', async () => (await readyOf(project)).status === 'True');
  }
});

test('a change that waits for a worker is shown', async (t) => {
  const double = await Double.start(t);
  const sessions = [await double.createSession(), await double.createSession()];
  const project = new Project(t, double);
  write(path.join(project.workspace, 'a.txt'), 'a');
  project.mirror(...sessions);
  project.start([...SERVED, '--workers', '1']);
  for (const session of sessions) await project.equal(session);
  const all = async () => (await project.json('status')).document.sessions;
  await until('both are ready', async () => (await all()).every(({ conditions }) => conditions[0].status === 'True'));
  await double.faults([{ operation: 'list_resources', kind: 'slow', delay_ms: 5_000 }]);
  write(path.join(project.workspace, 'a.txt'), 'changed');
  await until('neither is', async () => (await all()).every(({ conditions }) => conditions[0].status === 'False'));
  await double.faults([]);
  for (const session of sessions) await project.equal(session);
});
