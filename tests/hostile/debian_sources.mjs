// See debian_sources.sh.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES } from '../e2e/harness.mjs';

/** True if a program that knows keys reads a private one there. */
function isKey(file) {
  if (spawnSync('openssl', ['pkey', '-in', file, '-noout', '-passin', 'pass:']).status === 0) return true;
  const home = fs.mkdtempSync(path.join(process.env.SOURCES_OF_DEBIAN, 'gpg-'));
  const shown = spawnSync('gpg', ['--homedir', home, '--batch', '--show-keys', file], { encoding: 'utf8' });
  fs.rmSync(home, { recursive: true });
  return /^sec/m.test(shown.stdout);
}

for (const name of ['git', 'curl']) {
  test(`of the sources of ${name} nothing is blocked but what is listed, and each is a real key`, async (t) => {
    const listed = fs.readFileSync(path.join(SOURCES, 'tests/hostile/secret_contents', `${name}.txt`), 'utf8').trim().split('\n');
    const double = await Double.start(t);
    const project = new Project(t, double);
    project.workspace = path.join(process.env.SOURCES_OF_DEBIAN, name);
    // Named literally, they are not left out for their names.
    const include = ['*', ...new Set(listed.map((one) => path.basename(one)))];
    project.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${await double.createSession()}
    max_files: 100000
    resources:
      - {type: file, source: ./, mount_path: /, include: ${JSON.stringify(include)}}
`);
    const { document } = await project.json('plan');
    const blocked = document.sessions[0].blocked;
    assert.ok(document.sessions[0].actions.length > 3000);
    assert.deepEqual(blocked.map((one) => one.code), blocked.map(() => 'secret_suspected'));
    assert.deepEqual(blocked.map((one) => one.mount_path.slice(1)).sort(), listed);
    assert.deepEqual(listed.filter((one) => !isKey(path.join(project.workspace, one))), []);
  });
}
