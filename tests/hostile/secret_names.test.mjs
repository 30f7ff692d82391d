// Files that nobody means to give away: left out by their names, and what an older version mounted of them stays.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES, filesBelow, sha256, sorted, until, write } from '../e2e/harness.mjs';

const namesIn = (list) =>
  fs.readFileSync(path.join(SOURCES, 'tests/hostile/secret_names', list), 'utf8').trim().split('\n');
const KEPT_OUT = namesIn('kept_out.txt');
const LOOK_ALIKES = namesIn('look_alikes.txt');
const SECRET = 'this must not leave';

async function scene(t, files) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.session = await double.createSession();
  for (const [name, text] of Object.entries(files)) write(path.join(project.workspace, name), text);
  return project;
}

/** Declares one session with these resources, each as YAML on one line. */
function declare(project, ...resources) {
  const head = `version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${project.session}\n`;
  const lines = resources.map((one) => `      - {type: file, ${one}}\n`);
  project.declare(`${head}    max_files: 100000\n    max_deletes: 100%\n    resources:\n${lines.join('')}`);
}

const keysOf = (map) => [...map.keys()].sort();
const held = async (project) => keysOf(await project.double.held(project.session));

/** A row as an older version left it: an upload of ours, mounted. */
const mountedBefore = (project, mount, text) =>
  project.double.somebodyAdds(project.session, mount, text, `sessync.e2e.${sha256(text).slice(0, 32)}.${path.basename(mount)}`);

const blockedOf = (document) => document.sessions[0].blocked.map(({ code, mount_path: at }) => `${code} ${at}`);

test('no name of a secret is mounted, and none that only looks like one is missed', async (t) => {
  assert.ok(KEPT_OUT.length >= 150 && LOOK_ALIKES.length >= 40);
  const project = await scene(t, {});
  for (const name of KEPT_OUT) write(path.join(project.workspace, 'kept', name), `${SECRET}: ${name}`);
  for (const name of LOOK_ALIKES) write(path.join(project.workspace, 'alike', name), name);
  declare(project, 'source: ./, mount_path: /');
  const plan = await project.run('plan');
  const outDirectories = new Set();
  const outFiles = KEPT_OUT.filter((name) => {
    const directory = name.match(/^(?:.*\/)?(?:\.(?:aws|azure|kube|ssh|gnupg)|\.config\/gcloud)(?=\/)/i)?.[0];
    if (directory) outDirectories.add(directory);
    return !directory;
  });
  const counted = `left out by default: ${outFiles.length} files and ${outDirectories.size} directories (`;
  assert.ok(plan.out.includes(counted), plan.out.slice(-600));
  const valid = await project.run('validate');
  assert.equal(valid.code, 0);
  assert.ok(valid.out.includes(counted), valid.out);

  const applied = await project.run('apply', ['--timeout', '5m']);
  assert.equal(applied.code, 0, applied.err);
  assert.deepEqual(await held(project), LOOK_ALIKES.map((name) => `/alike/${name}`).sort());
  assert.equal(await project.double.count('upload'), LOOK_ALIKES.length);

  // Packed, they are left out as well.
  declare(project, 'source: kept/, archive: tar.gz, mount_path: /kept.tar.gz', 'source: alike/, mount_path: /alike');
  const packed = await project.json('plan');
  assert.deepEqual(packed.document.sessions[0].actions, []);
});

test('of its own sources sessync leaves out nothing but what is listed', async (t) => {
  const project = await scene(t, {});
  const places = ['build', 'node_modules', '.git', '.cache'];
  project.workspace = SOURCES;
  declare(project, `source: ./, mount_path: /, exclude: [${places.map((name) => `${name}/`).join(', ')}]`);
  const { document } = await project.json('plan');
  const added = new Set(document.sessions[0].actions.map((action) => action.mount_path));
  const missed = keysOf(filesBelow(SOURCES, '', (name) => places.includes(name))).filter((name) => !added.has(name));
  const listed = ['/examples/patterns/workspace/docs/.sessyncignore', '/examples/single-file/workspace/.env.example'];
  assert.deepEqual(missed.filter((name) => name !== '/examples/patterns/workspace/docs/draft.md'), listed); // that file is for .sessyncignore
});

test('a file that a user names is mounted: by allow, an include pattern, or as a source of its own', async (t) => {
  const files = { 'tls/server.key': 'a', 'tls/other.key': 'b', '.docker/config.json': 'c', '.aws/config': 'd', 'prod.env': 'e' };
  const project = await scene(t, files);
  const cases = [
    ['source: ./, mount_path: /', []],
    ['source: ./, mount_path: /, allow: [server.key]', ['/tls/server.key']],
    ['source: ./, mount_path: /, allow: [config.json, .aws]', ['/.aws/config', '/.docker/config.json']],
    ['source: ./, mount_path: /, include: ["*", "tls/server.key"]', ['/tls/server.key']],
    ['source: ./, mount_path: /, include: ["*", ".docker/config.json"]', ['/.docker/config.json']],
    ['source: ./, mount_path: /, include: ["*.key"]', []],
    ['source: .aws/, mount_path: /aws', ['/aws/config']],
    ['source: .docker/, mount_path: /docker', []],
    ['source: prod.env', ['/prod.env']],
    ['source: tls/server.key, mount_path: /k', ['/k']],
  ];
  for (const [entry, mounted] of cases) {
    declare(project, entry);
    const { document } = await project.json('plan');
    assert.deepEqual(document.sessions[0].actions.map((action) => action.mount_path), mounted, entry);
    assert.deepEqual(document.sessions[0].blocked, [], entry);
  }
});

test('what an older version mounted stays, blocked secret, until the user decides', async (t) => {
  const files = { 'a.txt': 'a', 'tls/server.key': 'k', '.aws/config': 'c', '.aws/sso/1': 's', 'old.env': 'o', 'new.env': 'n' };
  const kept = ['/.aws/config', '/.aws/sso/1', '/old.env', '/tls/server.key'];
  const everything = ['/.aws/config', '/.aws/sso/1', '/a.txt', '/old.env', '/tls/server.key'];
  const mirror = 'source: ./, mount_path: /';
  const blocked = kept.map((name) => `secret ${name}`);

  await t.test('with no state: the rows are recognised by their markers', async () => {
    const project = await scene(t, files);
    for (const name of everything) await mountedBefore(project, name, files[name.slice(1)]);
    declare(project, mirror);
    const applied = await project.json('apply', ['--timeout', '1m']);
    assert.equal(applied.code, 4, applied.err);
    assert.deepEqual(blockedOf(applied.document), blocked);
    assert.deepEqual(await held(project), everything);
    assert.equal(await project.double.count('delete_resource'), 0);
    for (const { reason } of applied.document.sessions[0].blocked) assert.match(reason, /stays.*"allow".*"exclude"/);
  });

  await t.test('with the state of the version that mounted them', async () => {
    const project = await scene(t, files);
    declare(project, `${mirror}, exclude: [new.env], allow: [server.key, .aws, old.env]`);
    assert.equal((await project.run('apply')).code, 0);
    assert.deepEqual(await held(project), everything);

    declare(project, mirror);
    write(path.join(project.workspace, 'old.env'), 'changed, and not sent');
    const applied = await project.json('apply', ['--timeout', '1m']);
    assert.equal(applied.code, 4, applied.err);
    assert.deepEqual(blockedOf(applied.document), blocked);
    assert.deepEqual(await held(project), everything);
    assert.equal((await project.double.held(project.session)).get('/old.env'), sha256('o'));
    assert.match((await project.run('plan')).out, /left out by default: 3 files and 1 directory \(/);

    // What is gone from the workspace is pruned as anything else; so is what the user excludes.
    fs.rmSync(path.join(project.workspace, 'old.env'));
    declare(project, `${mirror}, exclude: [.aws/]`);
    const excluded = await project.json('apply', ['--timeout', '1m']);
    assert.deepEqual(blockedOf(excluded.document), ['secret /tls/server.key']);
    assert.deepEqual(await held(project), ['/a.txt', '/tls/server.key']);

    declare(project, `${mirror}, exclude: [.aws/], allow: [server.key]`);
    const allowed = await project.json('apply', ['--timeout', '1m']);
    assert.equal(allowed.code, 0, allowed.out);
    assert.deepEqual(await held(project), ['/a.txt', '/tls/server.key']);
  });
});

test('a link does not go around the list, and what was mounted through one stays', async (t) => {
  const project = await scene(t, { 'a.txt': 'a', '.aws/config': 'c', 'tls/Server.KEY': 'k' });
  fs.symlinkSync('.aws/config', path.join(project.workspace, 'settings'));
  fs.symlinkSync('tls/Server.KEY', path.join(project.workspace, 'harmless'));
  fs.symlinkSync('.aws', path.join(project.workspace, 'cloud'));
  declare(project, 'source: ./, mount_path: /');
  await mountedBefore(project, '/settings', 'c');
  await mountedBefore(project, '/a.txt', 'a');
  const applied = await project.json('apply', ['--timeout', '1m']);
  assert.deepEqual(blockedOf(applied.document), ['secret /settings']);
  assert.match(applied.document.sessions[0].blocked[0].reason, /leads to \.aws.*add \.aws to "allow"/);
  assert.deepEqual(await held(project), ['/a.txt', '/settings']);

  declare(project, 'source: harmless', 'source: cloud/, mount_path: /cloud');
  const single = await project.json('plan');
  assert.deepEqual(blockedOf(single.document), ['secret /cloud', 'secret /harmless']);
  declare(project, 'source: harmless, allow: [Server.KEY]', 'source: cloud/, mount_path: /cloud, allow: [.aws]');
  const allowed = await project.json('plan');
  assert.deepEqual(blockedOf(allowed.document), []);
});

test('with gitignore: true what git does not track is not mounted, and an edit of .gitignore is seen', async (t) => {
  const project = await scene(t, { '.gitignore': '*.log\n/out/\n', 'a.log': '1', 'a.txt': 'a', 'out/b': 'b', 'sub/.gitignore': '!keep.log\n', 'sub/keep.log': 'k' });
  declare(project, 'source: ./, mount_path: /, gitignore: true');
  project.start();
  const expected = ['/.gitignore', '/a.txt', '/sub/.gitignore', '/sub/keep.log'];
  const equals = (wanted) => async () => JSON.stringify(await held(project)) === JSON.stringify(wanted);
  await until('what git ignores is left out', equals(expected));
  write(path.join(project.workspace, '.gitignore'), '*.txt\n');
  await until('the edit is obeyed', equals(['/.gitignore', '/a.log', '/out/b', '/sub/.gitignore', '/sub/keep.log']));
  write(path.join(project.workspace, '.sessyncignore'), '!a.txt\n/out/\n');
  await until('.sessyncignore has the last word', equals(['/.gitignore', '/a.log', '/a.txt', '/sub/.gitignore', '/sub/keep.log']));
  assert.equal(sorted(await project.double.held(project.session)).length, 5);
});
