// Contents that have the form of a key or token: what is not meant to leave does not, and nothing else is held back.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES, filesBelow, sha256, until, write } from '../e2e/harness.mjs';
import { BLOCKED, LOOK_ALIKES } from './secret_contents/corpus.mjs';

const SECRET = BLOCKED.find(([kind]) => kind === 'an AWS access key')[2];
const OTHER = BLOCKED.find(([kind]) => kind === 'a Slack token')[2];

async function scene(t, files = {}) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.session = await double.createSession();
  for (const [name, text] of Object.entries(files)) put(project, name, text);
  return project;
}

const put = (project, name, text) => write(path.join(project.workspace, name), text);

/** `defaults` and `session`: more keys, as lines of YAML. */
function declare(project, resources, { defaults = '', session = '' } = {}) {
  const lines = resources.map((one) => `      - {type: file, ${one}}\n`);
  project.declare(`version: 1
owner: e2e
${defaults}sessions:
  - name: s1
    session_id: ${project.session}
    max_files: 100000
    max_deletes: 100%
${session}    resources:
${lines.join('')}`);
}

const MIRROR = ['source: ./, mount_path: /'];
const held = async (project) => [...(await project.double.held(project.session)).keys()].sort();
const blockedOf = (document) => document.sessions[0].blocked.map(({ code, mount_path: at }) => `${code} ${at}`);
const addedOf = (document) => document.sessions[0].actions.map((one) => one.mount_path);
const apply = (project) => project.json('apply', ['--timeout', '5m']);
const number = (n) => String(n).padStart(3, '0');

/** Runs of characters of a secret that must be in no output. */
const pieces = (text) => text.match(/[A-Za-z0-9+/_-]{20,}/g) ?? [];

test('each content with a secret is blocked with its place and kind, and each look-alike is mounted', async (t) => {
  assert.ok(BLOCKED.length >= 40 && LOOK_ALIKES.length >= 40);
  const project = await scene(t);
  BLOCKED.forEach(([, , text], n) => put(project, `blocked/${number(n)}`, text));
  LOOK_ALIKES.forEach((text, n) => put(project, `alike/${number(n)}`, text));
  declare(project, MIRROR);
  const said = [await project.run('plan', ['-v']), await project.run('validate')];
  const { document, ...applied } = await apply(project);
  said.push(applied, { out: JSON.stringify(document), err: '' });
  assert.equal(applied.code, 4, applied.err);

  const found = new Map(document.sessions[0].blocked.map((one) => [one.mount_path, one]));
  assert.deepEqual([...found.keys()].sort(), BLOCKED.map((_, n) => `/blocked/${number(n)}`));
  BLOCKED.forEach(([kind, line], n) => {
    const { code, reason } = found.get(`/blocked/${number(n)}`);
    assert.equal(code, 'secret_suspected');
    assert.ok(reason.startsWith(`blocked/${number(n)}:${line} looks like ${kind}: `), `${reason}; expected line ${line}, ${kind}`);
    assert.match(reason, /not sent.*stays.*"allow"/);
  });
  assert.deepEqual(await held(project), LOOK_ALIKES.map((_, n) => `/alike/${number(n)}`));

  const never = BLOCKED.flatMap(([, , text]) => pieces(text)).filter((piece) => !LOOK_ALIKES.some((text) => text.includes(piece)));
  assert.ok(never.length > BLOCKED.length);
  for (const { out, err } of said) for (const piece of never) assert.ok(!out.includes(piece) && !err.includes(piece), piece);
  for (const { id } of (await project.double.call('GET', '/v1/files?limit=1000')).data) {
    const response = await fetch(`${project.double.url}/v1/files/${id}/content`, { headers: project.double.headers });
    if (!response.ok) continue; // an upload's own content cannot be fetched
    const bytes = await response.text();
    for (const piece of never) assert.ok(!bytes.includes(piece), `${id} holds ${piece}`);
  }
});

test('of its own sources sessync blocks nothing but what is listed', async (t) => {
  const listed = fs.readFileSync(path.join(SOURCES, 'tests/hostile/secret_contents/own_tree.txt'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  const project = await scene(t);
  const places = ['build', 'node_modules', '.git', '.cache'];
  project.workspace = SOURCES;
  declare(project, [`source: ./, mount_path: /, exclude: [${places.map((name) => `${name}/`).join(', ')}]`]);
  const { document } = await project.json('plan');
  assert.ok(addedOf(document).length > 500 && filesBelow(SOURCES, '', (name) => places.includes(name)).size > 500);
  assert.deepEqual(blockedOf(document).map((one) => one.replace('secret_suspected /', '')), listed);
});

test('secrets: of a source goes before that of the session, that before the default; allow names files and directories', async (t) => {
  const project = await scene(t, { 'sub/a': SECRET, b: SECRET, c: 'c' });
  const all = ['/b', '/c', '/sub/a'];
  const cases = [
    [MIRROR, {}, ['/c']],
    [MIRROR, { session: '    secrets: block\n' }, ['/c']],
    [MIRROR, { session: '    secrets: warn\n' }, all],
    [MIRROR, { session: '    secrets: allow\n' }, all],
    [MIRROR, { defaults: 'defaults: {secrets: allow}\n' }, all],
    [MIRROR, { defaults: 'defaults: {secrets: allow}\n', session: '    secrets: block\n' }, ['/c']],
    [[`${MIRROR[0]}, secrets: allow`], {}, all],
    [[`${MIRROR[0]}, secrets: block`], { session: '    secrets: allow\n' }, ['/c']],
    [[`${MIRROR[0]}, allow: [a]`], {}, ['/c', '/sub/a']],
    [[`${MIRROR[0]}, allow: [sub]`], {}, ['/c', '/sub/a']],
    [[`${MIRROR[0]}, include: ["*", "b"]`], {}, ['/c']],
    [['source: b', 'source: c', 'source: sub/, mount_path: /sub, secrets: allow'], {}, ['/c', '/sub/a']],
    [['source: b, secrets: warn', 'source: c', 'source: sub/a, allow: [a]'], {}, all],
  ];
  for (const [resources, keys, mounted] of cases) {
    declare(project, resources, keys);
    const what = JSON.stringify([resources, keys]);
    const { document, err } = await project.json('plan');
    assert.deepEqual(addedOf(document), mounted, what);
    assert.deepEqual(blockedOf(document), all.filter((at) => !mounted.includes(at)).map((at) => `secret_suspected ${at}`), what);
    const isWarned = what.includes('warn');
    assert.equal(/b:2 looks like an AWS access key; the file is mounted all the same/.test(err), isWarned, err);
    assert.ok(!err.includes(SECRET.match(/AKIA\w+/)[0]));
  }
});

test('what is mounted stays: the same content, an older one, and where the file was before', async (t) => {
  const project = await scene(t, { same: SECRET, older: 'older', moved: OTHER });
  declare(project, MIRROR, { session: '    secrets: allow\n' });
  assert.equal((await apply(project)).code, 0);
  const before = await project.double.held(project.session);
  assert.equal(before.size, 3);

  declare(project, MIRROR);
  put(project, 'older', `now with ${SECRET}`);
  fs.renameSync(path.join(project.workspace, 'moved'), path.join(project.workspace, 'new'));
  const { code, document } = await apply(project);
  assert.equal(code, 4);
  assert.deepEqual(blockedOf(document), ['moved', 'new', 'older', 'same'].map((name) => `secret_suspected /${name}`));
  assert.deepEqual([...(await project.double.held(project.session))].sort(), [...before].sort());
  assert.equal(await project.double.count('delete_resource'), 0);

  // The user decides.
  put(project, 'older', 'clean again');
  declare(project, [`${MIRROR[0]}, exclude: [new], allow: [same]`]);
  assert.equal((await apply(project)).code, 0);
  assert.deepEqual(await held(project), ['/older', '/same']);
  assert.equal((await project.double.held(project.session)).get('/older'), sha256('clean again'));
});

/** What the state says to a statement. */
function editState(project, sql) {
  const result = spawnSync('sqlite3', [path.join(project.state, 'state.db'), sql], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout.trim().split('\n');
}

test('with the state of a version that looked for no secrets nothing is deleted, and each file is read once', async (t) => {
  const project = await scene(t, { a: SECRET, b: 'b' });
  declare(project, MIRROR, { session: '    secrets: allow\n' });
  for (const name of ['a', 'b']) fs.utimesSync(path.join(project.workspace, name), 1, 1);
  await until('the files are old enough to be read for the last time', () => Date.now() - fs.statSync(path.join(project.workspace, 'b')).ctimeMs > 2100);
  assert.equal((await apply(project)).code, 0);
  const judged = () => editState(project, 'SELECT path, patterns > 0, secret_kind > 0, secret_line FROM digest');
  assert.deepEqual(judged(), ['a|1|1|2', 'b|1|0|0']);
  const columns = ['patterns', 'secret_kind', 'secret_line'].map((name) => `ALTER TABLE digest DROP COLUMN ${name};`).join('');
  editState(project, `${columns} PRAGMA user_version = 4;`);

  declare(project, MIRROR);
  const plan = await project.json('plan');
  assert.deepEqual(blockedOf(plan.document), ['secret_suspected /a']);
  const { code, document } = await apply(project);
  assert.equal(code, 4);
  assert.deepEqual(blockedOf(document), ['secret_suspected /a']);
  assert.deepEqual(await held(project), ['/a', '/b']);
  assert.equal(await project.double.count('delete_resource'), 0);
  assert.deepEqual(judged(), ['a|1|1|2', 'b|1|0|0']);

  // From then on the verdict is remembered, and no file is read for it.
  editState(project, "UPDATE digest SET secret_line = 77 WHERE path = 'a'");
  const again = await project.json('plan');
  assert.match(again.document.sessions[0].blocked[0].reason, /^a:77 looks like an AWS access key/);
});

test('an archive with such a file is blocked and names the first three, and none of it is sent', async (t) => {
  const files = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [`in/${name}`, name === 'b' ? 'clean' : `${name}\n${SECRET}`]));
  const project = await scene(t, files);
  const archive = 'source: in/, archive: tar.gz, mount_path: /in.tar.gz';
  declare(project, [archive]);
  const { code, document } = await apply(project);
  assert.equal(code, 4);
  const [{ code: why, reason }] = document.sessions[0].blocked;
  assert.equal(why, 'secret_suspected');
  assert.match(reason, /^4 files in it seem to hold secrets \(in\/a:3 an AWS access key, in\/c:3 an AWS access key, in\/d:3 an AWS access key, \.\.\.\): the archive is not packed/);
  assert.equal(await project.double.count('upload'), 0);
  declare(project, [`${archive}, exclude: [c, d, e]`]);
  assert.match((await project.json('plan')).document.sessions[0].blocked[0].reason, /^1 file in it seems to hold a secret \(in\/a:3 an AWS access key\)/);

  declare(project, [`${archive}, secrets: warn`]);
  const warned = await apply(project);
  assert.equal(warned.code, 0, warned.err);
  assert.match(warned.err, /4 files in it seem to hold secrets .*mounted all the same/);
  const before = await project.double.held(project.session);
  declare(project, [archive]);
  write(path.join(project.workspace, 'in/f'), 'new');
  assert.equal((await apply(project)).code, 4);
  assert.deepEqual([...(await project.double.held(project.session))], [...before]);
  declare(project, [`${archive}, allow: [a, c, d, e]`]);
  assert.equal((await apply(project)).code, 0);
});

test('the daemon holds a file back as long as there is a secret in it, and nothing else', async (t) => {
  const project = await scene(t, { a: 'a', b: SECRET });
  declare(project, MIRROR);
  project.start(['--listen', '127.0.0.1:0']);
  await until('the clean one is there', async () => (await held(project)).includes('/a'));
  put(project, 'a', `a ${OTHER}`);
  put(project, 'c', 'c');
  await until('the new one is there', async () => (await held(project)).includes('/c'));
  const status = async () => (await project.json('status')).document.sessions[0];
  await until('both are blocked', async () => (await status()).blocked?.length === 2);
  assert.deepEqual(blockedOf({ sessions: [await status()] }).sort(), ['secret_suspected /a', 'secret_suspected /b']);
  assert.equal((await project.double.held(project.session)).get('/a'), sha256('a'));
  assert.ok(!project.daemon.err.includes(OTHER.match(/xoxb-\S+/)[0]));
  put(project, 'a', 'a, without it');
  put(project, 'b', 'b, without it');
  await until('both are sent', async () => (await project.double.held(project.session)).get('/b') === sha256('b, without it'));
  await until('both are sent', async () => (await project.double.held(project.session)).get('/a') === sha256('a, without it'));
  assert.equal(await project.double.count('upload'), 4);
});
