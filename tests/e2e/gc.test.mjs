// What nothing needs is found and deleted; anything in doubt stays.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from './harness.mjs';

const HOURS = 3_600_000;

/** A converged session of which one file was taken away again, all of it `age` ago. */
async function project(t, age = 3 * HOURS) {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.session = await double.createSession();
  p.mirror(p.session);
  write(path.join(p.workspace, 'kept'), 'kept');
  write(path.join(p.workspace, 'gone'), 'gone!');
  assert.equal((await p.run('apply')).code, 0);
  await double.somebodyAdds(p.session, '/theirs', 'precious');
  fs.rmSync(path.join(p.workspace, 'gone'));
  assert.equal((await p.run('apply')).code, 0);
  await double.call('POST', '/_double/clock', { advance_ms: age + 1000 }); // the API's clock tells how old what was made is
  p.uploads = async () => (await double.call('GET', '/_double/uploads')).map((file) => file.filename.replace(/.*\./, '')).sort();
  return p;
}

const names = (files) => files.map((file) => file.filename.split('.').at(-1));

test('what nothing needs is listed, and deleted with --yes only', async (t) => {
  const p = await project(t);
  const held = await p.double.held(p.session);
  const listed = await p.json('gc');
  assert.equal(listed.code, 0);
  assert.deepEqual(names(listed.document.uploads), ['gone']);
  assert.deepEqual(names(listed.document.copies), ['gone']);
  assert.equal(listed.document.uploads[0].result, 'listed');
  assert.equal(listed.document.copies[0].session_id, p.session);
  assert.deepEqual(listed.document.summary, { uploads: 1, copies: 1, bytes: 10, deleted: 0 });
  assert.deepEqual(await p.uploads(), ['gone', 'kept', 'pdf']);

  const text = await p.run('gc');
  assert.match(text.out, /^listed  upload  file_\S+  sessync\.e2e\.[0-9a-f]{32}\.gone  5 B  3h  nothing declares it$/m);
  assert.match(text.out, /Garbage: 1 uploads, 1 copies, 10 bytes; nothing was deleted: --yes deletes them\.\n$/);

  const deleted = await p.json('gc', ['--yes']);
  assert.equal(deleted.code, 0);
  assert.equal(deleted.document.summary.deleted, 2);
  assert.deepEqual(await p.uploads(), ['kept', 'pdf']);
  assert.deepEqual(await p.double.held(p.session), held);
  assert.deepEqual((await p.json('gc')).document.summary, { uploads: 0, copies: 0, bytes: 0, deleted: 0 });
  assert.equal((await p.run('plan', ['--detailed-exitcode'])).code, 0);

  write(path.join(p.workspace, 'gone'), 'gone!');
  assert.equal((await p.run('apply')).code, 0, 'a deleted upload is made again');
  assert.equal((await p.double.held(p.session)).size, 3);
});

test('with the state lost too, one upload for each declared file stays', async (t) => {
  const p = await project(t);
  fs.rmSync(p.state, { recursive: true });
  const { code, document } = await p.json('gc', ['--yes']);
  assert.equal(code, 0);
  assert.equal(document.summary.deleted, 2);
  assert.deepEqual(await p.uploads(), ['kept', 'pdf']);
  assert.equal((await p.run('plan', ['--detailed-exitcode'])).code, 0);
});

test('what is younger than an hour stays', async (t) => {
  const p = await project(t, 0);
  const { document } = await p.json('gc', ['--yes']);
  assert.deepEqual(document.summary, { uploads: 0, copies: 0, bytes: 0, deleted: 0 });
  assert.deepEqual(await p.uploads(), ['gone', 'kept', 'pdf']);
});

test('how old uploads are is told by the API\'s clock: a clock of ours two hours ahead deletes nothing young', async (t) => {
  const p = await project(t, 0);
  await p.double.call('POST', '/_double/clock', { advance_ms: -2 * HOURS });
  write(path.join(p.workspace, 'younger'), 'younger');
  assert.equal((await p.run('apply')).code, 0);
  fs.rmSync(path.join(p.workspace, 'younger'));
  assert.equal((await p.run('apply')).code, 0);
  const { code, document } = await p.json('gc', ['--yes']);
  assert.equal(code, 0);
  assert.deepEqual(document.summary, { uploads: 0, copies: 0, bytes: 0, deleted: 0 });
  assert.deepEqual(await p.uploads(), ['gone', 'kept', 'pdf', 'younger']);
});

test('a source that cannot be read, and a list that fails, keep what they could concern', async (t) => {
  const p = await project(t);
  await p.double.faults([{ operation: 'list_session_files', kind: 'status', status: 500 }]);
  const unlisted = await p.json('gc', ['--yes']);
  assert.equal(unlisted.code, 1);
  assert.deepEqual(unlisted.document.summary, { uploads: 1, copies: 0, bytes: 5, deleted: 1 });
  assert.equal(unlisted.document.errors[0].session, 's1');
  await p.double.call('DELETE', '/_double/faults');

  p.declare(fs.readFileSync(p.manifest, 'utf8').replace('source: ./', 'source: missing/'));
  const unread = await p.json('gc', ['--yes']);
  assert.equal(unread.code, 1);
  assert.deepEqual(unread.document.summary, { uploads: 0, copies: 1, bytes: 5, deleted: 1 });
  assert.equal(unread.document.errors[0].code, 'source_unavailable');
  assert.deepEqual(await p.uploads(), ['kept', 'pdf']);
});

test('a session that is not selected still needs its uploads', async (t) => {
  const p = await project(t);
  const other = await p.double.createSession();
  p.declare(
    fs.readFileSync(p.manifest, 'utf8') +
      `  - name: s2\n    session_id: ${other}\n    resources: []\n`,
  );
  const { document } = await p.json('gc', ['-s', 's2']);
  assert.deepEqual(names(document.uploads), ['gone']);
  assert.deepEqual(document.copies, []);
});

test('only --yes takes the lock', async (t) => {
  const p = await project(t);
  p.start();
  await until('the daemon works', () => /reason=Succeeded/.test(p.daemon.err));
  assert.equal((await p.run('gc', ['--yes'])).code, 64);
  assert.equal((await p.run('gc')).code, 0);
});
