// Sessions that sessync creates, and what only they can hold.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, filesBelow, same, sha256, until, write } from './harness.mjs';

const URL = 'https://github.com/example-org/example-repo';

/** A manifest with `count` sessions to create, each with the whole workspace. */
function creating(count, more = '') {
  const entries = Array.from({ length: count }, (_, i) => `  - name: made-${i + 1}
    create: {agent: agent_1, environment_id: env_1}
    resources:
      - {type: file, source: ./, mount_path: /}
${more}`);
  return `version: 1\nowner: e2e\nsessions:\n${entries.join('')}`;
}

async function made(double) {
  const { data } = await double.call('GET', '/v1/sessions?limit=100');
  return data.filter((session) => session.metadata.sessync_key?.startsWith('e2e/made-'));
}

test('twenty sessions are created while every second answer is lost, and no upload is left over', async (t) => {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.declare(creating(20));
  write(path.join(p.workspace, 'a'), 'one');
  write(path.join(p.workspace, 'b/c'), 'two');
  await double.faults([{ operation: 'create_session', every: 2, kind: 'cut_after' },
    { operation: 'upload', every: 2, kind: 'cut_after' }]);
  const applied = await p.json('apply', ['--list-grace', '500ms', '--timeout', '2m']);
  assert.equal(applied.code, 0, applied.out + applied.err);
  await double.faults([]);
  const sessions = await made(double);
  assert.equal(sessions.length, 20);
  for (const session of sessions) assert.ok(same(await double.held(session.id), filesBelow(p.workspace)));
  assert.equal((await p.run('plan', ['--detailed-exitcode'])).code, 0);

  await double.call('POST', '/_double/clock', { advance_ms: 7_200_000 }); // gc spares what is young
  const gc = await p.run('gc', ['--yes']);
  assert.equal(gc.code, 0, gc.out + gc.err);
  const { data: left } = await double.call('GET', '/v1/files?limit=1000');
  assert.equal(left.length, 2, 'one upload a content');
});

test('a created session is found again after the state was lost, and follows its title', async (t) => {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.declare(creating(1, '      - {type: memory_store, memory_store_id: memstore_1, access: read_only}\n'));
  write(path.join(p.workspace, 'a'), 'one');
  const planned = await p.json('plan', ['--detailed-exitcode']);
  assert.equal(planned.code, 2);
  assert.equal(planned.document.sessions[0].session_action, 'create');
  assert.equal(planned.document.sessions[0].session_id, null);
  assert.equal(planned.document.summary.create_sessions, 1);
  assert.equal((await p.run('apply')).code, 0);
  const [session] = await made(double);

  p.state = path.join(p.dir, 'another-state');
  const again = await p.json('apply');
  assert.equal(again.code, 0);
  assert.equal(again.document.sessions[0].session_id, session.id);
  p.declare(creating(1).replace('env_1}', 'env_1, title: Renamed}'));
  const updated = await p.json('apply');
  assert.equal(updated.document.sessions[0].session_action, 'update');
  assert.equal((await double.call('GET', `/v1/sessions/${session.id}`)).title, 'Renamed');
  assert.equal((await made(double)).length, 1);
});

/** A session with a repository, and a manifest that gives it the token of a file. */
test('apply ends when it created a session that holds nothing', async (t) => {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.declare(creating(1));
  const applied = await p.run('apply', ['--timeout', '20s']);
  assert.equal(applied.code, 0, applied.out + applied.err);
  assert.equal((await made(double)).length, 1);
});

test('all that is declared of a session stays where an update replaces its metadata', async (t) => {
  const double = await Double.start(t, ['--metadata-update', 'replaced']);
  const p = new Project(t, double);
  const declare = (stage) =>
    p.declare(creating(1).replace('env_1}', `env_1, title: T${stage}, metadata: {team: data, stage: "${stage}"}}`));
  write(path.join(p.workspace, 'a'), 'one');
  for (const stage of [1, 2]) {
    declare(stage);
    const applied = await p.run('apply');
    assert.equal(applied.code, 0, applied.out + applied.err);
  }
  const [session] = await made(double);
  assert.deepEqual(session.metadata, { team: 'data', stage: '2', sessync_key: 'e2e/made-1' });
  assert.equal(session.title, 'T2');
  assert.equal((await p.run('plan', ['--detailed-exitcode'])).code, 0);
});

test('a file that is mounted nobody knows where is left alone, whatever the policy', async (t) => {
  const double = await Double.start(t, ['--default-mount', 'omitted']);
  const p = new Project(t, double);
  const session = await double.createSession();
  const theirs = await double.somebodyAdds(session, undefined, 'theirs');
  assert.equal(theirs.mount_path, undefined);
  p.mirror(session);
  p.declare(`${fs.readFileSync(p.manifest, 'utf8')}    prune: all\n    on_conflict: replace\n`);
  write(path.join(p.workspace, 'a'), 'one');
  const applied = await p.json('apply');
  assert.equal(applied.code, 0, applied.err);
  assert.equal(applied.document.summary.unmanaged, 1);
  assert.equal((await double.rows(session)).length, 2);
  const plan = await p.run('plan', ['--detailed-exitcode']);
  assert.equal(plan.code, 0, plan.out);
  assert.match(plan.out, /^ {2}\? +not managed by sessync$/m);
});

async function repository(t) {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.session = await double.createSession({
    resources: [{ type: 'github_repository', url: URL, mount_path: '/workspace/r', authorization_token: 'first' }],
  });
  p.declare(`version: 1
owner: e2e
sessions:
  - name: code
    session_id: ${p.session}
    resources:
      - type: github_repository
        url: ${URL}
        mount_path: /workspace/r
        authorization_token: {file: secrets/token}
`);
  p.write = (token) => write(path.join(p.dir, 'secrets/token'), `${token}\n`);
  p.holds = async (token) =>
    Object.values(await double.call('GET', `/_double/tokens?session_id=${p.session}`)).every(
      (held) => (held.sha256 ?? held) === sha256(token),
    );
  return p;
}

test('a token file that is rewritten fifty times ends with its last token in the session', async (t) => {
  const p = await repository(t);
  p.write(`${CANARY}-0`);
  p.start();
  for (let i = 1; i <= 50; i++) {
    p.write(`${CANARY}-${i}`);
    if (i % 10 === 0) await until(`token ${i} arrives`, () => p.holds(`${CANARY}-${i}`));
  }
  await until('the last token arrives', () => p.holds(`${CANARY}-50`));
  assert.deepEqual(await p.stop(), { code: 0, signal: null });
  await p.double.resetRequests();
  assert.equal((await p.run('apply')).code, 0);
  assert.equal(await p.double.count('rotate_token'), 0);
});

test('with the state deleted exactly one rotation follows', async (t) => {
  const p = await repository(t);
  p.write(`${CANARY}-1`);
  assert.equal((await p.run('apply')).code, 0);
  p.state = path.join(p.dir, 'fresh');
  const planned = await p.run('plan', ['--detailed-exitcode']);
  assert.equal(planned.code, 0, 'a rotation for lack of a fingerprint is no change');
  assert.match(planned.out, /1 to rotate/);
  await p.double.resetRequests();
  for (let i = 0; i < 3; i++) assert.equal((await p.run('apply')).code, 0);
  assert.equal(await p.double.count('rotate_token'), 1);
  assert.ok(await p.holds(`${CANARY}-1`));
});

test('a token that cannot be read is blocked, in a plan as well', async (t) => {
  const p = await repository(t);
  const applied = await p.json('apply');
  assert.equal(applied.code, 4);
  assert.equal(applied.document.sessions[0].blocked[0].code, 'secret_unavailable');
  const planned = await p.run('plan', ['--detailed-exitcode']);
  assert.equal(planned.code, 4);
  assert.match(planned.out, /^ {2}! .*secret_unavailable: .*secrets\/token/m);
  assert.deepEqual((await p.json('plan')).document.sessions[0].blocked, applied.document.sessions[0].blocked);
});

test('an authentication error makes the next token go out, and says so meanwhile', async (t) => {
  const p = await repository(t);
  p.write(`${CANARY}-1`);
  assert.equal((await p.run('apply')).code, 0);
  await p.double.call('POST', '/_double/events', {
    session_id: p.session,
    type: 'session.error',
    fields: { error: { type: 'repository_authentication_error', message: 'no', repository_url: URL,
      retry_status: { type: 'retrying' } } },
  });
  const stalled = await p.json('apply');
  assert.equal(stalled.code, 4);
  assert.match(stalled.document.sessions[0].blocked[0].reason, /GitHub refused/);
  p.write(`${CANARY}-2`);
  assert.equal((await p.run('apply')).code, 0);
  assert.ok(await p.holds(`${CANARY}-2`));
});
