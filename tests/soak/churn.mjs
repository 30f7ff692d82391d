// What changes while the daemon runs: files as people and tools change them, and the manifest.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { write } from '../e2e/harness.mjs';

/** The same sequence for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const MOST_FILES = 60;

/** Changes one workspace of one session at random. */
export class Churn {
  constructor(workspace, sessions, pick) {
    Object.assign(this, { workspace, sessions, pick, count: 0 });
  }

  /** The directory that one session mirrors. */
  directory(session) {
    return path.join(this.workspace, `of-${this.sessions.indexOf(session)}`);
  }

  files(session) {
    const root = this.directory(session);
    if (!fs.existsSync(root)) return [];
    return fs.readdirSync(root, { recursive: true }).map((name) => path.join(root, name)).filter((name) => fs.statSync(name).isFile());
  }

  text() {
    return `content ${this.count} `.repeat(1 + this.pick(this.pick(10) === 0 ? 20_000 : 50));
  }

  fresh(session) {
    return path.join(this.directory(session), `d${this.pick(4)}`, `e${this.pick(3)}`, `f${this.pick(40)}.txt`);
  }

  step() {
    this.count++;
    const session = this.sessions[this.pick(this.sessions.length)];
    const files = this.files(session);
    const old = files[this.pick(files.length)];
    const kind = this.pick(10);
    if (files.length === 0 || (kind < 3 && files.length < MOST_FILES)) return write(this.fresh(session), this.text());
    if (kind < 5) return fs.writeFileSync(old, this.text());
    if (kind === 5) return this.replace(old);
    if (kind === 6) return this.move(old, this.fresh(session));
    if (kind === 7) return fs.appendFileSync(old, 'more\n');
    if (kind === 8 && this.pick(5) === 0) return fs.rmSync(path.dirname(old), { recursive: true });
    return fs.rmSync(old);
  }

  /** As an editor saves. */
  replace(file) {
    fs.writeFileSync(`${file}~`, this.text());
    fs.renameSync(`${file}~`, file);
  }

  move(from, to) {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.renameSync(from, to);
  }
}

/** A manifest in which each session mirrors its directory to a mount point that changes with `version`. */
export function manifest(sessions, version) {
  const entries = sessions.map(
    (id, i) => `  - name: s${i}
    session_id: ${id}
    max_files: 500
    max_deletes: 100%
    resources:
      - type: file
        source: of-${i}/
        exclude: ["never-${version}"]
        mount_path: ${mountOf(i, version)}
`,
  );
  return `version: 1\nowner: soak\nsessions:\n${entries.join('')}`;
}

/** Only the first session's mount point moves. */
export function mountOf(i, version) {
  return i === 0 ? `/at-${version % 2}` : '/at';
}
