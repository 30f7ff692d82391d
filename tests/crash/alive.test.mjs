// First by its name, because it waits for a minute, which the others can use. Each thread of the daemon stands still, one
// at a time: it is named, the probe fails if nothing goes on without it, the rest goes on if it can, and SIGTERM ends the
// daemon all the same. And: there are no more threads to be had.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from '../e2e/harness.mjs';
import { byEffort } from '../lib/effort.mjs';

const SHIM = process.env.SESSYNC_THREAD_SHIM;
const skip = SHIM ? false : 'SESSYNC_THREAD_SHIM is not set: tests/crash/run.sh builds it';
const STANDSTILL_MS = 60_000;
const NO_THREADS = 32; // where the shim looks, and writes; see thread_shim.cpp
const STANDING = 33;

/** A daemon in sync with a session, over which the shim has power. */
class Threads {
  static async start(t, extra = []) {
    const one = new Threads();
    one.double = await Double.start(t);
    one.project = new Project(t, one.double);
    one.session = await one.double.createSession();
    one.control = path.join(one.project.dir, 'control');
    fs.writeFileSync(one.control, Buffer.alloc(64));
    one.file('a.txt', 'first');
    one.project.mirror(one.session);
    one.project.start(['--listen', '127.0.0.1:0', '--log-format', 'json', ...extra],
      { LD_PRELOAD: SHIM, THREAD_CONTROL: one.control });
    await one.project.equal(one.session);
    one.url = 'http://' + (await until('it serves status', () => one.project.daemon.err.match(/"listen":"([^"]+)"/)?.[1]));
    return one;
  }

  file(name, text) {
    write(path.join(this.project.workspace, name), text);
  }

  set(at, text) {
    const fd = fs.openSync(this.control, 'r+');
    fs.writeSync(fd, text, at);
    fs.closeSync(fd);
  }

  /** Whether a thread stands still now. */
  standing() {
    return String.fromCharCode(fs.readFileSync(this.control)[STANDING]) === '1';
  }

  names() {
    const tasks = `/proc/${this.project.daemon.pid}/task`;
    return fs.readdirSync(tasks).map((id) => fs.readFileSync(`${tasks}/${id}/comm`, 'utf8').trim()).sort();
  }

  /** Status and body of a probe; nothing if there is no answer. */
  async ask(probe) {
    try {
      const answer = await fetch(this.url + probe, { signal: AbortSignal.timeout(3_000) });
      return { status: answer.status, body: await answer.text() };
    } catch {
      return { status: 0, body: '' };
    }
  }
}

/** What the process calls its main thread is the controller. */
const spoken = (name) => (name === 'sessync' ? 'controller' : name);
const VITAL = ['controller', 'api', 'store'];

async function isNamed(one, name) {
  const words = new RegExp(`thread ${spoken(name)} has stood still for \\d+ s`);
  await until(() => `${name} is named; ${one.project.daemon.err.slice(-2000)}`, async () => {
    if (one.project.daemon.over) throw new Error(`the daemon ended: ${one.project.daemon.err.slice(-2000)}`);
    // Who serves status cannot say of itself that it does not.
    return words.test(name === 'status' ? one.project.daemon.err : (await one.ask('/readyz')).body);
  }, STANDSTILL_MS + 120_000, 500); // many wait beside each other
}

async function standsStill(t, name) {
  const one = await Threads.start(t);
  one.set(0, name);
  await isNamed(one, name);
  const live = await one.ask('/livez');
  const expected = name === 'status' ? 0 : VITAL.includes(spoken(name)) ? 503 : 200;
  assert.equal(live.status, expected, `${name}: ${live.body}`);
  if (expected === 200 && name !== 'watch') {
    one.file('b.txt', 'second');
    await one.project.equal(one.session);
  }
  if (name !== 'signals') {
    one.project.daemon.kill('SIGTERM');
    const { code } = await one.project.daemon.ended;
    assert.equal(code, 0, name);
  }
}

async function noWorkerIsLeft(t) {
  const one = await Threads.start(t);
  one.set(0, 'worker-*');
  await isNamed(one, 'worker-3');
  const live = await until('the probe fails', async () => {
    const answer = await one.ask('/livez');
    return answer.status === 503 && answer;
  });
  assert.match(live.body, /no worker is left/);
}

test('whichever thread stands still is named, and SIGTERM ends the daemon all the same', { skip, concurrency: true }, async (t) => {
  const model = await Threads.start(t);
  const names = model.names();
  await model.project.stop();
  assert.ok(names.length >= 12, names.join(' '));
  const known = byEffort({ quick: ['sessync', 'worker-0', 'store'], usual: names, full: names });
  // Beside each other: each takes the minute after which it must be noticed.
  await Promise.all([
    ...known.map((name) => t.test(name, (t) => standsStill(t, name))),
    t.test('a daemon whose workers all stand still is not alive', noWorkerIsLeft),
  ]);
});

test('a thread that stands still for less than a minute is nobody\'s business', { skip }, async (t) => {
  const one = await Threads.start(t);
  await until('it is ready', async () => (await one.ask('/readyz')).status === 200);
  one.set(0, 'store\0');
  await until('the thread stands still', () => one.standing());
  for (const probe of ['/livez', '/readyz']) {
    const { status, body } = await one.ask(probe);
    assert.equal(status, 200, body);
    assert.doesNotMatch(body, /stood still/);
  }
  one.set(0, '\0');
  await until('it goes on', () => !one.standing());
  one.file('b.txt', 'second');
  await one.project.equal(one.session);
  assert.equal((await one.project.stop()).code, 0);
  assert.doesNotMatch(one.project.daemon.err, /stood still/);
});

test('where no new thread can be had, everything that a daemon does is done by those it has', { skip }, async (t) => {
  const one = await Threads.start(t);
  const before = one.names();
  one.set(NO_THREADS, '1');
  const events = await fetch(`${one.url}/api/v1/events`, { signal: AbortSignal.timeout(60_000) });
  assert.equal(events.status, 200);
  const reader = events.body.getReader();
  assert.match(Buffer.from((await reader.read()).value).toString(), /^event: status/);
  assert.equal((await fetch(`${one.url}/api/v1/sessions/s1/suspend`, { method: 'POST' })).status, 200);
  assert.equal((await fetch(`${one.url}/api/v1/sessions/s1/resume`, { method: 'POST' })).status, 200);
  for (let i = 0; i < 100; i++) one.file(`many/${i}.txt`, `content ${i}`);
  await one.project.equal(one.session);
  assert.deepEqual(one.names(), before);
  await reader.cancel();
  assert.equal((await one.project.stop()).code, 0);
});

test('where not all threads can be had at the start, it says so and ends', { skip }, async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.mirror(await double.createSession());
  const control = path.join(project.dir, 'control');
  fs.writeFileSync(control, Buffer.concat([Buffer.alloc(NO_THREADS), Buffer.from('1'), Buffer.alloc(31)]));
  const { code, err } = await project.run('run', ['--listen', 'off'], { LD_PRELOAD: SHIM, THREAD_CONTROL: control });
  assert.equal(code, 1);
  assert.match(err, /thread .* cannot be started .*ulimit -u/);
});
