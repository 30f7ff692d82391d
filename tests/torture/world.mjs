// What the torture tests share: a mirrored workspace, a daemon in whatever surroundings, and looks at both.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Double, Project, filesBelow, same, until, write } from '../e2e/harness.mjs';

/** How long anything may take. */
const LIMIT = 30_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program whose output is kept, and which does not outlive the test. */
export function begin(t, command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running.add(child);
  child.out = '';
  child.err = '';
  child.stdout.on('data', (data) => (child.out += data));
  child.stderr.on('data', (data) => (child.err += data));
  child.ended = new Promise((resolve) => {
    const end = (code, signal) => {
      running.delete(child);
      child.over = true;
      resolve({ code, signal });
    };
    child.on('error', (error) => {
      child.err += error.message;
      end(127, null);
    });
    child.on('close', end);
  });
  t.after(async () => {
    if (!child.over) child.kill('SIGKILL');
    await child.ended;
  });
  return child;
}

/** True if a command succeeds: what a test needs is there. */
export const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** How this user gets a mount namespace, or nothing. */
export function mountNamespace() {
  if (works('unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt')) return { enter: [], own: [] };
  const user = ['-U', '-r'];
  if (!works('unshare', ...user, '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt')) return null;
  return { enter: ['-U', '--preserve-credentials'], own: user };
}

/** CPU time that a process has used, in seconds. */
export function cpuSeconds(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** One session that mirrors one workspace, whatever happens to it. */
export class World extends Project {
  static async make(t, files = {}) {
    const world = new World(t, await Double.start(t));
    world.session = await world.double.createSession();
    for (const [name, text] of Object.entries(files)) world.put(name, text);
    world.mirrorWith();
    return world;
  }

  /** Mirrors the workspace; `keys` are those of the directory entry, `session` those of the session. */
  mirrorWith(keys = '', session = '') {
    this.declare(`version: 1
owner: torture
sessions:
  - name: s1
    session_id: ${this.session}
    max_files: 500
    max_deletes: 100%
${session}    resources:
      - type: file
        source: ./
        mount_path: /
${keys}`);
  }

  at(name) {
    return path.join(this.workspace, name);
  }

  put(name, text) {
    write(this.at(name), text);
  }

  /** Starts the daemon with a short settle time, behind `prefix`, which must exec it. */
  launch({ prefix = [], extra = [], env = {}, settle = '10ms' } = {}) {
    const daemon = [process.env.SESSYNC_BIN, ...this.args('run', ['--listen', 'off', '--log-format', 'text'])];
    const [command, ...args] = [...prefix, ...daemon, '--settle', settle, ...extra];
    this.daemon = this.keep(begin(this.t, command, args, { env: this.env(env), cwd: this.dir }));
    return this.daemon;
  }

  /** Waits until the daemon has logged it (`from`: position in the log). */
  async logged(pattern, from = 0) {
    await until(
      () => `the log says ${pattern}: ${this.daemon.err.slice(-2000)}`,
      () => {
        if (this.daemon.over) throw new Error(`the daemon ended: ${this.daemon.err.slice(-2000)}`);
        return pattern.test(this.daemon.err.slice(from));
      },
      LIMIT,
    );
  }

  held() {
    return this.double.held(this.session);
  }

  /** Waits until the session equals the workspace, or what `dir` shows of it. */
  async ends(dir = this.workspace, limit = LIMIT) {
    let held;
    await until(
      () => `the session holds what is on disk, and not ${[...(held?.keys() ?? [])].join(' ')}; ${this.daemon.err.slice(-2000)}`,
      async () => {
        if (this.daemon.over) throw new Error(`the daemon ended: ${this.daemon.err.slice(-2000)}`);
        held = await this.held();
        return same(held, filesBelow(dir));
      },
      limit,
    );
  }

  /** After it, everything that was an event before it has been acted on: a file of our own arrived in between. */
  async mark(dir = this.workspace) {
    this.marks = (this.marks ?? 0) + 1;
    write(path.join(dir, 'mark.txt'), `mark ${this.marks} of ${this.dir}`);
    await this.ends(dir);
  }

  /** The writes since the last reset, by kind. */
  async written() {
    const { counts } = await this.double.requests();
    return { uploads: counts.upload ?? 0, adds: counts.add_resource ?? 0, deletes: counts.delete_resource ?? 0 };
  }

  async passes() {
    return this.double.count('list_resources');
  }

  async ended() {
    const how = await this.stop();
    assert.deepEqual(how, { code: 0, signal: null }, this.daemon.err.slice(-2000));
  }
}
