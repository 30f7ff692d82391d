// What whoever takes over the process can still reach: attempts from inside of it (sandbox_probe.cpp), places that are
// swapped for links, and what the kernel says of its threads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, until, write } from '../e2e/harness.mjs';

const PROBE = process.env.SESSYNC_SANDBOX_PROBE;
const { EPERM, EACCES, ENOSYS, EAFNOSUPPORT } = { EPERM: 1, EACCES: 13, ENOSYS: 38, EAFNOSUPPORT: 97 };

/** A project whose parts lie in directories of their own, and one directory that is none of its business. */
async function scene(t, more = '') {
  const double = await Double.start(t);
  const project = new Project(t, double);
  fs.rmdirSync(project.workspace);
  const at = (...names) => path.join(project.dir, ...names);
  project.manifest = at('etc/sessync.yaml');
  project.workspace = at('data/workspace');
  for (const where of ['outside', 'data/workspace', 'outputs', 'etc']) write(at(where, 'file'), 'x');
  for (const where of ['tmp', 'home']) fs.mkdirSync(at(where));
  fs.mkdirSync(project.state, { mode: 0o700 });
  write(at('state/file'), 'x');
  const session = await double.createSession();
  project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${session}\n    interval: 10s\n${more}    resources:
      - {type: file, source: ./, mount_path: /}\n      - {type: file, source: ./, archive: zip, mount_path: /all.zip}\n`);
  const env = { TMPDIR: at('tmp'), HOME: at('home') };
  const start = (args = [], extra = {}) => project.start(['--listen', '127.0.0.1:0', '--secrets-dir', at('etc'), '--outputs-dir', at('outputs'), ...args], { ...env, ...extra });
  const isReady = async () => {
    const url = await addressOf(project);
    await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
    return url;
  };
  return { double, project, session, at, start, isReady };
}

const OUTPUTS = '    outputs: {destination: s1}\n';
const landlockIsOff = (project) => project.daemon.err.split('\n').filter((line) => /Landlock is off/.test(line));

/** Whether this machine's kernel can do it; said loudly where it cannot. */
function hasLandlock(t) {
  const { stderr } = spawnSync(process.env.SESSYNC_BIN, ['version'], { encoding: 'utf8', env: { LD_PRELOAD: PROBE, PROBE: '/nonexistent' } });
  const version = Number(stderr.match(/^probe: landlock (-?\d+)$/m)?.[1]);
  assert.ok(!Number.isNaN(version), stderr);
  if (version > 0) return true;
  console.error('NOT TESTED: this kernel has no Landlock (or does not let this process use it)');
  t.skip('NOT TESTED: no Landlock here');
  return false;
}

/** What was tried inside of the daemon, and what came of it: "main outside.read" -> errno. */
async function attempts(t, args) {
  const made = await scene(t, OUTPUTS);
  made.start(args, { LD_PRELOAD: PROBE, PROBE: made.project.dir });
  await until(() => `everything was tried: ${made.project.daemon.err.slice(-2000)}`, () => /^probe: other done$/m.test(made.project.daemon.err));
  const results = new Map([...made.project.daemon.err.matchAll(/^probe: (\S+ \S+) (\d+)$/gm)].map(([, name, error]) => [name, Number(error)]));
  await made.isReady();
  await until('the session is filled', async () => (await made.double.held(made.session)).size === 2);
  return { ...made, of: (name) => ['main', 'other'].map((thread) => results.get(`${thread} ${name}`)) };
}

const both = (error) => [error, error];
const CHANGES = ['write', 'make', 'mkdir'];

test('foreign code inside of the daemon opens nothing outside, changes only state and outputs, and leaves no link', async (t) => {
  if (!hasLandlock(t)) return;
  const { of } = await attempts(t, []);
  for (const attempt of ['list', 'read', ...CHANGES]) assert.deepEqual(of(`outside.${attempt}`), both(EACCES), `outside.${attempt}`);
  for (const where of ['workspace', 'etc']) {
    for (const attempt of ['list', 'read']) assert.deepEqual(of(`${where}.${attempt}`), both(0), `${where}.${attempt}`);
    for (const attempt of CHANGES) assert.deepEqual(of(`${where}.${attempt}`), both(EACCES), `${where}.${attempt}`);
  }
  for (const where of ['state', 'outputs']) {
    for (const attempt of ['list', 'read', ...CHANGES, 'rename', 'remove', 'rmdir']) assert.deepEqual(of(`${where}.${attempt}`), both(0), `${where}.${attempt}`);
  }
  for (const where of ['outside', 'workspace', 'etc', 'state', 'outputs']) assert.deepEqual(of(`${where}.symlink`), both(EACCES), where);
});

test('foreign code inside of the daemon starts no program, looks into no process and reaches no rare part of the kernel', async (t) => {
  const { of } = await attempts(t, []);
  for (const call of ['execve', 'fork', 'ptrace', 'process_vm_readv', 'unshare', 'setns', 'setuid', 'bpf', 'tiocsti']) assert.deepEqual(of(call), both(EPERM), call);
  for (const call of ['clone3', 'newer']) assert.deepEqual(of(call), both(ENOSYS), call);
  assert.deepEqual(of('packet'), both(EAFNOSUPPORT));
  for (const family of [1, 2, 10]) assert.deepEqual(of(`socket.${family}`), both(0), `family ${family}`);
});

test('with --no-sandbox all of it is possible: the attempts are real', async (t) => {
  const { of, project } = await attempts(t, ['--no-sandbox']);
  for (const where of ['outside', 'workspace', 'etc', 'state', 'outputs']) {
    for (const attempt of ['list', 'read', ...CHANGES, 'rename', 'remove', 'rmdir', 'symlink']) assert.deepEqual(of(`${where}.${attempt}`), both(0), `${where}.${attempt}`);
  }
  for (const call of ['fork', 'process_vm_readv', 'unshare', 'setuid']) assert.deepEqual(of(call), both(0), call);
  for (const call of ['execve', 'ptrace', 'setns', 'tiocsti']) for (const error of of(call)) assert.notEqual(error, EPERM, call);
  assert.deepEqual(landlockIsOff(project), [], 'who asked for it is not told');
});

/** What the kernel says of each thread. */
function threadsOf(pid) {
  return fs.readdirSync(`/proc/${pid}/task`).map((thread) => {
    const text = fs.readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    const field = (name) => Number(text.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))?.[1]);
    return { name: text.match(/^Name:\s+(.*)/m)[1], seccomp: field('Seccomp'), privileges: field('NoNewPrivs'), filters: field('Seccomp_filters') };
  });
}

test('every thread is filtered and can gain no privileges, unless --no-sandbox is given', async (t) => {
  const { project, start, isReady } = await scene(t);
  start();
  await isReady();
  const threads = threadsOf(project.daemon.pid);
  assert.ok(threads.length > 5);
  for (const thread of threads) assert.deepEqual([thread.seccomp, thread.privileges], [2, 1], thread.name);
  const { filters } = threads[0];
  await project.stop();
  start(['--no-sandbox']);
  await isReady();
  for (const thread of threadsOf(project.daemon.pid)) if (!Number.isNaN(filters)) assert.equal(thread.filters, filters - 1, thread.name);
});

test('an outputs directory that is swapped for a link receives nothing outside, and readyz says why', async (t) => {
  if (!hasLandlock(t)) return;
  const { double, project, session, at, start, isReady } = await scene(t, OUTPUTS);
  const swap = () => {
    fs.renameSync(at('outputs'), at('tmp/was'));
    fs.symlinkSync(at('outside'), at('outputs'));
  };
  const back = () => {
    fs.rmSync(at('outputs'));
    fs.renameSync(at('tmp/was'), at('outputs'));
  };
  start();
  const url = await isReady();
  swap();
  await double.agentWrites(session, 'result.txt', 'from the agent');
  await project.run('reconcile', ['s1']);
  await until('it is said', async () => /outputs is not what was there .*--no-sandbox/.test(await (await fetch(`${url}/readyz`)).text()));
  await until('the fetch has failed', () => /cannot be (brought back|created)|Permission denied/.test(project.daemon.err));
  assert.deepEqual(fs.readdirSync(at('outside')), ['file']);
  back();
  await project.run('reconcile', ['s1']);
  await until('it comes to where it belongs', () => fs.existsSync(at('outputs/s1/result.txt')));
  await project.stop();
  swap();
  start(['--no-sandbox']);
  await double.agentWrites(session, 'second.txt', 'from the agent');
  await until('without a sandbox it goes there', () => fs.existsSync(at('outside/s1/second.txt')));
});

/** A workspace that a link in `links/` leads to. */
function behindLink(made) {
  const { at, project } = made;
  for (const release of ['links/first', 'links/second', 'elsewhere']) write(at(release, 'file'), release);
  fs.symlinkSync('first', at('links/current'));
  project.workspace = at('links/current');
  return (target) => {
    fs.symlinkSync(target, at('links/next'));
    fs.renameSync(at('links/next'), at('links/current'));
  };
}

test('a workspace behind a link that is swapped is followed beside it, and not to elsewhere, which readyz and the log say once', async (t) => {
  if (!hasLandlock(t)) return;
  const made = await scene(t);
  const { double, project, session, start, isReady } = made;
  const swap = behindLink(made);
  start();
  const url = await isReady();
  const held = async () => (await double.held(session)).get('/file');
  await until('the first is there', async () => (await held()) !== undefined);
  const first = await held();
  swap('second');
  await until('the second is there', async () => (await held()) !== first);
  const second = await held();
  swap('../elsewhere');
  const says = /current is not what was there when sessync started.*restart/;
  await until('it is said', async () => says.test(await (await fetch(`${url}/readyz`)).text()));
  await until('the source is unavailable', () => /SourceUnavailable/.test(project.daemon.err));
  assert.equal(await held(), second, 'nothing is deleted for it');
  assert.equal(project.daemon.err.split('\n').filter((line) => says.test(line)).length, 1);
  swap('first');
  await until('it goes on', async () => (await held()) === first);
  await until('all is well', async () => !says.test(await (await fetch(`${url}/readyz`)).text()));
});

const OFF = {
  'a workspace behind a link that leads out of its directory': (made) => {
    const swap = behindLink(made);
    swap('../elsewhere');
    return [[], /links\/current leads out of its directory/];
  },
  'commands that are allowed': () => [['--allow-commands'], /--allow-commands/],
  'a directory for temporary files that is not there': (made) => [[], /temporary files .* is not there/, { TMPDIR: made.at('missing') }],
  'CA files that are not there': () => [[], /SSL_CERT_FILE/, { SSL_CERT_FILE: '/nonexistent/ca.pem' }],
};

for (const [what, prepare] of Object.entries(OFF)) {
  test(`for ${what} Landlock is off, which is said once, and the filter is not`, async (t) => {
    const made = await scene(t);
    const [args, says, env] = prepare(made);
    made.start(args, env);
    await made.isReady();
    const [line, ...more] = landlockIsOff(made.project);
    assert.match(line, says);
    assert.deepEqual(more, []);
    for (const thread of threadsOf(made.project.daemon.pid)) assert.equal(thread.seccomp, 2, thread.name);
  });
}

test('a workspace that is not there yet is read once it is, as the link that it becomes', async (t) => {
  const made = await scene(t);
  const { double, session, at, project, start } = made;
  fs.mkdirSync(at('git'));
  project.workspace = at('git/current');
  start();
  await addressOf(project);
  write(at('git/.worktrees/1/file'), 'x');
  fs.symlinkSync('.worktrees/1', at('git/current'));
  await until(() => `it is mirrored: ${project.daemon.err.slice(-1000)}`, async () => (await double.held(session)).has('/file'));
});
