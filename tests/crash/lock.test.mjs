// Two daemons on one state directory, and what a killed one leaves behind.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from '../e2e/harness.mjs';

async function started(t) {
  const project = new Project(t, await Double.start(t));
  const session = await project.double.createSession();
  project.mirror(session);
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await project.equal(session);
  return { project, session };
}

const WRITERS = [['run', '--listen', 'off'], ['apply'], ['pull'], ['gc', '--yes']];

test('C4 a second one on the same state exits 64 and names sessync reconcile', async (t) => {
  const { project, session } = await started(t);
  const linked = path.join(project.dir, 'link');
  fs.symlinkSync(project.state, linked);
  for (const state of [project.state, linked, `${project.state}/../state`]) {
    for (const [command, ...flags] of WRITERS) {
      const other = new Project(t, project.double, project.dir);
      other.state = state;
      const second = await other.run(command, flags);
      assert.equal(second.code, 64, `${command} on ${state}: ${second.out}${second.err}`);
      assert.match(second.err, /sessync reconcile/);
      assert.ok(second.err.includes(`process ${project.daemon.pid} `), second.err);
    }
  }
  // The first one was not disturbed.
  write(path.join(project.workspace, 'b'), 'b');
  await project.equal(session);
  assert.equal((await project.run('plan', ['--detailed-exitcode'])).code, 0, 'plan takes no lock');
});

test('C4 of twenty at once one has the state, the others say so', async (t) => {
  const project = new Project(t, await Double.start(t, ['--latency-ms', '100']));
  const session = await project.double.createSession();
  project.mirror(session);
  write(path.join(project.workspace, 'a'), 'a');
  const all = Array.from({ length: 20 }, () => project.begin('apply'));
  const codes = [];
  for (const child of all) codes.push((await child.ended).code);
  assert.ok(codes.includes(0), `${codes}`);
  assert.deepEqual([...new Set(codes)].filter((code) => code !== 0 && code !== 64), []);
  for (const child of all) if (child.exitCode === 64) assert.match(child.err, /in use by .*sessync reconcile/);
  assert.equal((await project.double.rows(session)).length, 1);
  assert.equal(await project.double.count('upload'), 1);
});

test('C4 after kill -9 the next one starts at once', async (t) => {
  const { project, session } = await started(t);
  for (let i = 0; i < 10; i++) {
    await project.stop('SIGKILL');
    write(path.join(project.workspace, `f${i}`), `${i}`);
    if (i % 2) {
      const next = await project.run('apply');
      assert.equal(next.code, 0, next.err);
    }
    project.start();
    await project.equal(session);
  }
  assert.equal((await project.double.rows(session)).length, 11);
});

test('C4 one that is stopped keeps its state, and goes on', async (t) => {
  const { project, session } = await started(t);
  project.daemon.kill('SIGSTOP');
  const stat = `/proc/${project.daemon.pid}/stat`;
  await until('it stopped', () => / T /.test(fs.readFileSync(stat, 'utf8')));
  const second = await project.run('apply');
  assert.equal(second.code, 64);
  assert.match(second.err, /sessync reconcile/);
  write(path.join(project.workspace, 'b'), 'b');
  project.daemon.kill('SIGCONT');
  await project.equal(session);
});
