// One small world for one case: a double, a project, a start state, a change to be applied, and the sight of it all.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Double, Project, filesBelow, until, write } from '../e2e/harness.mjs';

const HOURS = 3_600_000;
export const URL = 'https://github.com/example-org/example-repo';
export const SHIM = process.env.SESSYNC_FAULT_SHIM;
/** The double's lists never lag, so they are trusted soon; the default only makes this slower. */
export const GRACE = ['--list-grace', '100ms'];

/** What node's test context is to the harness, for many cases in one test. */
export class Ending {
  constructor() {
    this.last = [];
  }
  after(action) {
    this.last.push(action);
  }
  async end() {
    for (const action of this.last.reverse()) await action();
  }
}

export class World {
  /** `mode`: whether the API refuses a second mount on one path, or lets it shadow the first (reject | shadow). */
  static async make(ending, mode = 'shadow') {
    const world = new World();
    world.double = await Double.start(ending, ['--duplicate-mount', mode]);
    world.project = new Project(ending, world.double);
    world.outputs = path.join(world.project.dir, 'outputs');
    world.secrets = path.join(world.project.dir, 'secrets');
    world.log = path.join(world.project.dir, 'calls');
    return world;
  }

  get dir() {
    return this.project.dir;
  }

  file(name, text) {
    write(path.join(this.project.workspace, name), text);
  }

  /** An existing session with a file of somebody else, declared with these resources and other keys. */
  async session(resources, more = '', fields = {}) {
    this.id = await this.double.createSession(fields);
    this.theirs = await this.double.somebodyAdds(this.id, '/theirs', 'precious');
    this.declare(`session_id: ${this.id}`, resources, more);
  }

  declare(which, resources, more = '') {
    this.project.declare(`version: 1
owner: crash
sessions:
  - name: s
    ${which}
    max_deletes: 100%
    resources:
${resources.map((resource) => `      - ${resource}\n`).join('')}${more}`);
  }

  /** Flags with their values; those of `extra` win. */
  flags(extra = []) {
    const grace = extra.includes('--list-grace') ? [] : GRACE;
    return ['--outputs-dir', this.outputs, '--secrets-dir', this.secrets, ...grace, ...extra];
  }

  /** The variables that let a call go wrong; see fault_shim.cpp. */
  fault(text) {
    const dirs = [this.project.state, this.outputs].join(':');
    return { LD_PRELOAD: SHIM, CRASH_DIRS: dirs, CRASH_LOG: this.log, ...(text && { CRASH_FAULT: text }) };
  }

  /** The calls that were counted, one line each. */
  calls() {
    return fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8').trim().split('\n').filter(Boolean) : [];
  }

  apply(env = {}, extra = []) {
    const timeout = extra.includes('--timeout') ? [] : ['--timeout', '60s'];
    return this.project.json('apply', this.flags([...timeout, ...extra]), env);
  }

  /** The daemon, until the session is as it should be; then it is ended in order. */
  async daemon(env = {}) {
    const child = this.project.start(this.flags(), env);
    const done = () => child.over || /reason=Succeeded/.test(child.err);
    await until(() => `the daemon is done: ${child.err}`, done);
    child.kill('SIGTERM');
    const { code, signal } = await child.ended;
    return { code, signal, out: child.out, err: child.err };
  }

  async everySession() {
    const { data } = await this.double.call('GET', '/v1/sessions?limit=100&include_archived=true');
    return data;
  }

  /** Everything that the session, the API's files and the disk hold, without what differs from run to run. */
  async sight() {
    const sessions = await this.everySession();
    const seen = { sessions: [] };
    for (const session of sessions) seen.sessions.push(await this.sightOf(session));
    seen.uploads = (await this.double.call('GET', '/_double/uploads')).map((file) => file.filename).sort();
    seen.outputs = fs.existsSync(this.outputs) ? [...filesBelow(this.outputs, '', (name) => name === '.sessync-id')].sort() : [];
    const state = fs.existsSync(this.project.state) ? fs.readdirSync(this.project.state) : [];
    seen.state = state.filter((name) => !/^(state\.db(-wal|-shm|-reserve)?|lock)$/.test(name));
    return seen;
  }

  async sightOf({ id, title, metadata }) {
    const rows = await this.double.rows(id);
    const scoped = await this.double.call('GET', `/v1/files?scope_id=${id}&limit=1000`);
    const repositories = await this.double.call('GET', `/_double/repositories?session_id=${id}`);
    return {
      title,
      metadata,
      mounts: rows.map((row) => `${row.type} ${row.mount_path ?? row.memory_store_id}`).sort(),
      theirs: rows.filter((row) => row.id === this.theirs?.id).length,
      held: [...(await this.double.held(id))].sort(),
      copies: scoped.data.map((file) => file.filename).sort(),
      tokens: repositories.map((repository) => `${repository.url} ${repository.token_sha256}`),
    };
  }

  /** What a plan finds, as numbers; and whether it takes the world as it is for finished. */
  async plan() {
    const { code, document, err } = await this.project.json('plan', this.flags(['--detailed-exitcode']));
    return { code, summary: document.summary, err };
  }

  async collect() {
    // gc spares what is young.
    await this.double.call('POST', '/_double/clock', { advance_ms: 3 * HOURS });
    const { code, document, err } = await this.project.json('gc', this.flags(['--yes']));
    return { code, errors: document.errors, err };
  }

  async token(text) {
    write(path.join(this.secrets, 'token'), `${text}\n`);
    fs.chmodSync(path.join(this.secrets, 'token'), 0o600);
  }
}
