// Programs that write while the daemon reads: what the session holds is always something that the file was.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { Double, Project, sha256, until, write } from '../e2e/harness.mjs';
import { Program, HALVES, OPEN_LOG, Observer, REOPENED_LOG, barrier, digestsOfLog, read, uploadsOf } from './helpers.mjs';

const OLD = 'O'.repeat(10_000);
const NEW = 'N'.repeat(10_000);
const HALF = 'N'.repeat(5000) + 'O'.repeat(5000);

async function mirrored(t, files, args = []) {
  const double = await Double.start(t, args);
  const project = new Project(t, double);
  const session = await double.createSession();
  for (const [name, text] of Object.entries(files)) write(path.join(project.workspace, name), text);
  project.mirror(session);
  return { double, project, session, at: (name) => path.join(project.workspace, name) };
}

// Most of the time goes by until a file has been left alone for long enough.
describe('programs that write', { concurrency: 3 }, () => {
  test('T2: half a file is not mirrored while its writer pauses, however many passes look at it', async (t) => {
    const { double, project, session, at } = await mirrored(t, { data: OLD });
    project.start();
    await project.equal(session);
    const observer = new Observer(double, session, '/data');
    const writer = await Program.start(t, HALVES, at('data'));
    for (const round of ['1', '2', '3', '4']) await barrier(project, session, round);
    assert.equal((await double.held(session)).get('/data'), sha256(OLD), 'the old version stays');
    await writer.finish();
    await project.equal(session);
    for (const digest of await observer.stop()) assert.ok([sha256(OLD), sha256(NEW)].includes(digest), digest);
    for (const upload of await uploadsOf(double, 'data')) assert.notEqual(upload.sha256, sha256(HALF));
  });

  test('T2: what a writer leaves behind when it is killed midway is the file, from then on', async (t) => {
    const { double, project, session, at } = await mirrored(t, { data: OLD });
    project.start();
    await project.equal(session);
    const writer = await Program.start(t, HALVES, at('data'));
    await barrier(project, session, '1');
    assert.equal((await double.held(session)).get('/data'), sha256(OLD));
    await writer.kill();
    await project.equal(session);
    assert.equal((await double.held(session)).get('/data'), sha256(HALF));
    write(at('data'), NEW);
    await project.equal(session);
  });

  test('T3: a log that is kept open and written all the time is not mirrored, its neighbours are', async (t) => {
    const { double, project, session, at } = await mirrored(t, { log: '', other: 'x' });
    project.start();
    await project.equal(session);
    const writer = await Program.start(t, OPEN_LOG, at('log'));
    for (let round = 0; round < 5; round++) await barrier(project, session, String(round));
    assert.equal((await double.held(session)).get('/log'), sha256(''), 'the old version stays');
    assert.equal((await uploadsOf(double, 'log')).length, 1);
    assert.ok(read(at('log')).length > 0, 'it was written meanwhile');
    const planned = await project.json('plan', []);
    assert.match(planned.out, /"code": *"unstable"/);
    await writer.finish();
    await project.equal(session);
  });

  test('T3: a log that is opened and closed for each of a thousand lines a second: bounded uploads, each of whole lines', async (t) => {
    const { double, project, session, at } = await mirrored(t, { log: '' });
    project.start();
    await project.equal(session);
    const observer = new Observer(double, session, '/log');
    const begin = Date.now();
    const writer = await Program.start(t, REOPENED_LOG, at('log'));
    await until('the log was mirrored three times', async () => (await uploadsOf(double, 'log')).length > 3);
    const seconds = (Date.now() - begin) / 1000;
    const uploads = (await uploadsOf(double, 'log')).length - 1;
    await writer.finish();
    await project.equal(session);
    t.diagnostic(`${uploads} uploads in ${seconds.toFixed(1)} s, ${((uploads * 60) / seconds).toFixed(0)} a minute`);
    assert.ok(uploads <= 2 + seconds, `${uploads} uploads in ${seconds} s`);
    const was = digestsOfLog(read(at('log')));
    for (const digest of await observer.stop()) assert.ok(was.has(digest), 'the session held what the log never was');
  });

  test('T4: a file that grows while it is uploaded: the session holds what was hashed', async (t) => {
    const { double, project, session, at } = await mirrored(t, {}, ['--latency-ms', '100']);
    const lines = Array.from({ length: 100_000 }, (_, i) => `${String(i).padStart(9, '0')}\n`);
    write(at('log'), lines.join(''));
    project.start();
    let next = lines.length;
    await until('the growing log was uploaded three times', async () => {
      for (let i = 0; i < 10; i++) fs.appendFileSync(at('log'), `${String(next++).padStart(9, '0')}\n`);
      return (await uploadsOf(double, 'log')).length >= 3;
    });
    await project.equal(session);
    const was = digestsOfLog(read(at('log')));
    for (const upload of await uploadsOf(double, 'log')) assert.ok(was.has(upload.sha256));
  });

  test('T4: a file that is rewritten between hash and upload is never uploaded under the wrong name', async (t) => {
    const { double, project, session, at } = await mirrored(t, { data: 'v0'.repeat(50_000) }, ['--latency-ms', '60']);
    project.start();
    const was = new Set([sha256('v0'.repeat(50_000))]);
    let round = 0;
    const rewrite = () => {
      const text = String(round++).padStart(6, '0').repeat(20_000).slice(0, 100_000);
      was.add(sha256(text));
      const fd = fs.openSync(at('data'), 'r+');
      fs.writeSync(fd, text);
      fs.closeSync(fd);
    };
    await until('uploads were given up because the file had changed', () => {
      rewrite();
      return /other content now/.test(project.daemon.err);
    });
    await project.equal(session);
    for (const upload of await uploadsOf(double, 'data')) assert.ok(was.has(upload.sha256), 'a content of one piece');
  });
});
