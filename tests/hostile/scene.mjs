// Two converged sessions behind a server that begins to lie about the first.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Double, Project, filesBelow, sha256, until, write } from '../e2e/harness.mjs';
import { Liar } from './liar.mjs';

const MOST_MEMORY_MB = 600;
const THEIRS = '/theirs/report.pdf';

// Line ends and tabs are the terminal's business; everything else below a blank, DEL and C1 are not.
// eslint-disable-next-line no-control-regex
export const CONTROL = /[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e]/;

/** Throws if a text that sessync printed could make a terminal do something. */
export function assertHarmless(text) {
  const at = text.search(CONTROL);
  assert.equal(at, -1, `raw control character in ${JSON.stringify(text.slice(Math.max(0, at - 80), at + 20))}`);
}

export class Scene {
  static async start(t, { timeout = '1s' } = {}) {
    const scene = new Scene();
    scene.double = await Double.start(t);
    scene.liar = await Liar.start(t, scene.double);
    scene.project = new Project(t, scene.double);
    scene.env = { ANTHROPIC_BASE_URL: scene.liar.url };
    scene.first = await scene.double.createSession();
    scene.second = await scene.double.createSession();
    await scene.double.somebodyAdds(scene.first, THEIRS, 'theirs');
    scene.theirs = new Map([[THEIRS, sha256('theirs')]]);
    scene.write('a.txt', 'a');
    scene.write('b.txt', 'b');
    scene.declare();
    scene.project.start(['--request-timeout', timeout, '--list-grace', '500ms'], scene.env);
    await scene.converged();
    return scene;
  }

  /** Like Project.mirror, but looked at again every ten seconds: some lies leave nothing that would be tried again soon. */
  declare() {
    const session = (name, id) => `  - name: ${name}
    session_id: ${id}
    interval: 10s
    max_deletes: 100%
    resources:
      - {type: file, source: ./, mount_path: /}
`;
    this.project.declare(`version: 1\nowner: e2e\nsessions:\n${session('s1', this.first)}${session('s2', this.second)}`);
  }

  write(name, text) {
    write(path.join(this.project.workspace, name), text);
  }

  async converged() {
    await this.project.equal(this.second);
    await this.project.equal(this.first, { extra: this.theirs });
  }

  get log() {
    return this.project.daemon.err;
  }

  async row(mount) {
    const rows = await this.double.rows(this.first);
    return rows.find((row) => row.mount_path?.endsWith(mount))?.id;
  }

  /** Nothing that was there before the lie is gone: what somebody else put there, and what did not change. */
  async assertKept() {
    const held = await this.double.held(this.first);
    assert.equal(held.get(THEIRS), sha256('theirs'), 'what somebody else put there stays');
    assert.equal(held.get('/b.txt'), sha256('b'), 'what did not change stays');
  }

  assertBounded() {
    const status = fs.readFileSync(`/proc/${this.project.daemon.pid}/status`, 'utf8');
    const high = Number(status.match(/VmHWM:\s+(\d+) kB/)[1]) / 1024;
    assert.ok(high < MOST_MEMORY_MB, `the daemon took ${high.toFixed(0)} MB`);
    return high;
  }

  async lieUntil(lie, { says, times = 1 }) {
    this.liar.lie(lie);
    this.write('a.txt', 'a, changed');
    this.write('c.txt', 'c');
    await until(
      () => `the daemon says ${says} (${this.liar.told} lies told); ${this.log.slice(-1500)}`,
      async () => this.liar.told >= times && (!says || says.test(this.log)),
    );
  }

  async stop() {
    const ended = await Promise.race([this.project.stop(), new Promise((late) => setTimeout(late, 20_000, 'late').unref())]);
    assert.deepEqual(ended, { code: 0, signal: null });
    assertHarmless(this.log);
    assertHarmless(this.project.daemon.out);
  }

  /** The lie is told until the daemon has said so; the other session goes on; then the truth heals everything. */
  async survives(lie, { says, times, others = true } = {}) {
    await this.lieUntil(lie, { says, times });
    if (others) await this.project.equal(this.second);
    await this.assertKept();
    this.assertBounded();
    this.liar.honest();
    await this.converged();
    await this.assertKept();
    const wanted = filesBelow(this.project.workspace).size + 1;
    assert.equal((await this.double.rows(this.first)).length, wanted, 'no row is left over');
    await this.stop();
  }
}
