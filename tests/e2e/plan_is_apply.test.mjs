// What plan prints is what apply then does, action by action and blocked entry by blocked entry, for every option of both.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, write } from './harness.mjs';

const LANES = 4;
const MARKER_KEY = 'e2e-'.repeat(16);
const REPOSITORY = 'https://github.com/example-org/example-repo';

/** The long options of a command, as its help has them. */
function options(command) {
  const { stdout } = spawnSync(process.env.SESSYNC_BIN, [command, '--help'], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ {2}(?:-\w,)?(--[a-z-]+)/gm)].map(([, name]) => name).filter((name) => !name.startsWith('--help'));
}

/** For each option values that could change what is planned or done; each is tried by itself. */
const VALUES = {
  '--manifest': (w) => [path.join(w.dir, 'other.yaml')],
  '--workspace': (w) => [path.join(w.dir, 'empty'), path.join(w.dir, 'nowhere')],
  '--state-dir': (w) => ['none', path.join(w.dir, 'other-state')],
  '--owner': () => ['e2e', 'another'],  // no files disagree
  '--policy': (w) => [path.join(w.dir, 'policy.yaml'), path.join(w.dir, 'nowhere')],
  '--isolate': () => [null],
  '--outputs-dir': (w) => [path.join(w.dir, 'other-outputs'), w.workspace],
  '--secrets-dir': (w) => [path.join(w.dir, 'empty'), path.join(w.dir, 'other-secrets')],
  '--session': () => ['s1', 's2'],
  '--output': () => ['json'],
  '--log-level': () => ['debug'],
  '--log-format': () => ['json'],
  '--no-color': () => [null],
  '--api-key-file': (w) => [path.join(w.dir, 'key')],
  '--admin-token-file': (w) => [path.join(w.dir, 'key'), path.join(w.dir, 'workspace', 'one')],
  '--read-token-file': (w) => [path.join(w.dir, 'key')],
  '--tls-key': (w) => [path.join(w.dir, 'key')],
  '--marker-key-file': (w) => [path.join(w.dir, 'marker-key')],
  '--adopt-unkeyed': () => [null],
  '--auth-style': () => ['bearer'],
  '--api-version': () => ['2026-10-21'],
  '--parallel': () => ['1'],
  '--allow-env': () => ['NOTHING', 'GH_*'],
  '--github-api-url': () => ['https://github.example.org/api'],
  '--max-rate': () => ['writes=50/s'],
  '--request-timeout': () => ['30s'],
  '--list-grace': () => ['1s'],
};

/** Of one of the two only: how a plan says what apply does with it is told where it is tried. */
const PLAN_ONLY = ['--detailed-exitcode', '--verbose'];
const APPLY_ONLY = ['--allow-deletes', '--allow-commands', '--timeout', '--outputs-min-free'];

const entry = (name, id, tree) => `  - name: ${name}
    session_id: ${id}
    max_deletes: 2
    outputs: {}
    resources:
      - {type: file, source: ${tree}/, mount_path: /${tree}}
      - {type: file, source: one, mount_path: /one}
      - {type: github_repository, url: ${REPOSITORY}, mount_path: /repo, authorization_token: {file: token}}
      - {type: github_repository, url: ${REPOSITORY}-2, mount_path: /repo-2, authorization_token: {command: [./mint]}}
`;

/** Two sessions that differ from what is declared in every way there is. */
class Differing extends Project {
  static async make(t) {
    const w = new Differing(t, await Double.start(t));
    w.secrets = path.join(w.dir, 'secrets');
    for (const [name, text] of Object.entries({ 'secrets/token': 'ghs_first', 'other-secrets/token': 'ghs_other', 'empty/.keep': '', key: CANARY, 'marker-key': MARKER_KEY })) {
      write(path.join(w.dir, name), text);
      fs.chmodSync(path.join(w.dir, name), 0o600);
    }
    write(path.join(w.dir, 'mint'), '#!/bin/sh\necho ghs_minted\n');
    fs.chmodSync(path.join(w.dir, 'mint'), 0o700);
    const repository = (url, mount_path) => ({ type: 'github_repository', url, mount_path, authorization_token: 'x' });
    const resources = [repository(REPOSITORY, '/repo'), repository(`${REPOSITORY}-2`, '/repo-2')];
    w.sessions = [await w.double.createSession({ resources }), await w.double.createSession({ resources })];
    for (const name of ['kept', 'changed', 'renamed', 'gone']) write(path.join(w.workspace, 'tree', name), name);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) write(path.join(w.workspace, 'held', name), name);
    write(path.join(w.workspace, 'one'), 'one');
    w.declare(`version: 1\nowner: e2e\nsessions:\n${entry('s1', w.sessions[0], 'tree')}${entry('s2', w.sessions[1], 'held')}`);
    write(path.join(w.dir, 'other.yaml'), `version: 1\nowner: e2e\nsessions:\n${entry('s1', w.sessions[0], 'tree')}`);
    write(path.join(w.dir, 'policy.yaml'), 'version: 1\nrules:\n  - {files: [sessync.yaml], names: [s1], session_ids: ["*"], sources: [tree/], repositories: ["**"], destinations: [./]}\n');
    const first = await w.run('apply', ['--secrets-dir', w.secrets, '--allow-commands']);
    assert.equal(first.code, 0, first.out + first.err);
    await w.change();
    return w;
  }

  async change() {
    const at = (name) => path.join(this.workspace, name);
    write(at('tree/changed'), 'changed again');
    write(at('tree/new'), 'new');
    fs.renameSync(at('tree/renamed'), at('tree/renamed-too'));
    fs.rmSync(at('tree/gone'));
    for (const name of ['a', 'b', 'c', 'd']) fs.rmSync(at(`held/${name}`));
    write(path.join(this.secrets, 'token'), 'ghs_second');
    await this.double.somebodyAdds(this.sessions[0], '/tree/conflict', 'theirs');
    write(at('tree/conflict'), 'ours');
    await this.double.somebodyAdds(this.sessions[0], '/theirs', 'theirs');
  }

  args(command, extra) {
    const usual = { '-m': this.manifest, '-w': this.workspace, '--state-dir': this.state, '--secrets-dir': this.secrets };
    const long = { '-m': '--manifest', '-w': '--workspace' };
    const left = Object.entries(usual).filter(([name]) => !extra.includes(long[name] ?? name));
    return [command, ...left.flat(), ...extra];
  }

  said(command, extra) {
    return this.json(command, extra.includes('--output') ? extra.slice(2) : extra);
  }
}

const line = (...fields) => fields.map((field) => field ?? '-').join(' ');
const actions = ({ actions: all }) => all.map((one) => line(one.action, one.type, one.mount_path, one.sha256, one.resource_id)).sort();
const blocked = ({ blocked: all }) => all.map((one) => line(one.type, one.mount_path, one.code)).sort();
const rows = ({ unmanaged: all }) => all.map((one) => line(one.type, one.mount_path, one.resource_id)).sort();

/** What a plan leaves open: it runs no program, so it knows nothing of its token. */
const open = (text) => text.includes('/repo-2 ') || text.endsWith('/repo-2');
const decided = (list) => list.filter((text) => !open(text));

function compare(plan, apply, what) {
  assert.equal(apply.document.sessions.length, plan.document.sessions.length, what);
  for (const [i, planned] of plan.document.sessions.entries()) {
    const applied = apply.document.sessions[i];
    const where = `${what}, ${planned.name}`;
    assert.equal(applied.error?.code, planned.error?.code, where);
    assert.deepEqual(decided(actions(applied)), decided(actions(planned)), where);
    assert.deepEqual(decided(blocked(applied)), decided(blocked(planned)), where);
    assert.deepEqual(rows(applied), rows(planned), where);
    assert.deepEqual(applied.held, planned.held, where);
  }
}

async function tried(t, option, nth) {
  const w = await Differing.make(t);
  const value = VALUES[option](w)[nth];
  const flags = value === null ? [option] : [option, value];
  const plan = await w.said('plan', flags);
  const apply = await w.said('apply', [...flags, '--timeout', '30s']);
  compare(plan, apply, flags.join(' '));
  return plan.document.sessions.flatMap(({ actions: all }) => all).length;
}

/** Calls `work` with every item, a few at once. */
async function inLanes(items, work) {
  const left = [...items];
  const lane = async () => {
    while (left.length > 0) await work(left.shift());
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

test('every option of plan and of apply is known here', () => {
  const both = options('plan').filter((name) => options('apply').includes(name));
  assert.deepEqual(both.filter((name) => !VALUES[name]), [], 'options without a value to try');
  assert.deepEqual(options('plan').filter((name) => !both.includes(name)).sort(), PLAN_ONLY.sort());
  assert.deepEqual(options('apply').filter((name) => !both.includes(name)).sort(), APPLY_ONLY.sort());
});

test('what plan prints is what apply does, whatever options both are given', async (t) => {
  const cases = Object.keys(VALUES).flatMap((option) => VALUES[option]({ dir: '/' }).map((_, nth) => [option, nth]));
  let planned = 0;
  await inLanes(cases, async ([option, nth]) => {
    planned += await tried(t, option, nth);
  });
  assert.ok(planned > cases.length, 'the plans were empty');
});

test('apply --allow-deletes does what the plan that printed the id says, and the held deletes', async (t) => {
  const w = await Differing.make(t);
  const plan = await w.json('plan');
  const held = plan.document.sessions[1].held;
  assert.equal(held.deletes, 4);
  const apply = await w.json('apply', ['--allow-deletes', held.id]);
  const [first, second] = apply.document.sessions;
  assert.deepEqual(decided(actions(first)), decided(actions(plan.document.sessions[0])));
  const guarded = plan.document.sessions[1].blocked.filter(({ code }) => code === 'guard').map(({ mount_path }) => mount_path);
  assert.deepEqual(second.actions.filter(({ action }) => action === 'delete').map(({ mount_path }) => mount_path).sort(), guarded.sort());
  assert.equal(second.held, null);
});

test('apply --allow-commands does with a program\'s token what the plan said it does not know', async (t) => {
  const w = await Differing.make(t);
  const plan = await w.run('plan');
  assert.equal(plan.out.match(/^ {2}= \/repo-2 {2}not checked: command/gm)?.length, 2, plan.out);
  write(path.join(w.dir, 'mint'), '#!/bin/sh\necho ghs_minted_again\n');
  const apply = await w.json('apply', ['--allow-commands']);
  for (const session of apply.document.sessions) {
    assert.ok(session.actions.some(({ action, mount_path }) => action === 'rotate' && mount_path === '/repo-2'), apply.out);
  }
});
