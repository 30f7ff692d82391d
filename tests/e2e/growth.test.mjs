// What a long-lived daemon keeps is bounded by what is declared, not by what ever was.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from './harness.mjs';

const MiB = 1024 * 1024;

/** Resident memory of a process. */
const resident = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;

test('forty small manifests take the memory of small manifests', async (t) => {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.manifest = path.join(p.dir, 'manifests');
  for (let i = 0; i < 40; i++) {
    const session = await double.createSession();
    write(path.join(p.manifest, `${i}.yaml`), `version: 1\nowner: e2e\nsessions: [{name: s${i}, session_id: ${session}, resources: []}]\n`);
  }
  p.start();
  await until('every session had its pass', () => {
    assert.ok(!p.daemon.over, p.daemon.err);
    return new Set([...p.daemon.err.matchAll(/session=(s\d+)/g)].map(([, name]) => name)).size === 40;
  });
  const used = resident(p.daemon.pid);
  assert.ok(used < 90 * MiB, `${Math.round(used / MiB)} MiB resident`);
});
