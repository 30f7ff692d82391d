// D2: what cannot be looked at deletes nothing. The kernel refuses one call of a scan after the other.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, filesBelow, same, write } from '../e2e/harness.mjs';
import { isFull, sample } from '../lib/effort.mjs';

const FILES = ['top', 'a/one', 'a/deep/two', 'a/deep/er/three', 'b/four', 'b/.sessyncignore', 'c/five'];
const CALLS = ['openat', 'openat2', 'getdents64', 'newfstatat', 'statx', 'readlink', 'fcntl', 'read'];

const hasStrace = () => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

async function converged(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  for (const name of FILES) write(path.join(project.workspace, name), name.endsWith('ignore') ? '*.log\n' : `content of ${name}`);
  fs.symlinkSync('a/one', path.join(project.workspace, 'link'));
  project.mirror(session);
  assert.equal((await project.run('apply')).code, 0);
  const held = await double.held(session);
  assert.equal(held.size, 7);
  return { double, project, session, held };
}

/** Runs `sessync apply` under strace with these options; returns its trace. */
async function traced(project, options) {
  const trace = path.join(project.dir, 'trace');
  const args = ['-f', '-qq', '-o', trace, ...options, process.env.SESSYNC_BIN, ...project.args('apply', ['--timeout', '5s'])];
  const child = spawn('strace', args, { env: project.env(), cwd: project.dir, stdio: 'ignore' });
  await new Promise((resolve) => child.on('close', resolve));
  return fs.readFileSync(trace, 'utf8').split('\n');
}

/** Which of the calls named `call` a scan makes: from the first that has to do with the workspace to the last. */
async function range(project, call) {
  const lines = (await traced(project, ['-y', '-e', `trace=${call}`])).filter((line) => line.includes(`${call}(`));
  const concerns = (line) => line.includes(project.workspace) || /"(a|b|c|top|link)["/]/.test(line);
  const numbers = lines.flatMap((line, i) => (concerns(line) ? [i + 1] : []));
  return numbers.length === 0 ? [] : Array.from({ length: numbers.at(-1) - numbers[0] + 1 }, (_, i) => numbers[0] + i);
}

/** All files must be read again. */
function touchAll(project) {
  for (const name of FILES) fs.utimesSync(path.join(project.workspace, name), new Date(), new Date(Date.now() - 60_000));
}

const errors = (i) => (isFull ? ['EACCES', 'EIO', 'ENOMEM'] : [i % 2 === 0 ? 'EACCES' : 'EIO']);

for (const call of CALLS) {
  for (const cold of [false, true]) {
    test(`D2: each ${call} of a scan is refused${cold ? ', with every file to be read' : ''}: nothing is deleted`, async (t) => {
      if (!hasStrace()) return t.skip('needs strace and the permission to trace');
      const { double, project, session, held } = await converged(t);
      if (cold) touchAll(project);
      const numbers = await range(project, call);
      if (numbers.length === 0) return t.skip(`no ${call} is made`);
      let hit = 0;
      await double.resetRequests();
      for (const [i, n] of sample(numbers, 1).entries()) {
        for (const error of errors(i)) {
          if (cold) touchAll(project);
          const lines = await traced(project, ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${n}`]);
          hit += lines.some((line) => line.includes('INJECTED')) ? 1 : 0;
          assert.equal(await double.count('delete_resource', 'delete_file'), 0, `${error} at ${call} ${n}`);
          assert.ok(same(await double.held(session), held), `${error} at ${call} ${n}: the session lost something`);
        }
      }
      t.diagnostic(`${hit} calls of ${call} were refused`);
      assert.ok(hit > 0, 'something was refused');
      const after = await project.run('apply');
      assert.equal(after.code, 0, after.err);
      assert.ok(same(await double.held(session), held), 'it converges afterwards');
    });
  }
}

test('D2: a directory and a file without permission: what is below stays, the rest goes on', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  for (const name of FILES) write(path.join(project.workspace, name), `content of ${name}`);
  fs.rmSync(path.join(project.workspace, 'b/.sessyncignore'));
  project.mirror(session);
  assert.equal((await project.run('apply')).code, 0);
  const before = filesBelow(project.workspace);
  fs.chmodSync(path.join(project.workspace, 'a/deep'), 0);
  fs.chmodSync(path.join(project.workspace, 'top'), 0);
  fs.rmSync(path.join(project.workspace, 'c/five'));
  write(path.join(project.workspace, 'b/new'), 'new');
  before.delete('/c/five');

  // Root may read everything: somebody else must ask.
  if (process.getuid() === 0) {
    const own = spawnSync('chown', ['-R', '65534:65534', project.dir]);
    assert.equal(own.status, 0);
  }
  const asNobody = () => {
    const command = [process.env.SESSYNC_BIN, ...project.args('apply', ['--timeout', '5s'])];
    const run = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command] : command;
    return new Promise((resolve) => {
      const child = spawn(run[0], run.slice(1), { env: project.env(), cwd: project.dir, stdio: ['ignore', 'ignore', 'pipe'] });
      let err = '';
      child.stderr.on('data', (data) => (err += data));
      child.on('close', () => resolve(err));
    });
  };
  const err = await asNobody();
  const held = await double.held(session);
  for (const [mount, digest] of before) assert.equal(held.get(mount), digest, `${mount} stays; ${err}`);
  assert.ok(held.has('/b/new'), `the rest goes on; ${err}`);
  assert.ok(!held.has('/c/five'), `what is really gone is deleted; ${err}`);

  fs.chmodSync(path.join(project.workspace, 'a/deep'), 0o755);
  fs.chmodSync(path.join(project.workspace, 'top'), 0o644);
  await asNobody();
  assert.ok(same(await double.held(session), filesBelow(project.workspace)), 'it converges afterwards');
});
