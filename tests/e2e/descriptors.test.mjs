// Out of descriptors: nothing is lost, nothing is held back, and it goes on as soon as there are some again.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { test } from 'node:test';
import { byEffort } from '../lib/effort.mjs';
import { Double, Project, until, write } from './harness.mjs';

const SESSYNC = process.env.SESSYNC_BIN;

const limit = (pid, count) => {
  const set = spawnSync('prlimit', ['--pid', `${pid}`, `--nofile=${count}:`], { encoding: 'utf8' });
  assert.equal(set.status, 0, set.stderr);
};
const open = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

async function begun(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  for (let i = 0; i < 20; i++) write(path.join(project.workspace, `d${i}/f`), `content ${i}`);
  project.mirror(session);
  return { double, project, session };
}

test('a daemon that runs out of descriptors deletes nothing, offers no deletes, and recovers', async (t) => {
  const { double, project, session } = await begun(t);
  project.start(['--listen', 'off', '--rescan', '100ms', '--log-format', 'json']);
  await project.equal(session);
  await double.resetRequests();
  // Below what is open already: nothing can be opened any more.
  limit(project.daemon.pid, 3);
  await until('it says so', () => /lack of resources \(Too many open files\)/.test(project.daemon.err));
  write(path.join(project.workspace, 'new'), 'new');
  limit(project.daemon.pid, 1024);
  await project.equal(session, { limit: 60_000 });
  assert.equal(await double.count('delete_resource'), 0);
  assert.doesNotMatch(project.daemon.err, /allow-deletes|SourceUnavailable|DeletionBlocked/);
  assert.equal((await project.stop()).code, 0);
});

test('clients of the status server leave enough descriptors for work', async (t) => {
  const { project, session } = await begun(t);
  const child = project.keep(spawn('prlimit', ['--nofile=128', SESSYNC,
    ...project.args('run', ['--listen', '127.0.0.1:0', '--log-format', 'json', '--rescan', '100ms'])],
  { env: project.env(), cwd: project.dir, stdio: ['ignore', 'ignore', 'pipe'] }));
  child.out = child.err = '';
  child.stderr.on('data', (data) => (child.err += data));
  t.after(() => child.kill('SIGKILL'));
  await project.equal(session);
  const port = Number(child.err.match(/"listen":"127\.0\.0\.1:(\d+)"/)[1]);
  const clients = Array.from({ length: 300 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
  t.after(() => clients.forEach((client) => client.destroy()));
  await Promise.all(clients.map((client) => new Promise((resolve) => client.on('connect', resolve).on('close', resolve))));
  for (let i = 0; i < 20; i++) write(path.join(project.workspace, `d${i}/f`), `changed ${i}`);
  await project.equal(session);
  assert.ok(open(child.pid) < 128);
  assert.doesNotMatch(child.err, /lack of resources/);
});

test('however few descriptors there are at the start, the daemon ends at once with a reason, or serves and ends when told', async (t) => {
  const { project } = await begun(t);
  const counts = Array.from({ length: 50 }, (unused, i) => i + 4);
  const taken = counts.filter((count) => count % byEffort({ quick: 5, usual: 2, full: 1 }) === 0);
  let served = 0;
  for (const count of taken) {
    const state = path.join(project.dir, `state-${count}`);
    const args = ['run', '-m', project.manifest, '-w', project.workspace, '--state-dir', state, '--listen', 'off'];
    const child = spawn('prlimit', [`--nofile=${count}`, SESSYNC, ...args],
      { env: project.env(), cwd: project.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => child.kill('SIGKILL'));
    let err = '';
    child.stderr.on('data', (data) => (err += data));
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
    const isUp = () => fs.existsSync(path.join(state, 'daemon.json'));
    await until(() => `${count}: it is up, or ended; ${err}`, () => child.exitCode !== null || isUp());
    if (child.exitCode === null) {
      served += 1;
      child.kill('SIGTERM');
    }
    const { code, signal } = await ended;
    assert.equal(signal, null, `${count}: ${err}`);
    assert.ok([0, 1, 64, 127].includes(code), `${count}: exit ${code}: ${err}`);
    assert.ok(code === 0 || err !== '', `${count}: exit ${code} without a word`);
    assert.doesNotMatch(err, /SourceUnavailable|allow-deletes|not everything came to its end/, `${count}`);
  }
  assert.ok(served > 0);
});
