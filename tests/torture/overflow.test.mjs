// The kernel's queue overflows: events are lost, and nothing else.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../e2e/harness.mjs';
import { byEffort } from '../lib/effort.mjs';
import { World, begin, cpuSeconds } from './world.mjs';

const QUEUE = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
const skip = QUEUE > 200_000 && `max_queued_events is ${QUEUE}: too long to be filled`;

/** Changes of names that are watched and not mirrored: each is an event. */
const NOISE = '        exclude: ["noise*"]\n';

async function world(t) {
  const w = await World.make(t);
  for (let i = 0; i < 20; i++) w.put(`dir${i % 4}/f${i}`, `content ${i}`);
  w.mirrorWith(NOISE);
  w.launch();
  await w.ends();
  return w;
}

/** More events than the queue takes. Neighbours differ, for equal ones are merged. */
function overflow(w) {
  for (let i = 0; i < QUEUE + 100; i++) fs.writeFileSync(w.at(`noise${i % 50}`), '');
  for (let i = 0; i < 50; i++) fs.rmSync(w.at(`noise${i}`));
}

test('W1: more events than the queue holds while the daemon stands still', { skip }, async (t) => {
  const w = await world(t);
  for (let round = 0; round < 3; round++) {
    w.daemon.kill('SIGSTOP');
    overflow(w);
    w.put(`dir1/f1`, `changed in round ${round}`);
    w.put(`late${round}/deep/er/file`, `created in round ${round}`);
    fs.rmSync(w.at(`dir${round}/f${round + 4}`));
    w.daemon.kill('SIGCONT');
    await w.ends();
    // What came while events were lost is watched now.
    w.put(`late${round}/deep/er/file`, `changed after round ${round}`);
    w.put(`late${round}/deep/other`, `added after round ${round}`);
    await w.ends();
  }
  await w.ended();
});

/** Writes at full speed and says how often, until it is stopped. */
const WRITER = `
  const fs = require('fs');
  for (let i = 0; ; i++) {
    fs.writeFileSync(process.argv[1] + '/noise' + i % 997, '');
    if (i % 1000 == 0) fs.writeSync(1, '.');
  }`;

test('W2: a storm of overflows', { skip }, async (t) => {
  const w = await world(t);
  await w.double.resetRequests();
  const before = { cpu: cpuSeconds(w.daemon.pid), time: Date.now() };
  const seconds = byEffort({ quick: 0, usual: 5, full: 60 });
  const writer = begin(t, process.execPath, ['-e', WRITER, w.workspace]);
  let overflows = 0;
  for (; overflows < 6 || Date.now() < before.time + seconds * 1000; overflows++) {
    w.daemon.kill('SIGSTOP');
    const from = writer.out.length;
    await until('the queue is full', () => writer.out.length > from + QUEUE / 1000 + 1);
    w.daemon.kill('SIGCONT');
    w.put(`dir0/f0`, `changed ${overflows}`);
    w.put(`storm/d${overflows % 40}/f`, `created ${overflows}`);
    await until('the daemon had its turn', () => writer.out.length > from + QUEUE / 500);
  }
  const wall = (Date.now() - before.time) / 1000;
  const cpu = cpuSeconds(w.daemon.pid) - before.cpu;
  const passes = await w.passes();
  writer.kill('SIGKILL');
  await writer.ended;
  for (const name of fs.readdirSync(w.workspace)) if (name.startsWith('noise')) fs.rmSync(w.at(name));
  await w.ends();
  t.diagnostic(`${overflows} overflows in ${wall.toFixed(1)} s: ${cpu.toFixed(2)} s of CPU, ${passes} passes`);
  assert.ok(cpu < wall, `used ${cpu} s of CPU in ${wall} s`);
  w.put('storm/d1/f', 'changed after the storm');
  w.put('storm/after/deep/f', 'created after the storm');
  await w.ends();
  await w.ended();
});
