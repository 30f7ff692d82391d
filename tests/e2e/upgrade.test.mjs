// A newer version starts with the state and the sessions that an older one left: stricter rules delete nothing and invalidate nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES, addressOf, sorted, until, write } from './harness.mjs';
import { OWNER, REPOSITORY, ROWS, TOKEN, VARIABLE, manifestOf, mountedText, writeWorkspace } from './upgrade/world.mjs';

const recorded = JSON.parse(fs.readFileSync(path.join(SOURCES, 'tests/e2e/upgrade/recorded.json'), 'utf8'));
const STATE = fs.readFileSync(path.join(SOURCES, 'tests/e2e/upgrade/state.sql'), 'utf8');

/** The recorded sessions in a double of today, whose ids are others: which stands for which goes into `ids`. */
async function restoreSession(project, row, ids) {
  const { double } = project;
  const before = recorded.sessions[row.name];
  const session = await double.createSession({ resources: row.repository ? [REPOSITORY] : [] });
  ids.set(before.id, session);
  const [repository] = await double.rows(session);
  for (const one of before.rows) {
    if (one.mount === REPOSITORY.mount_path || one.filename === undefined) {
      ids.set(one.id, repository.id);
      continue;
    }
    const old = recorded.uploads[one.filename];
    const mount = one.mount.replace('/mnt/session/uploads', '');
    if (!ids.has(old)) ids.set(old, await double.upload(mountedText(row, mount, project.workspace), one.filename));
    const made = await double.call('POST', `/v1/sessions/${session}/resources`, { type: 'file', file_id: ids.get(old), mount_path: one.mount });
    ids.set(one.id, made.id);
    ids.set(one.copy, made.file_id);
  }
  for (const one of before.outputs) {
    const text = row.outputs[one.filename];
    ids.set(one.id, (await double.agentWrites(session, one.filename, text)).id);
    write(path.join(project.dir, 'outputs/reports', one.filename), text);
  }
  return session;
}

function restoreState(project, ids) {
  fs.mkdirSync(project.state, { mode: 0o700 });
  const sql = STATE.replace(/\b(?:sesn|sesrsc|file)_\w+/g, (id) => ids.get(id) ?? id);
  const loaded = spawnSync('sqlite3', [path.join(project.state, 'state.db')], { input: sql, encoding: 'utf8' });
  assert.equal(loaded.status, 0, loaded.stderr);
  fs.writeFileSync(path.join(project.state, 'fingerprint.key'), Buffer.from(recorded.fingerprintKey, 'hex'), { mode: 0o600 });
}

async function upgraded(t) {
  const project = new Project(t, await Double.start(t));
  writeWorkspace(project.workspace);
  project.sessions = {};
  const ids = new Map();
  for (const row of ROWS) project.sessions[row.name] = await restoreSession(project, row, ids);
  restoreState(project, ids);
  project.declare(manifestOf(project.sessions));
  project.words = ['--secrets-dir', project.workspace, '--outputs-dir', path.join(project.dir, 'outputs')];
  project.variables = { [VARIABLE]: TOKEN };
  project.seen = async () => {
    const all = {};
    for (const [name, id] of Object.entries(project.sessions)) {
      const rows = (await project.double.rows(id)).map((row) => row.id).sort();
      all[name] = { rows, held: sorted(await project.double.held(id)) };
    }
    all.outputs = fs.readdirSync(path.join(project.dir, 'outputs/reports')).filter((name) => !name.startsWith('.'));
    return all;
  };
  await project.double.resetRequests();
  return project;
}

const WRITES = ['upload', 'add_resource', 'delete_resource', 'delete_file', 'rotate_token', 'update_session', 'create_session', 'download'];
const blockedOf = (session) => session.blocked.map(({ code, mount_path: at }) => `${code} ${at}`);

async function assertUntouched(project, before) {
  const { counts } = await project.double.requests();
  assert.deepEqual(WRITES.filter((name) => counts[name] > 0), []);
  assert.deepEqual(await project.seen(), before);
}

/** Every session is as it was, and says of each rule that it meets what stays and why. */
function assertBlocked(sessions) {
  for (const row of ROWS) {
    const session = sessions.find(({ name }) => name === row.name);
    assert.equal(session.error, null, row.name);
    assert.deepEqual(session.actions ?? [], [], row.name);
    assert.deepEqual(blockedOf(session), row.blocked, row.name);
    for (const { reason } of session.blocked) assert.match(reason, /stays|no token is sent/, row.name);
  }
}

test('the record is of every row of the table, and each rule in force is met', () => {
  assert.deepEqual(Object.keys(recorded.sessions).sort(), ROWS.map(({ name }) => name).sort());
  for (const { name, rows } of Object.values(recorded.sessions)) assert.ok(rows.length > 0, name);
  assert.ok(STATE.includes(`'${OWNER}'`));
});

test('an upgrade deletes, replaces, rotates and fetches nothing: plan, apply, and apply again', async (t) => {
  const project = await upgraded(t);
  const before = await project.seen();
  for (const [command, words] of [['plan', []], ['apply', ['--timeout', '2m']], ['apply', ['--timeout', '2m']]]) {
    const { code, document, err } = await project.json(command, [...project.words, ...words], project.variables);
    assertBlocked(document.sessions);
    assert.equal(code, command === 'plan' ? 0 : 4, err);
    await assertUntouched(project, before);
  }
});

test('an upgrade deletes nothing without the state either: markers say what is ours', async (t) => {
  const project = await upgraded(t);
  const before = await project.seen();
  fs.rmSync(path.join(project.state, 'state.db'));
  const { document, err } = await project.json('apply', [...project.words, '--timeout', '2m', '--list-grace', '1s'], project.variables);
  for (const row of ROWS) {
    const session = document.sessions.find(({ name }) => name === row.name);
    assert.deepEqual(blockedOf(session), row.blocked, row.name + err);
  }
  const { counts } = await project.double.requests();
  // What the state knew of tokens and outputs is gone with it.
  const forgotten = ['rotate_token', 'download'];
  assert.deepEqual(WRITES.filter((name) => counts[name] > 0 && !forgotten.includes(name)), []);
  delete before.outputs;
  const after = await project.seen();
  delete after.outputs;
  assert.deepEqual(after, before);
});

test('a daemon that is upgraded keeps every session in force and touches none', async (t) => {
  const project = await upgraded(t);
  const before = await project.seen();
  project.start([...project.words, '--listen', '127.0.0.1:0'], project.variables);
  const address = await addressOf(project);
  await until('every session was tried', async () => (await fetch(`${address}/readyz`)).status === 200);
  const status = await (await fetch(`${address}/api/v1/status`)).json();
  assert.deepEqual(status.sessions.map(({ name }) => name).sort(), ROWS.map(({ name }) => name).sort());
  for (const row of ROWS) {
    const session = status.sessions.find(({ name }) => name === row.name);
    assert.deepEqual(blockedOf(session).sort(), row.blocked, row.name);
    const ready = session.conditions.find(({ type }) => type === 'Ready');
    assert.equal(ready.status, row.blocked.length === 0 ? 'True' : 'False', row.name + ready.message);
  }
  await assertUntouched(project, before);
});

test('a key for markers that comes with the upgrade changes nothing that is mounted', async (t) => {
  const project = await upgraded(t);
  const before = await project.seen();
  const key = path.join(project.dir, 'marker-key');
  fs.writeFileSync(key, `${'0123456789abcdef'.repeat(4)}\n`, { mode: 0o600 });
  const words = [...project.words, '--timeout', '2m', '--marker-key-file', key];
  const { code, document, err } = await project.json('apply', words, project.variables);
  assert.equal(code, 4, err);
  assertBlocked(document.sessions);
  await assertUntouched(project, before);
});
