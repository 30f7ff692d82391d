// What the other tests of this folder are worth: the shim sees every call that the kernel sees.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { inWorld, skip } from './cases.mjs';

const CALLS = 'write,pwrite64,writev,fsync,fdatasync,sendto,sendmsg,rename,renameat,renameat2,unlink,unlinkat,ftruncate';
const traces = spawnSync('strace', ['-f', 'true']).status === 0;

for (const name of ['replace', 'outputs']) {
  test(`C1 every call that strace sees is counted: ${name}`, { skip: skip || (!traces && 'strace is missing, or may not trace') }, async () => {
    await inWorld(name, 'shadow', async (world) => {
      const trace = path.join(world.dir, 'trace');
      const fault = Object.entries(world.fault()).flatMap(([key, value]) => ['-E', `${key}=${value}`]);
      const args = world.project.args('apply', world.flags());
      const { status, stderr } = spawnSync('strace', ['-f', '-y', '-o', trace, '-e', `trace=${CALLS}`, ...fault, process.env.SESSYNC_BIN, ...args], {
        env: world.project.env(),
        cwd: world.dir,
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const dirs = [world.project.state, world.outputs];
      const counts = (line) => line.includes('<socket:') || line.includes('<TCP:') || dirs.some((dir) => line.includes(dir));
      const begun = fs.readFileSync(trace, 'utf8').split('\n').filter((line) => /^\d+ +[a-z]/.test(line));
      // The log of the shim, and what is printed (from inside of the C library), are no matter of crashes.
      const seen = begun.filter((line) => counts(line) && !line.includes(world.log) && !/\([12]</.test(line));
      // The shim counts also what makes a file or a directory.
      const counted = world.calls().filter((line) => !/ (openat|mkdir|mkdirat) /.test(line));
      assert.ok(seen.length > 20);
      const kinds = (lines) => lines.map((line) => line.split(/ +/)[1].split('(')[0]).sort();
      assert.deepEqual(kinds(counted), kinds(seen));
    });
  });
}
