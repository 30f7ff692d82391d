// The clock on the wall jumps; the daemon's timers do not follow it.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { World } from './world.mjs';

/** The library that gives a process another clock, or nothing. */
function library() {
  for (const arch of fs.readdirSync('/usr/lib')) {
    const file = `/usr/lib/${arch}/faketime/libfaketimeMT.so.1`;
    if (fs.existsSync(file)) return file;
  }
  return null;
}

test('C5: the clock jumps by a day, forth and back', async (t) => {
  const faketime = library();
  if (!faketime) return t.skip('needs faketime');
  const w = await World.make(t, { 'a.txt': 'a', 'dir/b.txt': 'b' });
  const clock = path.join(w.dir, 'clock');
  const jump = (offset) => {
    fs.writeFileSync(`${clock}.new`, `${offset}\n`);
    fs.renameSync(`${clock}.new`, clock);
  };
  jump('+0d');
  w.launch({
    env: { LD_PRELOAD: faketime, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
  });
  await w.ends();
  const day = (from) => w.daemon.err.slice(from).match(/^\d{4}-\d\d-\d\d/m)?.[0];
  const today = day(0);
  const days = new Set();
  for (const offset of ['+1d', '-1d', '+0d', '+30d', '-30d', '+1d', '+0d']) {
    await w.double.resetRequests();
    const from = w.daemon.err.length;
    jump(offset);
    w.put('a.txt', `changed at ${offset} ${from}`);
    w.put(`new/${offset}`, `created at ${offset}`);
    await w.ends();
    await w.mark();
    days.add(day(from));
    const passes = await w.passes();
    assert.ok(passes <= 12, `${passes} passes after a jump to ${offset}`);
  }
  assert.ok(days.size >= 3, `the daemon saw the jumps: ${[...days]} after ${today}`);
  await w.ended();
});
