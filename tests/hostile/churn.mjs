// Everything at once: files, manifests, tokens, outputs and faults change while a daemon runs. What it drives is any
// Project of the end-to-end tests.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CANARY, filesBelow, same, until, write } from '../e2e/harness.mjs';

const FAULTS = [
  { kind: 'cut_after' },
  { kind: 'cut_before' },
  { status: 500 },
  { status: 429, headers: { 'retry-after-ms': '200' } },
  { kind: 'status_after', status: 504 },
  { kind: 'not_json' },
];
const OPERATIONS = ['upload', 'add', 'delete', 'list', 'rotate', 'get_session', 'list_session_files', 'download_file'];

/** Numbers that only look random: a run can be repeated. */
export function dice(seed) {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % sides;
  };
}

export class Churn {
  constructor(project, double, { sessions = 3, seed = 1 } = {}) {
    Object.assign(this, { project, double, count: sessions, roll: dice(seed), round: 0 });
    this.token = path.join(project.dir, 'token');
  }

  /** Makes the sessions, a first workspace and the manifest. */
  async prepare() {
    this.sessions = [];
    const repository = { type: 'github_repository', url: 'https://github.com/example-org/example', mount_path: '/workspace/example', authorization_token: 'first' };
    for (let i = 0; i < this.count; i++) {
      this.sessions.push(await this.double.createSession(i === 0 ? { resources: [repository] } : {}));
    }
    this.newToken();
    for (let i = 0; i < 20; i++) this.edit();
    this.declare();
  }

  newToken() {
    write(this.token, `${CANARY}${this.round}\n`);
  }

  declare(broken = false) {
    const sessions = this.sessions.map((id, i) => this.session(id, i)).join('');
    this.project.declare(`version: 1\nowner: churn\n# round ${this.round}\nsessions:\n${sessions}${broken ? '  - [\n' : ''}`);
  }

  session(id, i) {
    const repository = `      - type: github_repository
        url: https://github.com/example-org/example
        mount_path: /workspace/example
        authorization_token: {file: token}
`;
    return `  - name: s${i}
    session_id: ${id}
    interval: 10s
    max_files: ${500 - (this.round % 7)}
    max_deletes: 100%
    outputs: {destination: s${i}}
    resources:
      - {type: file, source: ./, mount_path: /}
${i === 0 ? repository : ''}`;
  }

  name() {
    return path.join(this.project.workspace, `d${this.roll(5)}`, `f${this.roll(12)}`);
  }

  edit() {
    write(this.name(), `${this.round} ${'x'.repeat(this.roll(20_000))}`);
  }

  change() {
    const name = this.name();
    const ways = [
      () => this.edit(),
      () => this.edit(),
      () => fs.rmSync(name, { force: true }),
      () => fs.existsSync(name) && fs.renameSync(name, `${name}.moved`),
      () => fs.rmSync(path.dirname(name), { recursive: true, force: true }),
    ];
    ways[this.roll(ways.length)]();
  }

  async disturb() {
    const fault = () => ({ ...FAULTS[this.roll(FAULTS.length)], operation: OPERATIONS[this.roll(OPERATIONS.length)], times: 1 + this.roll(2) });
    await this.double.faults([fault(), fault()]);
  }

  /** One moment of everything. */
  async step() {
    this.round++;
    for (let i = 0; i < 5; i++) this.change();
    if (this.round % 3 === 0) await this.disturb();
    if (this.round % 4 === 0) this.newToken();
    if (this.round % 5 === 0) this.declare(this.round % 15 === 0);
    if (this.round % 6 === 0) await this.double.agentWrites(this.sessions[this.roll(this.count)], `out${this.round}.txt`, 'output');
    if (this.round % 10 === 0) this.project.daemon.kill('SIGHUP');
  }

  /** Quiet: no faults, a good manifest; every session holds what the workspace holds. */
  async settle(limit = 120_000) {
    await this.double.faults([]);
    this.declare();
    for (const session of this.sessions) {
      const wanted = () => filesBelow(this.project.workspace);
      await until(
        () => `session ${session} equals the workspace; ${this.project.daemon.err.slice(-1500)}`,
        async () => {
          if (this.project.daemon.over) throw new Error(`the daemon ended: ${this.project.daemon.err.slice(-3000)}`);
          return same(await this.double.held(session), wanted());
        },
        limit,
      );
    }
  }
}
