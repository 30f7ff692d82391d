// The systemd unit: what systemd thinks of it, and its own command line really run, told and watched as by systemd.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, scratch, until, write } from '../e2e/harness.mjs';
import { TOP, needs, run, source } from './common.mjs';
import { commands } from './readme.mjs';

const unit = source('systemd/sessync.service');
const setting = (name) => unit.match(new RegExp(`^${name}=((?:.*\\\\\n)*.*)`, 'm'))[1].replace(/\\\n\s*/g, '');

/** The unit with a program that exists here. */
function verifiable(t) {
  const file = path.join(scratch(t), 'sessync.service');
  fs.writeFileSync(file, unit.replaceAll('/usr/bin/sessync', process.env.SESSYNC_BIN));
  return file;
}

test('systemd-analyze verify has nothing to say', needs('systemd-analyze'), (t) => {
  const { stdout, stderr } = run('systemd-analyze', ['verify', '--man=no', verifiable(t)]);
  assert.equal(stdout + stderr, '');
});

test('systemd-analyze security: exposure of at most 2.0', needs('systemd-analyze'), (t) => {
  const { stdout } = run('systemd-analyze', ['security', '--offline=true', '--no-pager', verifiable(t)]);
  const exposure = Number(stdout.match(/Overall exposure level for .*: ([\d.]+)/)[1]);
  assert.ok(exposure <= 2.0, stdout);
});

/** The unit's command line, with this test's directories for the system's. */
function commandLine(project) {
  const places = {
    '/etc/sessync/sessync.yaml': project.manifest,
    '/srv/sessync': project.workspace,
    '%d': path.join(project.dir, 'credentials'),
    '%S': path.join(project.dir, 'lib'),
  };
  let line = setting('ExecStart');
  for (const [there, here] of Object.entries(places)) line = line.replaceAll(there, here);
  assert.doesNotMatch(line, /%\w/);
  const [program, ...args] = line.split(/\s+/);
  assert.equal(program, '/usr/bin/sessync');
  return args;
}

/** Listens as systemd does. */
async function manager(t, dir) {
  const socket = path.join(dir, 'notify');
  const child = spawn('perl', [path.join(TOP, 'tests/deploy/notify-listen.pl'), socket]);
  t.after(() => child.kill());
  const said = { socket, messages: [] };
  let rest = '';
  child.stdout.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    said.messages.push(...lines);
  });
  await until('the socket is there', () => said.messages.shift() === 'listening');
  said.count = (pattern) => said.messages.filter((message) => pattern.test(message)).length;
  said.until = (pattern, times = 1) =>
    until(() => `${pattern} is told; so far: ${said.messages}; ${said.daemon?.err.slice(-2000)}`, () => {
      if (said.daemon?.over && said.count(pattern) < times) throw new Error(`the daemon ended: ${said.daemon.err}`);
      return said.count(pattern) >= times;
    });
  return said;
}

/** A project laid out as the unit expects it, not started. */
function project(t, double) {
  const made = new Project(t, double);
  write(path.join(made.dir, 'credentials/api-key'), 'a-key\n');
  write(path.join(made.workspace, 'a'), 'a');
  return made;
}

/** Starts what the unit starts. */
async function started(t, made, environment = {}) {
  const told = await manager(t, made.dir);
  const [command, ...args] = commandLine(made);
  made.args = (name, extra) => [name, ...extra];
  const daemon = made.begin(command, [...args, '--listen', '127.0.0.1:0'], {
    ANTHROPIC_API_KEY: undefined,
    CREDENTIALS_DIRECTORY: path.join(made.dir, 'credentials'),
    STATE_DIRECTORY: made.state,
    NOTIFY_SOCKET: told.socket,
    ...environment,
  });
  t.after(async () => {
    if (!daemon.over) daemon.kill('SIGKILL');
    await daemon.ended;
  });
  told.daemon = daemon;
  return { daemon, told };
}

const withPerl = needs('perl');

test('started, reloaded and stopped, the service manager is told', withPerl, async (t) => {
  const double = await Double.start(t);
  const made = project(t, double);
  const session = await double.createSession();
  made.mirror(session);
  const { daemon, told } = await started(t, made);
  await told.until(/^READY=1$/);
  await made.equal(session);
  await told.until(/^STATUS=1 sessions?, 1 ready/);
  daemon.kill('SIGHUP');
  await told.until(/^RELOADING=1 \| MONOTONIC_USEC=\d+$/);
  await told.until(/^READY=1$/, 2);
  daemon.kill('SIGTERM');
  await told.until(/^STOPPING=1/);
  assert.deepEqual(await daemon.ended, { code: 0, signal: null });
  assert.equal(told.count(/WATCHDOG/), 0, 'nobody asked for signs of life');
  const order = told.messages.filter((message) => !message.startsWith('STATUS=')).map((message) => message.split('=')[0]);
  assert.deepEqual(order, ['READY', 'RELOADING', 'READY', 'STOPPING']);
});

test('ready without an API, without a good manifest; the status page answers by then', withPerl, async (t) => {
  const double = await Double.start(t);
  const made = project(t, double);
  await double.stop();
  made.declare('version: [');
  const { daemon, told } = await started(t, made);
  await told.until(/^READY=1$/);
  const { listen } = JSON.parse(fs.readFileSync(path.join(made.state, 'daemon.json'), 'utf8'));
  assert.equal((await fetch(`http://${listen}/livez`)).status, 200);
  assert.equal(daemon.over, undefined);
});

test('signs of life come as long as a watchdog waits for them', withPerl, async (t) => {
  const double = await Double.start(t);
  const made = project(t, double);
  made.mirror(await double.createSession());
  const { told } = await started(t, made, { WATCHDOG_USEC: '400000' });
  await told.until(/^WATCHDOG=1$/, 5);
});

test('a watchdog of another process is none of ours', withPerl, async (t) => {
  const double = await Double.start(t);
  const made = project(t, double);
  const session = await double.createSession();
  made.mirror(session);
  const { told } = await started(t, made, { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' });
  await told.until(/^READY=1$/);
  await made.equal(session);
  assert.equal(told.count(/WATCHDOG/), 0);
});

test('the documented restart policy fits the exit codes', () => {
  assert.equal(setting('Restart'), 'on-failure');
  assert.doesNotMatch(unit, /^RestartPreventExitStatus=/m, 'what is in use or taken may be free later');
  assert.equal(setting('StartLimitIntervalSec'), '0', 'it is tried for ever');
  assert.ok(parseInt(setting('RestartSec'), 10) >= 10, 'but not in haste');
  assert.equal(setting('Type'), 'notify');
});

/** Where the README puts a file, as it would be below `root`; the directory is there, as on any system. */
function installed(words, root) {
  const target = words.at(-1);
  const dir = words.includes('-d');
  const into = (name) => path.join(root, name);
  for (const name of ['/usr/bin', '/etc/systemd/system']) fs.mkdirSync(into(name), { recursive: true });
  const args = dir ? words.map((word) => (word.startsWith('/') ? into(word) : word)) : [...words.slice(0, -1), into(target)];
  run('install', args, { cwd: root });
}

test('the README\'s installation puts everything where the unit looks for it', (t) => {
  const root = scratch(t);
  write(path.join(root, 'sessync'), 'program');
  write(path.join(root, 'sessync.yaml'), 'version: 1\n');
  write(path.join(root, 'api-key'), 'a-key\n');
  write(path.join(root, 'deploy/systemd/sessync.service'), unit);
  const lines = commands('systemd').map((line) => line.replace(/^sudo /, '').split(/\s+/));
  for (const [, ...words] of lines.filter(([program]) => program === 'install')) installed(words, root);
  const there = (name) => fs.statSync(path.join(root, name));
  const [program, ...args] = setting('ExecStart').split(/\s+/);
  const option = (name) => args[args.indexOf(name) + 1];
  assert.equal(there(program).mode & 0o777, 0o755);
  assert.ok(there(option('--manifest')).isFile());
  assert.ok(there(option('--workspace')).isDirectory());
  assert.equal(there(setting('LoadCredential').split(':')[1]).mode & 0o777, 0o600, 'nobody else reads the key');
  assert.equal(fs.readFileSync(path.join(root, '/etc/systemd/system/sessync.service'), 'utf8'), unit);
});

test('the README\'s other commands name the unit and its state', (t) => {
  const state = `/var/lib/${setting('StateDirectory')}`;
  for (const line of commands('systemd').map((text) => text.replace(/^sudo /, ''))) {
    const [program, ...args] = line.split(/\s+/);
    if (program === 'sessync') assert.deepEqual(args, ['status', '--state-dir', state]);
    else if (program === 'systemctl') assert.ok(args.at(-1) === 'sessync' || args[0] === 'daemon-reload', line);
    else if (program === 'journalctl') assert.equal(args[args.indexOf('-u') + 1], 'sessync');
    else assert.ok(['install', 'systemd-analyze'].includes(program), `${line}: what runs this?`);
  }
  assert.ok(setting('ExecReload').includes('HUP'), 'systemctl reload');
});

test('sessync status --state-dir finds the daemon, as an administrator asks', withPerl, async (t) => {
  const double = await Double.start(t);
  const made = project(t, double);
  const session = await double.createSession();
  made.mirror(session);
  const { told } = await started(t, made);
  await told.until(/^READY=1$/);
  await made.equal(session);
  // From anywhere: there is no manifest at hand.
  const status = run(process.env.SESSYNC_BIN, ['status', '--state-dir', made.state], { cwd: '/' });
  assert.match(status.stdout, /s1/);
});
