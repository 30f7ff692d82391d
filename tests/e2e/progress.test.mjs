// What `apply` shows on a real terminal while it works, and that it shows nothing elsewhere.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, write } from './harness.mjs';
import { terminal } from './terminal.mjs';

const missing = spawnSync('script', ['--version']).status !== 0 && 'script(1) is not installed';

/** A project of `count` files whose adds take their time, so that there is something to see. */
async function slow(t, count) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  for (let i = 0; i < count; ++i) write(path.join(project.workspace, `${i}.txt`), `${i}`.repeat(1000));
  project.mirror(session);
  await double.faults([{ operation: 'add', kind: 'slow', delay_ms: 700 }]);
  return { double, project, session };
}

/** The states of the line, as they were drawn one over the other. */
const frames = (out) => out.split('\r').map((frame) => frame.replace('\x1b[K', '')).filter((frame) => frame !== '');

test('files and bytes, done and total, on one line that is cleared', { skip: missing }, async (t) => {
  const { project, session } = await slow(t, 40);
  const run = terminal(project, 'apply', [], { TERM: 'xterm', NO_COLOR: '1' });
  assert.equal((await run.ended).code, 0);
  assert.match(run.printed(), /40 to add|Plan: 40/);
  const drawn = frames(run.out);
  assert.ok(drawn.length > 0);
  for (const frame of drawn) assert.match(frame, /^\d+ of 40 files(, |$)/);
  assert.ok(drawn.some((frame) => /^(0|32) of 40 files, \d+\.\d of \d+\.\d kB, \d+\.\d [kMG]B\/s/.test(frame)), drawn.join('\n'));
  assert.ok(run.out.endsWith('\r\x1b[K'), JSON.stringify(run.out.slice(-80)));
  assert.doesNotMatch(run.out, /\n/);
  await project.equal(session);
});

test('only what is left to do is counted', { skip: missing }, async (t) => {
  const { double, project } = await slow(t, 5);
  await double.faults([]);
  assert.equal((await project.run('apply')).code, 0);
  await double.faults([{ operation: 'add', kind: 'slow', delay_ms: 700 }]);
  write(path.join(project.workspace, 'one-more.txt'), 'one more');
  const run = terminal(project, 'apply', [], { TERM: 'xterm' });
  assert.equal((await run.ended).code, 0);
  for (const frame of frames(run.out)) assert.match(frame, /^[01] of 1 files/);
});

test('a narrow terminal gets what fits', { skip: missing }, async (t) => {
  const { project } = await slow(t, 3);
  const run = terminal(project, 'apply', [], { TERM: 'xterm' }, 20);
  assert.equal((await run.ended).code, 0);
  const drawn = frames(run.out);
  assert.ok(drawn.length > 0);
  for (const frame of drawn) assert.match(frame, /^\d of 3 files$/);
});

test('with -o json the document is whole and the terminal shows progress', { skip: missing }, async (t) => {
  const { project } = await slow(t, 3);
  const run = terminal(project, 'apply', ['-o', 'json'], { TERM: 'xterm' });
  assert.equal((await run.ended).code, 0);
  assert.equal(JSON.parse(run.printed()).summary.add, 3);
  assert.match(run.out, /of 3 files/);
});

test('a terminal that cannot move its cursor gets nothing', { skip: missing }, async (t) => {
  const { project } = await slow(t, 3);
  const run = terminal(project, 'apply', [], { TERM: 'dumb' });
  assert.equal((await run.ended).code, 0);
  assert.equal(run.out, '');
});

test('no terminal, no progress', async (t) => {
  const { project } = await slow(t, 3);
  const run = await project.run('apply', [], { TERM: 'xterm' });
  assert.deepEqual([run.code, run.err], [0, '']);
});

test('a large file moves while it is sent', { skip: missing }, async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'large.bin'), Buffer.alloc(30_000_000, 'x'));
  project.mirror(session);
  await double.faults([{ operation: 'upload', kind: 'slow', delay_ms: 700 }]);
  const run = terminal(project, 'apply', [], { TERM: 'xterm' });
  assert.equal((await run.ended).code, 0);
  assert.ok(frames(run.out).some((frame) => /^0 of 1 files, [1-9]\d*\.\d of 30\.0 MB/.test(frame)), run.out);
});
