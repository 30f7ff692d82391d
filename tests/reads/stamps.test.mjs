// T5: changes that size and mtime do not show.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, sha256, write } from '../e2e/harness.mjs';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const FIXED = new Date('2020-01-01T00:00:00Z');

async function mirrored(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  project.mirror(session);
  const at = (name) => path.join(project.workspace, name);
  const becomes = async (text) => {
    await project.equal(session);
    assert.equal((await double.held(session)).get('/data'), sha256(text));
  };
  return { double, project, session, at, becomes };
}

/** Rewrites a file in place with as many bytes, and gives it the mtime that it had. */
function forge(file, text) {
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, text);
  fs.utimesSync(file, atime, mtime);
}

test('T5: same size and same mtime, by utimensat and by touch -r, running and not running', async (t) => {
  const { project, at, becomes } = await mirrored(t);
  write(at('data'), 'one');
  fs.utimesSync(at('data'), FIXED, FIXED);
  project.start();
  await becomes('one');
  forge(at('data'), 'two');
  await becomes('two');
  await project.stop();
  forge(at('data'), 'six');
  spawnSync('touch', ['-r', '/', at('data')]);
  fs.utimesSync(at('data'), FIXED, FIXED);
  project.start();
  await becomes('six');
});

test('T5: another file of the same size and mtime takes the place', async (t) => {
  const { project, at, becomes } = await mirrored(t);
  write(at('data'), 'one');
  fs.utimesSync(at('data'), FIXED, FIXED);
  const next = path.join(project.dir, 'next');
  write(next, 'two');
  fs.utimesSync(next, FIXED, FIXED);
  project.start();
  await becomes('one');
  await project.stop();
  fs.renameSync(next, at('data'));
  project.start();
  await becomes('two');
});

test('T5: two hundred times two writes in one tick', async (t) => {
  const { project, at, becomes } = await mirrored(t);
  write(at('data'), 'start');
  project.start();
  await becomes('start');
  for (let round = 0; round < 200; round++) {
    fs.writeFileSync(at('data'), `a${round % 10}`);
    fs.writeFileSync(at('data'), `b${round % 10}`);
    if (round % 20 === 19) await becomes('b9');
  }
  await becomes('b9');
});

for (const shift of ['-1d', '+1d', '-3s']) {
  test(`T5: a clock that is ${shift} off, then right, then off again`, async (t) => {
    if (!fs.existsSync(FAKETIME)) return t.skip(`needs ${FAKETIME}`);
    const { project, at, becomes } = await mirrored(t);
    const off = { LD_PRELOAD: FAKETIME, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' };
    write(at('data'), 'one');
    project.start([], off);
    await becomes('one');
    forge(at('data'), 'two');
    await becomes('two');
    await project.stop();
    forge(at('data'), 'six');
    project.start();
    await becomes('six');
    await project.stop();
    forge(at('data'), 'ten');
    project.start([], off);
    await becomes('ten');
    forge(at('data'), 'few');
    await becomes('few');
  });
}
