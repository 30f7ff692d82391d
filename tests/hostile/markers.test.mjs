// Whoever has another key of the API's workspace can name a file as sessync does. With a key of its own nobody is fooled.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, sha256, until, write } from '../e2e/harness.mjs';

// Part of each is what must turn up nowhere.
const OLD = `${CANARY}${'old'.repeat(10)}`;
const NEW = `${CANARY}${'new'.repeat(10)}`;
const OURS = 'our bytes';
const THEIRS = 'bad bytes'; // as many

const unkeyed = (bytes, name) => `sessync.e2e.${sha256(bytes).slice(0, 32)}.${name}`;

/** As documented, by somebody else's HMAC. */
function keyed(key, bytes, name) {
  const mac = (text) => createHmac('sha256', key).update(text).digest('hex');
  const content = mac(`sessync marker content 1\n${sha256(bytes)}`).slice(0, 15);
  return `sessync.e2e.k${content}${mac(`sessync marker 1\ne2e\n${content}`).slice(0, 16)}.${name}`;
}

async function scene(t) {
  const project = new Project(t, await Double.start(t));
  project.session = await project.double.createSession();
  project.keys = path.join(project.dir, 'keys');
  project.give = (...keys) => {
    write(project.keys, `# newest first\n${keys.join('\n')}\n`);
    fs.chmodSync(project.keys, 0o600);
  };
  project.give(OLD);
  project.words = ['--marker-key-file', project.keys, '--list-grace', '1s'];
  project.at = (name) => path.join(project.workspace, name);
  project.names = async () => {
    const { data } = await project.double.call('GET', `/v1/files?scope_id=${project.session}`);
    return data.map((file) => file.filename).sort();
  };
  project.forget = () => fs.rmSync(project.state, { recursive: true, force: true });
  write(project.at('a.txt'), OURS);
  project.mirror(project.session);
  return project;
}

async function apply(project, words = project.words) {
  const result = await project.json('apply', [...words, '--timeout', '1m']);
  const [session] = result.document.sessions;
  return { ...result, session, blocked: session.blocked.map(({ code, mount_path: at }) => `${code} ${at}`) };
}

test('a row with a forged marker and as many other bytes does not count as ours', async (t) => {
  const made = { unkeyed, 'with another key': (...file) => keyed(NEW, ...file) };
  for (const [how, name] of Object.entries(made)) {
    const project = await scene(t);
    write(project.at('b.txt'), 'b');
    await project.double.somebodyAdds(project.session, '/b.txt', 'b', keyed(OLD, 'b', 'b.txt'));
    await project.double.somebodyAdds(project.session, '/a.txt', THEIRS, name(OURS, 'a.txt'));
    const applied = await apply(project);
    assert.equal(applied.code, 4, how + applied.err);
    assert.deepEqual(applied.blocked, ['conflict /a.txt'], how);
    assert.match(applied.session.blocked[0].reason, /its marker was made with(out a| no) key/);
    assert.equal((await project.double.held(project.session)).get('/a.txt'), sha256(THEIRS));
  }
  // Without a key everybody with a key of the workspace is one of us: SECURITY.md says so.
  const trusting = await scene(t);
  await trusting.double.somebodyAdds(trusting.session, '/a.txt', THEIRS, unkeyed(OURS, 'a.txt'));
  assert.equal((await trusting.run('apply', ['--timeout', '1m'])).code, 0);
});

test('a forged row that takes the place of ours while the daemon runs is a conflict, and stays', async (t) => {
  const project = await scene(t);
  project.start(project.words);
  await project.equal(project.session);
  const [row] = await project.double.rows(project.session);
  await project.double.call('DELETE', `/v1/sessions/${project.session}/resources/${row.id}`);
  await project.double.somebodyAdds(project.session, '/a.txt', THEIRS, unkeyed(OURS, 'a.txt'));
  write(project.at('b.txt'), 'b');
  await until('the daemon says so', () => /its marker was made without a key/.test(project.daemon.err));
  assert.equal((await project.double.held(project.session)).get('/a.txt'), sha256(THEIRS));
});

test('a key marks by its HMAC, survives a lost state, and makes way for another without a write', async (t) => {
  const project = await scene(t);
  write(project.at('b.txt'), 'b');
  assert.equal((await apply(project)).code, 0);
  const before = [keyed(OLD, OURS, 'a.txt'), keyed(OLD, 'b', 'b.txt')].sort();
  assert.deepEqual(await project.names(), before);

  project.give(NEW, OLD);
  project.forget();
  await project.double.resetRequests();
  assert.equal((await apply(project)).code, 0);
  assert.equal(await project.double.writes(), 0);
  fs.rmSync(project.at('b.txt'));
  write(project.at('a.txt'), 'changed');
  assert.equal((await apply(project)).code, 0);
  assert.deepEqual([...(await project.double.held(project.session))], [['/a.txt', sha256('changed')]]);
  const names = await project.names();
  assert.ok(names.includes(keyed(NEW, 'changed', 'a.txt')), names.join(' '));
});

test('without the key that marked a session nothing is written to it, with or without the state', async (t) => {
  const project = await scene(t);
  write(project.at('b.txt'), 'b');
  assert.equal((await apply(project)).code, 0);
  write(project.at('c.txt'), 'c');
  fs.rmSync(project.at('b.txt'));
  project.give(NEW);
  await project.double.resetRequests();
  for (const words of [project.words, []]) {
    for (const forgets of [false, true]) {
      if (forgets) project.forget();
      const planned = await project.json('plan', words);
      assert.equal(planned.document.sessions[0].error.code, 'wrong_marker_key');
      const applied = await apply(project, words);
      assert.equal(applied.code, 1, applied.err);
      assert.equal(applied.session.error.code, 'wrong_marker_key');
      assert.match(applied.session.error.message, /nothing is changed in it: add the key/);
    }
  }
  assert.equal(await project.double.writes(), 0);
  project.give(NEW, OLD);
  project.start(project.words);
  await project.equal(project.session);
  assert.equal(await project.stop().then(({ code }) => code), 0);
});

test('what was mounted before there was a key is kept by the state, else taken over by --adopt-unkeyed, once', async (t) => {
  const project = await scene(t);
  write(project.at('b.txt'), 'b');
  assert.equal((await project.run('apply', ['--timeout', '1m'])).code, 0);
  await project.double.resetRequests();
  assert.equal((await apply(project)).code, 0);
  project.forget();
  fs.rmSync(project.at('b.txt'));
  const refused = await apply(project);
  assert.deepEqual([refused.code, refused.blocked], [4, ['conflict /a.txt']]);
  assert.match(refused.session.blocked[0].reason, /--adopt-unkeyed/);
  assert.equal(await project.double.writes(), 0);

  const planned = await project.json('plan', [...project.words, '--adopt-unkeyed']);
  assert.deepEqual(planned.document.sessions[0].actions.map((one) => `${one.action} ${one.mount_path}`), ['delete /b.txt']);
  const adopted = await apply(project, [...project.words, '--adopt-unkeyed']);
  assert.equal(adopted.code, 0, adopted.out);
  assert.deepEqual([...(await project.double.held(project.session)).keys()], ['/a.txt']);
  assert.equal(await project.double.count('upload', 'add_resource'), 0);
  assert.equal((await apply(project)).code, 0);
});

test('a daemon that was started with --adopt-unkeyed believes nothing unkeyed that comes later', async (t) => {
  const project = await scene(t);
  await project.double.somebodyAdds(project.session, '/a.txt', OURS, unkeyed(OURS, 'a.txt'));
  project.start([...project.words, '--adopt-unkeyed']);
  await project.equal(project.session);
  assert.equal(await project.double.count('delete_resource'), 0);
  // At first it may have missed something, because lists lag; what is forged until then is taken over, and pruned.
  let forged = 0;
  await until('a forgery is not believed', async () => {
    const name = `/forged-${++forged}.txt`;
    await project.double.somebodyAdds(project.session, name, THEIRS, unkeyed(THEIRS, 'x'));
    write(project.at(`${forged}.txt`), `${forged}`);
    await until('the daemon has seen it', async () => (await project.double.held(project.session)).has(`/${forged}.txt`));
    return / is not taken for ours /.test(project.daemon.err);
  });
  assert.equal((await project.double.held(project.session)).get(`/forged-${forged}.txt`), sha256(THEIRS));
});

test('the marker key file is a secret: never mounted, never shown, warned of when others can read it', async (t) => {
  const project = await scene(t);
  const inside = project.at('keys.txt');
  write(inside, `${OLD}\n`);
  fs.chmodSync(inside, 0o644);
  const applied = await project.json('apply', ['--marker-key-file', inside, '--timeout', '1m']);
  assert.deepEqual([...(await project.double.held(project.session)).keys()], ['/a.txt']);
  assert.match(applied.err, /marker key file .*keys\.txt/);
  for (const [text, says] of [['short', /line 1 has fewer than 32 characters/], ['', /no line is a key/], [`${OLD} x`, /line 1 has blanks/]]) {
    write(project.keys, text);
    const refused = await project.run('apply', project.words);
    assert.equal(refused.code, 64, text);
    assert.match(refused.err, says);
  }
  assert.equal((await project.run('plan', ['--marker-key-file', path.join(project.dir, 'nowhere')])).code, 64);
});
