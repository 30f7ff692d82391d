// deploy/README.md: every command that it shows is run by a test, every link leads somewhere, and troubleshooting
// knows every reason and every exit code.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { DEPLOY, TOP, source } from './common.mjs';
import { commands, sectionNames } from './readme.mjs';

/** Which file runs what a section shows. */
const RUN_BY = {
  'A container': 'image_cases.mjs',
  Compose: 'compose_cases.mjs',
  Kubernetes: 'kubernetes.test.mjs',
  systemd: 'systemd.test.mjs',
  Monitoring: 'monitoring.test.mjs',
};

test('the commands of each section are run by a test', () => {
  const showing = sectionNames().filter((name) => commands(name).length > 0);
  assert.deepEqual(showing, Object.keys(RUN_BY));
  for (const [section, file] of Object.entries(RUN_BY)) {
    const text = fs.readFileSync(path.join(TOP, 'tests/deploy', file), 'utf8');
    assert.ok(text.includes(`commands('${section}')`), `${file} runs them`);
  }
});

test('every link leads somewhere', () => {
  const headingsOf = (text) => [...text.matchAll(/^#+ (.*)$/gm)].map((m) => m[1].toLowerCase().replaceAll(' ', '-'));
  for (const [, target] of source('README.md').matchAll(/\]\(([^)]+)\)/g)) {
    const [file, heading] = target.split('#');
    const at = path.join(DEPLOY, file || 'README.md');
    fs.accessSync(at);
    if (heading) assert.ok(headingsOf(fs.readFileSync(at, 'utf8')).includes(heading), target);
  }
});

const table = (heading) => {
  const text = source('README.md').split(`### ${heading}\n`)[1].split(/^#/m)[0];
  return [...text.matchAll(/^\| `?(\w+)`? \|/gm)].map((m) => m[1]);
};

/** Every reason that the sources give a condition. */
function reasons() {
  const files = ['reconciler/condition.cpp', 'daemon/status/session_update.cpp'];
  const text = files.map((file) => fs.readFileSync(path.join(TOP, file), 'utf8')).join('');
  const words = [...text.matchAll(/"([A-Z][a-z]+(?:[A-Z][a-z]+)*)"/g)].map((m) => m[1]);
  return new Set(words.filter((word) => !['Ready', 'Reconciling', 'Stalled', 'Drifted'].includes(word)));
}

test('troubleshooting has every reason of a condition, and no other', () => {
  const shown = table('Reasons').filter((word) => word !== 'reason');
  assert.equal(shown.length, 22);
  for (const reason of reasons()) assert.ok(shown.includes(reason), reason);
  const known = new Set([...reasons()]);
  assert.deepEqual(shown.filter((reason) => !known.has(reason)), []);
});

test('troubleshooting has every exit code', () => {
  const header = fs.readFileSync(path.join(TOP, 'daemon/config/exit_code.h'), 'utf8');
  const codes = [...header.matchAll(/inline constexpr int k\w+ = (\d+);/g)].map((m) => m[1]);
  assert.ok(codes.length >= 8);
  assert.deepEqual(table('Exit codes').filter((word) => /^\d+$/.test(word)).sort(), codes.sort());
});
