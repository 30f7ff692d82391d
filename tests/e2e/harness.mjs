// What the end-to-end tests share: the real binary, the API double over HTTP, real files.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const SESSYNC = process.env.SESSYNC_BIN;
const DOUBLE = process.env.SESSYNC_DOUBLE_BIN;
export const SOURCES = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');

/** Part of every credential that the tests give to sessync: it must turn up nowhere. */
export const CANARY = 'cAnArY+secret/7Zq=';

/** The canary as it is, URL-encoded, and in the three ways that base64 can have it inside a longer text. */
function traces() {
  const middle = (shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(CANARY), Buffer.alloc(2)]);
    return bytes.toString('base64').slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + CANARY.length) * 4) / 3));
  };
  return [CANARY, encodeURIComponent(CANARY), middle(0), middle(1), middle(2)];
}

/** Throws if a text or a file shows a secret. */
function searchForSecrets(what, bytes) {
  for (const trace of traces()) {
    if (bytes.includes(trace)) throw new Error(`${what} shows a secret, as ${trace}`);
  }
}

const HEADERS = {
  'x-api-key': CANARY, // unless the double accepts another one only
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'managed-agents-2026-04-01',
};

/**
 * Calls `check` until it returns something true; fails with `what` after `limit` milliseconds. What takes longer is
 * asked for less often: many wait at a time, and asking is work as well.
 */
export async function until(what, check, limit = 60_000) {
  const end = Date.now() + limit;
  for (let every = 10; ; every = Math.min(1.25 * every, 50)) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`gave up waiting until ${typeof what === 'function' ? what() : what}`);
    await pause(every);
  }
}

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function launch(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running.add(child);
  child.out = '';
  child.err = '';
  child.stdout.on('data', (data) => (child.out += data));
  child.stderr.on('data', (data) => (child.err += data));
  child.ended = new Promise((resolve) =>
    child.on('close', (code, signal) => {
      running.delete(child);
      child.over = true;
      resolve({ code, signal });
    }),
  );
  return child;
}

/** Ends what still works in a directory: a hook that fails keeps those after it from running. */
async function endAllIn(dir) {
  for (const child of [...running].filter((one) => one.spawnargs.some((argument) => argument.includes(dir)))) {
    child.kill('SIGKILL');
    await child.ended;
  }
}

/** A directory that is removed after the test `t`. */
export function scratch(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-e2e-'));
  t.after(async () => {
    await endAllIn(dir);
    spawnSync('chmod', ['-R', 'u+rwX', dir]);
    fs.rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

export function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Runs a shell command in `dir`; throws if it fails. */
export function sh(dir, command) {
  const result = spawnSync('bash', ['-c', command], {
    cwd: dir,
    encoding: 'utf8',
    env: {
      ...process.env,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'test',
      GIT_AUTHOR_EMAIL: 'test@example.org',
      GIT_COMMITTER_NAME: 'test',
      GIT_COMMITTER_EMAIL: 'test@example.org',
    },
  });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr}`);
  return result.stdout;
}

/** What a session must hold for the files below `dir`: mount path -> sha256. */
export function filesBelow(dir, mount = '', skip = (name) => name === '.git') {
  const found = new Map();
  const walk = (at, prefix) => {
    for (const entry of fs.readdirSync(at, { withFileTypes: true })) {
      if (skip(entry.name)) continue;
      const full = path.join(at, entry.name);
      if (entry.isDirectory()) walk(full, `${prefix}/${entry.name}`);
      else if (entry.isFile()) found.set(`${prefix}/${entry.name}`, sha256(fs.readFileSync(full)));
    }
  };
  walk(dir, mount);
  return found;
}

export const sorted = (map) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
export const same = (left, right) => JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));

/** The API double in a process of its own. */
export class Double {
  static async start(t, args = []) {
    const double = new Double();
    const key = args[args.indexOf('--api-key') + 1];
    double.headers = { ...HEADERS, ...(args.includes('--api-key') && { 'x-api-key': key }) };
    double.child = launch(DOUBLE, ['--port', '0', ...args]);
    t.after(() => double.stop());
    double.url = await until('the double listens', () => {
      if (double.child.over) throw new Error(`the double ended: ${double.child.err}`);
      return double.child.out.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    });
    return double;
  }

  async stop() {
    if (!this.child.over) this.child.kill('SIGTERM');
    await this.child.ended;
  }

  async call(method, target, body) {
    const response = await fetch(this.url + target, {
      method,
      headers: body === undefined ? this.headers : { ...this.headers, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  async createSession(fields = {}) {
    const session = await this.call('POST', '/v1/sessions', {
      agent: 'agent_1',
      environment_id: 'env_1',
      ...fields,
    });
    return session.id;
  }

  /** Something that is not sessync uploads a file; returns its id. */
  async upload(bytes, filename = 'report.pdf') {
    const form = new FormData();
    form.append('file', new Blob([bytes]), filename);
    const response = await fetch(`${this.url}/v1/files`, { method: 'POST', headers: this.headers, body: form });
    return (await response.json()).id;
  }

  /** Something that is not sessync puts a file into a session; returns the resource. */
  async somebodyAdds(session, mount, bytes, filename = 'report.pdf') {
    return this.call('POST', `/v1/sessions/${session}/resources`, {
      type: 'file',
      file_id: await this.upload(bytes, filename),
      mount_path: mount,
    });
  }

  async rows(session) {
    return (await this.call('GET', `/v1/sessions/${session}/resources`)).data;
  }

  /** What the session holds: mount path below the uploads directory -> sha256. */
  async held(session) {
    const held = await this.call('GET', `/_double/held?session_id=${session}`);
    const list = Array.isArray(held) ? held : held.data ?? held.held;
    return new Map(list.map((row) => [row.mount_path.replace(/^\/mnt\/session\/uploads/, ''), row.sha256]));
  }

  /** The session's agent writes an output; returns the file. */
  async agentWrites(session, filename, text) {
    return this.call('POST', '/_double/outputs', { session_id: session, filename, text });
  }

  async requests() {
    return this.call('GET', '/_double/requests');
  }

  /** How often an operation was called since the last reset. */
  async count(...operations) {
    const { counts } = await this.requests();
    return operations.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  }

  async writes() {
    return this.count('upload', 'add_resource', 'delete_resource', 'delete_file');
  }

  async resetRequests() {
    await this.call('POST', '/_double/requests/reset', {});
  }

  async switches(values) {
    await this.call('POST', '/_double/switches', values);
  }

  async faults(rules) {
    await this.call('POST', '/_double/faults', rules);
  }
}

/** Their paths. Node 18 by itself takes a socket for a directory when it lists recursively. */
function regularFiles(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(directory, entry.name);
    if (entry.isDirectory()) return regularFiles(at);
    return entry.isFile() ? [at] : [];
  });
}

/** One project: a manifest, a workspace, a state directory, and the ways to run sessync on them. */
export class Project {
  constructor(t, double, dir) {
    t.after(async () => {
      await endAllIn(this.dir);
      this.searchForSecrets();
    });
    this.t = t;
    this.double = double;
    this.dir = dir ?? scratch(t);
    this.children = [];
    this.manifest = path.join(this.dir, 'sessync.yaml');
    this.workspace = path.join(this.dir, 'workspace');
    this.state = path.join(this.dir, 'state');
    fs.mkdirSync(this.workspace, { recursive: true });
  }

  /** Everything that sessync printed or wrote. */
  searchForSecrets() {
    for (const child of this.children) searchForSecrets(`the output of ${child.spawnargs.join(' ')}`, child.out + child.err);
    for (const dir of [this.state, path.join(this.dir, 'outputs')]) {
      const files = fs.existsSync(dir) ? regularFiles(dir) : [];
      for (const file of files) searchForSecrets(file, fs.readFileSync(file));
    }
  }

  declare(text) {
    write(this.manifest, text);
  }

  /** A manifest that mirrors the whole workspace into each of the sessions. */
  mirror(...sessions) {
    const entries = sessions.map(
      (id, i) => `  - name: s${i + 1}
    session_id: ${id}
    max_files: 500
    max_deletes: 100%
    resources:
      - type: file
        source: ./
        mount_path: /
`,
    );
    this.declare(`version: 1\nowner: e2e\nsessions:\n${entries.join('')}`);
  }

  env(extra = {}) {
    const env = { ...process.env, ANTHROPIC_API_KEY: CANARY };
    if (this.double) env.ANTHROPIC_BASE_URL = this.double.url;
    Object.assign(env, extra);
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
    return env;
  }

  args(command, extra) {
    const common = ['-m', this.manifest, '-w', this.workspace, '--state-dir', this.state];
    return [command, ...common, ...extra];
  }

  keep(child) {
    this.children.push(child);
    return child;
  }

  /** Starts something that is not sessync itself, but leads to it. */
  launch(command, words, env = {}) {
    return this.keep(launch(command, words, { env: this.env(env), cwd: this.dir }));
  }

  /** Starts a command. */
  begin(command, extra = [], env = {}) {
    return this.keep(launch(SESSYNC, this.args(command, extra), { env: this.env(env), cwd: this.dir }));
  }

  /** Starts a command that has nothing to do with a project. */
  beginAlone(command, extra = [], env = {}) {
    return this.keep(launch(SESSYNC, [command, ...extra], { env: this.env(env), cwd: this.dir }));
  }

  /** Runs a command to its end. */
  async run(command, extra = [], env = {}) {
    const child = this.begin(command, extra, env);
    const { code, signal } = await child.ended;
    return { code, signal, out: child.out, err: child.err };
  }

  async json(command, extra = [], env = {}) {
    const result = await this.run(command, ['-o', 'json', ...extra], env);
    try {
      return { ...result, document: JSON.parse(result.out) };
    } catch {
      throw new Error(`${command} printed no JSON (exit ${result.code}): ${result.out}${result.err}`);
    }
  }

  /** Starts the daemon. */
  start(extra = [], env = {}) {
    const usual = { '--listen': 'off', '--log-format': 'text' };
    const flags = Object.entries(usual).filter(([flag]) => !extra.includes(flag));
    const child = launch(SESSYNC, this.args('run', [...flags.flat(), ...extra]), {
      env: this.env(env),
      cwd: this.dir,
    });
    this.daemon = this.keep(child);
    return this.daemon;
  }

  async stop(signal = 'SIGTERM') {
    this.daemon.kill(signal);
    return this.daemon.ended;
  }

  /** Waits until the session holds exactly the files of the workspace (and `extra`). */
  async equal(session, { mount = '', extra = new Map(), limit } = {}) {
    let held;
    await until(
      () => `the session equals the workspace; it holds ${[...(held?.keys() ?? [])].join(' ')}; ${this.daemon?.err.slice(-2000)}`,
      async () => {
        if (this.daemon?.over) throw new Error(`the daemon ended: ${this.daemon.err.slice(-2000)}`);
        held = await this.double.held(session);
        return same(held, new Map([...filesBelow(this.workspace, mount), ...extra]));
      },
      limit,
    );
  }
}

/** Where the daemon says that it listens. */
export async function addressOf(project) {
  const file = path.join(project.state, 'daemon.json');
  await until('the daemon leaves its address', () => {
    if (project.daemon.over) throw new Error(`the daemon ended: ${project.daemon.err}`);
    return fs.existsSync(file);
  });
  return `http://${JSON.parse(fs.readFileSync(file, 'utf8')).listen}`;
}

/** From now on the commands find the daemon through its port only. */
export function throughPort(project) {
  const file = path.join(project.state, 'daemon.json');
  fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), socket: '' }));
}
