// Signals that come before a process has come to wait for them.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { until, write, CANARY } from '../e2e/harness.mjs';
import { inWorld, skip } from './cases.mjs';

const isStopped = (pid) => /^\d+ \(.*\) T/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** A command that was stopped while it read its API key: no part of it is there yet. */
async function stoppedAtItsKey(world, command, flags) {
  const key = path.join(world.dir, 'keys', 'key');
  write(key, CANARY);
  fs.chmodSync(key, 0o600);
  const env = { ...world.fault('stop:open:1'), CRASH_DIRS: path.dirname(key) };
  const child = world.project.begin(command, world.flags(['--api-key-file', key, ...flags]), env);
  await until('it stops', () => child.over || isStopped(child.pid));
  assert.ok(!child.over, child.err);
  return child;
}

test('SIGHUP before the daemon has read its options does not end it', { skip }, async () => {
  await inWorld('replace', 'shadow', async (world) => {
    const child = await stoppedAtItsKey(world, 'run', ['--listen', 'off', '--log-format', 'text']);
    child.kill('SIGHUP');
    child.kill('SIGCONT');
    await until(() => `it works: ${child.err}`, () => child.over || /reason=Succeeded/.test(child.err));
    child.kill('SIGTERM');
    assert.deepEqual(await child.ended, { code: 0, signal: null });
  });
});

test('SIGTERM before the daemon has read its options ends it in order', { skip }, async () => {
  await inWorld('replace', 'shadow', async (world) => {
    const child = await stoppedAtItsKey(world, 'run', ['--listen', 'off']);
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    assert.deepEqual(await child.ended, { code: 0, signal: null });
  });
});

test('a command that waits for no signals is ended by them as ever', { skip }, async () => {
  await inWorld('replace', 'shadow', async (world) => {
    const child = await stoppedAtItsKey(world, 'plan', []);
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    assert.deepEqual(await child.ended, { code: null, signal: 'SIGTERM' });
  });
});
