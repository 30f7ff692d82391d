// What the tests of reading share: programs that write while sessync reads.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { sha256, until, write } from '../e2e/harness.mjs';

/** A program of its own that runs `code`; `file` is its first argument. It prints a line when it is ready. */
export class Program {
  static async start(t, code, file) {
    const program = new Program();
    program.child = spawn(process.execPath, ['-e', `const fs = require('fs'); const file = process.argv[1]; ${code}`, file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    program.out = '';
    program.child.stdout.on('data', (data) => (program.out += data));
    program.ended = new Promise((resolve) => program.child.on('close', resolve));
    t.after(() => program.kill());
    await until('the program is ready', () => program.out !== '');
    return program;
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Ends its standard input, upon which it finishes its work; waits for its end. */
  async finish() {
    this.child.stdin.end();
    await this.ended;
  }
}

/** A program that opens the file and writes half of its new content, and the other half when it is told to. */
export const HALVES = `
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, 'N'.repeat(5000), 0);
  console.log('half');
  process.stdin.resume();
  process.stdin.on('end', () => { fs.writeSync(fd, 'N'.repeat(5000), 5000); fs.closeSync(fd); process.exit(0); });`;

const LINE = `const line = (i) => String(i).padStart(9, '0') + '\\n'; let next = 0; let ended = false;
  process.stdin.resume();
  process.stdin.on('end', () => { ended = true; });
  const due = process.hrtime.bigint();
  const missing = () => Number((process.hrtime.bigint() - due) / 1000000n) - next;`;

/** A log that gets a thousand lines a second and stays open. */
export const OPEN_LOG = `${LINE}
  const fd = fs.openSync(file, 'a');
  const tick = () => {
    for (let left = missing(); left > 0; left--) fs.writeSync(fd, line(next++));
    if (next > 0) console.log(next);
    if (ended) { fs.closeSync(fd); process.exit(0); }
    setTimeout(tick, 1);
  };
  tick();`;

/** A log that gets a thousand lines a second and is opened and closed for each of them. */
export const REOPENED_LOG = `${LINE}
  const tick = () => {
    for (let left = missing(); left > 0; left--) fs.appendFileSync(file, line(next++));
    if (next > 0) console.log(next);
    if (ended) process.exit(0);
    setTimeout(tick, 1);
  };
  tick();`;

/** The digests of everything that the log ever held: all of its first n lines. */
export function digestsOfLog(text) {
  const digests = new Set();
  const hash = createHash('sha256');
  digests.add(hash.copy().digest('hex'));
  for (let at = 0; at < text.length; at += 10) {
    hash.update(text.slice(at, at + 10));
    digests.add(hash.copy().digest('hex'));
  }
  return digests;
}

/** Every upload has the bytes that its name says. Returns the uploads of files with this basename. */
export async function uploadsOf(double, basename) {
  const uploads = await double.call('GET', '/_double/uploads');
  const found = [];
  for (const upload of uploads) {
    const [, , digest, ...name] = upload.filename.split('.');
    assert.equal(digest, upload.sha256.slice(0, 32), `${upload.filename} holds other bytes than its name says`);
    if (name.join('.') === basename) found.push(upload);
  }
  return found;
}

/** Watches what the session holds at a path, until it is stopped. */
export class Observer {
  constructor(double, session, mount) {
    this.seen = new Set();
    this.running = (async () => {
      while (!this.stopped) {
        const digest = (await double.held(session)).get(mount);
        if (digest !== undefined) this.seen.add(digest);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
  }

  async stop() {
    this.stopped = true;
    await this.running;
    return this.seen;
  }
}

/** A change to another file has come through: sessync has looked at everything since. */
export async function barrier(project, session, text) {
  write(path.join(project.workspace, 'barrier'), text);
  await until(`the session holds the barrier ${text}`, async () => (await project.double.held(session)).get('/barrier') === sha256(text));
}

export const read = (file) => fs.readFileSync(file, 'utf8');
