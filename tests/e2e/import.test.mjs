// import prints a manifest of live sessions, and a plan right after is empty.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, write } from './harness.mjs';

async function project(t, args = []) {
  const double = await Double.start(t, args);
  return new Project(t, double);
}

/** Imports into the project's manifest; a plan of it must be empty, whatever state there is. */
async function importAndPlan(p, ...ids) {
  const imported = await p.run('import', ids);
  assert.equal(imported.code, 0, imported.err);
  assert.equal(imported.err, '');
  p.declare(imported.out);
  const valid = await p.run('validate');
  assert.equal(valid.code, 0, valid.err + imported.out);
  assert.doesNotMatch(valid.err, /warning/);
  p.state = 'none';
  const planned = await p.json('plan', ['--detailed-exitcode']);
  const summary = JSON.stringify(planned.document, null, 1);
  assert.equal(planned.code, 0, summary + imported.out);
  assert.deepEqual(planned.document.sessions.flatMap((each) => [...each.actions, ...each.blocked]), [], summary);
  return { text: imported.out, document: planned.document };
}

test('files of somebody else', async (t) => {
  const p = await project(t);
  const session = await p.double.createSession({ title: 'Research' });
  await p.double.somebodyAdds(session, '/data/orders.csv', 'one');
  await p.double.somebodyAdds(session, '/notes: "yes" #1.md', 'two');
  const { text, document } = await importAndPlan(p, session);
  assert.match(text, /\nowner: imported\n/);
  assert.match(text, /\n  - name: Research\n/);
  assert.equal(document.summary.unchanged, 2);
  assert.equal(document.summary.unmanaged, 0);

  const before = await p.double.rows(session);
  const applied = await p.run('apply');
  assert.equal(applied.code, 0, applied.err);
  assert.deepEqual(await p.double.rows(session), before);
});

test('files that were mirrored keep their owner', async (t) => {
  const p = await project(t);
  const session = await p.double.createSession();
  p.mirror(session);
  write(path.join(p.workspace, 'a'), 'one');
  write(path.join(p.workspace, 'b/c'), 'two');
  assert.equal((await p.run('apply')).code, 0);
  const { text, document } = await importAndPlan(p, session);
  assert.match(text, /\nowner: e2e\n/);
  assert.equal(document.summary.unchanged, 2);
});

test('a session with everything', async (t) => {
  const p = await project(t);
  const session = await p.double.createSession({
    resources: [
      {
        type: 'github_repository',
        url: 'https://github.com/example-org/example-repo',
        mount_path: '/workspace/example-repo',
        checkout: { type: 'branch', name: 'main' },
        authorization_token: 'ghp_canary',
      },
      {
        type: 'memory_store',
        memory_store_id: 'memstore_1',
        access: 'read_only',
        instructions: 'Prefer:\n- the "glossary"\n',
      },
    ],
  });
  await p.double.somebodyAdds(session, '/data/orders.csv', 'one');
  const { text, document } = await importAndPlan(p, session);
  assert.match(text, /# authorization_token: /);
  assert.doesNotMatch(text, /ghp_canary/);
  assert.equal(document.summary.unchanged, 3);
  assert.equal(document.summary.unmanaged, 0);
});

test('several sessions are one manifest, each once', async (t) => {
  const p = await project(t);
  const ids = [await p.double.createSession(), await p.double.createSession({ title: 'Two' })];
  for (const id of ids) await p.double.somebodyAdds(id, '/a', id);
  const { document } = await importAndPlan(p, ids[0], ids[1], ids[0]);
  assert.deepEqual(document.sessions.map((each) => each.session_id).sort(), [...ids].sort());
  assert.equal(document.summary.unchanged, 2);
});

test('a session that is missing or archived is told, the others are printed', async (t) => {
  const p = await project(t);
  const session = await p.double.createSession();
  const archived = await p.double.createSession();
  await p.double.call('POST', `/v1/sessions/${archived}/archive`);
  const imported = await p.run('import', ['sesn_nowhere', archived, session]);
  assert.equal(imported.code, 1);
  assert.match(imported.err, /sesn_nowhere does not exist/);
  assert.match(imported.err, new RegExp(`${archived} was archived`));
  assert.match(imported.out, new RegExp(`session_id: ${session}\n`));
  assert.doesNotMatch(imported.out, /nowhere/);
  assert.doesNotMatch(imported.out, new RegExp(archived));

  const nothing = await p.run('import', ['sesn_nowhere']);
  assert.equal(nothing.code, 1);
  assert.equal(nothing.out, '');
});

test('a wrong key, or none, is exit 5', async (t) => {
  const p = await project(t, ['--api-key', CANARY]);
  const session = await p.double.createSession();
  const wrong = await p.run('import', [session], { ANTHROPIC_API_KEY: 'sk-canary-42' });
  assert.equal(wrong.code, 5);
  assert.doesNotMatch(wrong.out + wrong.err, /sk-canary-42/);
  assert.equal((await p.run('import', [session], { ANTHROPIC_API_KEY: undefined })).code, 5);
  assert.equal((await p.run('import', [])).code, 64);
});

test('it needs no manifest, writes nothing, and goes on beside a daemon', async (t) => {
  const p = await project(t);
  const session = await p.double.createSession();
  p.mirror(session);
  write(path.join(p.workspace, 'a'), 'one');
  p.start();
  await p.equal(session);
  const writes = await p.double.writes();
  const imported = await p.run('import', [session]);
  assert.equal(imported.code, 0, imported.err);
  assert.equal(await p.double.writes(), writes);
  p.manifest = path.join(p.dir, 'nowhere.yaml');
  assert.equal((await p.run('import', [session])).out, imported.out);
});
