// The commands' contracts: exit codes, documents, messages.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, filesBelow, same, sha256, write } from './harness.mjs';

async function project(t, args = []) {
  const double = await Double.start(t, args);
  const made = new Project(t, double);
  made.session = await double.createSession();
  made.mirror(made.session);
  write(path.join(made.workspace, 'a'), 'one');
  write(path.join(made.workspace, 'b/c'), 'two');
  return made;
}

test('plan, apply, plan', async (t) => {
  const p = await project(t);
  const planned = await p.json('plan');
  assert.equal(planned.code, 0);
  assert.deepEqual(planned.document.summary, {
    create_sessions: 0, update_sessions: 0, add: 2, replace: 0, rotate: 0, adopt: 0, delete: 0,
    blocked: 0, unmanaged: 0, unchanged: 0,
  });
  const [action] = planned.document.sessions[0].actions;
  assert.deepEqual(
    { ...action, reason: '' },
    { action: 'add', type: 'file', mount_path: '/a', reason: '', size: 3, sha256: sha256('one'), resource_id: null },
  );
  assert.equal((await p.run('plan', ['--detailed-exitcode'])).code, 2);

  const applied = await p.json('apply');
  assert.equal(applied.code, 0);
  assert.deepEqual(applied.document.sessions[0].actions.map((each) => each.result), ['done', 'done']);
  assert.equal(applied.document.sessions[0].converged, true);
  assert.ok(same(await p.double.held(p.session), filesBelow(p.workspace)));

  const after = await p.json('plan', ['--detailed-exitcode']);
  assert.equal(after.code, 0);
  assert.equal(after.document.summary.unchanged, 2);
  assert.deepEqual(after.document.sessions[0].actions, []);
});

test('the last line of a plan says what it comes to', async (t) => {
  const p = await project(t);
  const planned = await p.run('plan');
  assert.match(planned.out, /^session s1 \(sesn_\w+\): files are below \/mnt\/session\/uploads\n/);
  assert.match(
    planned.out,
    /\nPlan: 2 to add, 0 to replace, 0 to rotate, 0 to delete; 0 blocked, 0 unmanaged, 0 unchanged\.\n$/,
  );
});

test('plan writes nothing anywhere', async (t) => {
  const p = await project(t);
  await p.run('plan');
  assert.equal(await p.double.writes(), 0);
  assert.throws(() => filesBelow(p.state), /ENOENT/);
});

test('without a state directory', async (t) => {
  const p = await project(t);
  p.state = 'none';
  assert.equal((await p.run('apply')).code, 0);
  const again = await p.json('apply');
  assert.equal(again.code, 0);
  assert.deepEqual(again.document.sessions[0].actions, []);
});

test('exit 3: a manifest that is missing or invalid, with its position', async (t) => {
  const p = await project(t);
  p.declare('version: 1\nowner: e2e\nsessions:\n  - name: x\n    sesion_id: sesn_1\n');
  for (const command of ['validate', 'plan', 'apply']) {
    const result = await p.run(command);
    assert.equal(result.code, 3, command);
    assert.match(result.err, /sessync\.yaml:5:5: error: .*session_id/, command);
  }
  const { document } = await p.json('validate');
  assert.deepEqual(document.map((each) => each.line), [4, 5]);
  p.manifest = path.join(p.dir, 'nowhere.yaml');
  assert.equal((await p.run('validate')).code, 3);
});

test('exit 1: a session that does not exist, and the others are done', async (t) => {
  const p = await project(t);
  p.mirror(p.session, 'sesn_nowhere');
  const applied = await p.json('apply', ['--timeout', '3s']);
  assert.equal(applied.code, 1);
  assert.equal(applied.document.sessions[1].error.code, 'session_not_found');
  assert.equal(applied.document.sessions[0].converged, true);
});

test('exit 1: an archived session', async (t) => {
  const p = await project(t);
  await p.double.call('POST', `/v1/sessions/${p.session}/archive`);
  const applied = await p.json('apply', ['--timeout', '3s']);
  assert.equal(applied.code, 1);
  assert.equal(applied.document.sessions[0].error.code, 'session_archived');
});

test('exit 4: everything else is done, but an entry is blocked', async (t) => {
  const p = await project(t);
  const theirs = await p.double.somebodyAdds(p.session, '/a', 'theirs');
  const applied = await p.json('apply');
  assert.equal(applied.code, 4);
  assert.equal(applied.document.sessions[0].blocked[0].code, 'conflict');
  assert.equal((await p.double.held(p.session)).get('/b/c'), sha256('two'));
  assert.equal((await p.double.held(p.session)).get('/a'), sha256('theirs'));
  assert.equal((await p.run('plan', ['--detailed-exitcode'])).code, 4);
  assert.ok((await p.double.rows(p.session)).some((row) => row.id === theirs.id));
});

test('exit 5: a wrong key, or none', async (t) => {
  const p = await project(t, ['--api-key', CANARY]);
  for (const command of ['plan', 'apply']) {
    const wrong = await p.run(command, [], { ANTHROPIC_API_KEY: 'sk-canary-42' });
    assert.equal(wrong.code, 5, command);
    assert.doesNotMatch(wrong.out + wrong.err, /sk-canary-42/);
    assert.equal((await p.run(command, [], { ANTHROPIC_API_KEY: undefined })).code, 5, command);
  }
});

test('exit 64: usage', async (t) => {
  const p = await project(t);
  assert.equal((await p.run('plan', ['--nonsense'])).code, 64);
  assert.equal((await p.run('plan', ['-s', 'nobody'])).code, 64);
  assert.equal((await p.run('plan', [], { ANTHROPIC_BASE_URL: 'http://api.example.org' })).code, 64);
  p.state = path.join(p.workspace, 'state');
  const inside = await p.run('apply');
  assert.equal(inside.code, 64);
  assert.match(inside.err, /--state-dir/);
});

test('only the sessions that -s names', async (t) => {
  const p = await project(t);
  const other = await p.double.createSession();
  p.mirror(p.session, other);
  assert.equal((await p.run('apply', ['-s', 's2'])).code, 0);
  assert.equal((await p.double.held(p.session)).size, 0);
  assert.equal((await p.double.held(other)).size, 2);
});

test('mass deletion is held back, and let through once by its id', async (t) => {
  const p = await project(t);
  const manifest = `version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${p.session}
    resources: [{type: file, source: d/, mount_path: /d}, {type: file, source: a}]
`;
  p.declare(manifest);
  for (let i = 0; i < 20; i++) write(path.join(p.workspace, `d/${i}`), `${i}`);
  assert.equal((await p.run('apply')).code, 0);
  p.declare(manifest.replace('{type: file, source: d/, mount_path: /d}, ', ''));
  const held = await p.json('apply');
  assert.equal(held.code, 4);
  const { id, deletes } = held.document.sessions[0].held;
  assert.equal(deletes, 20);
  assert.equal((await p.double.held(p.session)).size, 21);
  assert.equal((await p.run('apply', ['--allow-deletes=0000'])).code, 4);
  assert.equal((await p.run('apply', [`--allow-deletes=${id}`])).code, 0);
  assert.equal((await p.double.held(p.session)).size, 1);
});

test('what is fixed when a session is created is blocked and said', async (t) => {
  const p = await project(t);
  p.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${p.session}
    resources:
      - {type: file, source: a}
      - {type: file, source: b/, archive: zip, mount_path: /b.zip}
      - {type: github_repository, url: "https://github.com/o/r"}
      - {type: memory_store, memory_store_id: memstore_1}
`);
  const { code, document } = await p.json('apply');
  assert.equal(code, 4);
  assert.deepEqual(document.sessions[0].blocked.map((each) => each.code), Array(2).fill('requires_new_session'));
  assert.deepEqual([...(await p.double.held(p.session)).keys()].sort(), ['/a', '/b.zip']);
});

test('version and help', async (t) => {
  const p = new Project(t, null);
  const { spawnSync } = await import('node:child_process');
  const version = spawnSync(process.env.SESSYNC_BIN, ['version'], { encoding: 'utf8' });
  assert.equal(version.status, 0);
  assert.match(version.stdout, /^sessync \d+\.\d+\.\d+\n$/);
  assert.equal(spawnSync(process.env.SESSYNC_BIN, ['--help']).status, 0);
  assert.ok(p);
});
