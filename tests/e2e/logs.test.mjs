// What the daemon writes to standard error: JSON lines for machines, text for people, a line for each
// action, and none for a pass that changes nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from './harness.mjs';
import { terminal } from './terminal.mjs';

const LEVELS = ['debug', 'info', 'warning', 'error'];

/** The lines so far; each must be one JSON object with time, level and msg. */
function parsed(err) {
  const lines = err.split('\n').slice(0, -1).map((line) => JSON.parse(line));
  for (const line of lines) {
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(LEVELS.includes(line.level), line.level);
    assert.equal(typeof line.msg, 'string');
  }
  return lines;
}

const actions = (err) => parsed(err).filter((line) => line.action !== undefined);

async function begun(t, level) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'kept.txt'), 'kept');
  write(path.join(project.workspace, 'data/changed.txt'), 'before');
  project.mirror(session);
  // Drift checks are the passes that must be silent: as many as the manifest allows.
  project.start(['--log-format', 'json', '--log-level', level, '--rescan', '100ms']);
  await project.equal(session);
  await until('the pass is over', () => /"reason":"Succeeded"/.test(project.daemon.err));
  return { double, project, session };
}

test('JSON lines: one a done action, with what a machine asks for', async (t) => {
  const { project, session } = await begun(t, 'info');
  const first = actions(project.daemon.err);
  assert.deepEqual(first.map((line) => [line.action, line.mount_path]).sort(),
    [['add', '/data/changed.txt'], ['add', '/kept.txt']]);
  for (const line of first) {
    assert.equal(line.session, 's1');
    assert.equal(line.level, 'info');
    assert.equal(typeof line.duration_ms, 'number');
    assert.equal(typeof line.bytes, 'number');
    assert.ok(line.duration_ms >= 0);
  }
  write(path.join(project.workspace, 'data/changed.txt'), 'afterwards');
  await project.equal(session);
  await until('the action is logged', () => actions(project.daemon.err).length > first.length);
  const [last, ...others] = actions(project.daemon.err).slice(first.length);
  assert.deepEqual([last.action, last.mount_path, last.bytes, others.length],
    ['replace', '/data/changed.txt', 'afterwards'.length, 0]);
  await project.stop();
});

test('a pass that changes nothing is silent above debug', async (t) => {
  const { double, project, session } = await begun(t, 'info');
  const before = parsed(project.daemon.err).length;
  await double.resetRequests();
  await until('three more passes were made', async () => (await double.count('list_resources')) >= 3);
  await project.equal(session);
  assert.equal(parsed(project.daemon.err).length, before, project.daemon.err);
  await project.stop();
});

test('at debug such a pass has its line', async (t) => {
  const { project } = await begun(t, 'debug');
  await until('a pass is logged', () => /"msg":"pass finished"/.test(project.daemon.err));
  parsed(project.daemon.err);
  await project.stop();
});

test('a failed action is a warning that names the request', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'refused.txt'), 'refused');
  project.mirror(session);
  await double.faults([{ operation: 'add', kind: 'status', status: 400, times: 1 }]);
  project.start(['--log-format', 'json']);
  const failed = await until('a failure is logged', () =>
    /"level":"warning"[^\n]*"action"/.test(project.daemon.err) && actions(project.daemon.err)[0]);
  assert.equal(failed.level, 'warning');
  assert.equal(failed.mount_path, '/refused.txt');
  assert.match(failed.request_id, /./);
  await project.stop();
});

test('hostile names break no line', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'quote" \u202e <b>.txt'), 'x');
  project.mirror(session);
  project.start(['--log-format', 'json']);
  await project.equal(session);
  const [line] = await until('it is logged', () => {
    const found = actions(project.daemon.err);
    return found.length > 0 && found;
  });
  assert.equal(line.mount_path, '/quote" \u202e <b>.txt');
  assert.ok(!project.daemon.err.includes('\u202e'), 'terminals obey it');
  await project.stop();
});

test('on a terminal the log is text, in colour unless NO_COLOR forbids it', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) return t.skip('script(1) is not installed');
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a.txt'), 'a');
  project.mirror(session);
  const log = async (env) => {
    const run = terminal(project, 'run', ['--listen', 'off'], env);
    await until('a pass is over', () => /reason=Succeeded/.test(run.out), 20_000);
    run.interrupt();
    await run.ended;
    return run.out;
  };
  const coloured = await log({ TERM: 'xterm', NO_COLOR: undefined });
  assert.match(coloured, /^\d{4}-\d\d-\d\dT[\d:.]+Z \S*info/m);
  assert.match(coloured, /\x1b\[/);
  assert.match(coloured, /session=s1/);
  assert.doesNotMatch(coloured, /"msg"/);
  assert.doesNotMatch(await log({ TERM: 'xterm', NO_COLOR: '1' }), /\x1b/);
});
