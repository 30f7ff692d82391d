// What sessync itself reads as a secret never becomes a file of a session, whatever a manifest says.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, sha256, until, write } from '../e2e/harness.mjs';

const held = async (project) => [...(await project.double.held(project.session)).keys()].sort();

async function scene(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.session = await double.createSession();
  project.at = (name) => path.join(project.workspace, name);
  write(project.at('a.txt'), 'a');
  for (const name of ['github-token', 'app-key', 'api-key', 'admin', 'reader']) write(project.at(name), `${CANARY} ${name}`);
  write(project.at('api-key'), CANARY);
  fs.linkSync(project.at('github-token'), project.at('notes.txt'));
  fs.symlinkSync('admin', project.at('readme.txt'));
  return project;
}

const REPOSITORIES = `      - type: github_repository
        url: https://github.com/o/one
        authorization_token: {file: github-token}
      - type: github_repository
        url: https://github.com/o/two
        authorization_token: {github_app: {app_id: 1, installation_id: 2, private_key: {file: app-key}}}
`;

/** Two sessions: what one uses as a token is no source of the other either. */
async function declare(project, ...resources) {
  project.other ??= await project.double.createSession();
  const lines = resources.map((one) => `      - {type: file, ${one}}\n`);
  project.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${project.session}
    max_deletes: 100%
    resources:
${lines.join('')}  - name: s2
    session_id: ${project.other}
    resources:
${REPOSITORIES}`);
}

const options = (project) => ['--secrets-dir', project.workspace, '--api-key-file', project.at('api-key'),
  '--admin-token-file', project.at('admin'), '--read-token-file', project.at('reader')];
const blockedOf = (document) => document.sessions[0].blocked.map(({ code, mount_path: at }) => `${code} ${at}`);

test('the daemon mounts none of the files that its own options and its manifest name as secrets', async (t) => {
  const project = await scene(t);
  await declare(project, 'source: ./, mount_path: /, allow: [github-token, app-key, admin]', 'source: ./, archive: zip, mount_path: /all.zip');
  project.start(options(project));
  await until('it is in sync', async () => (await held(project)).length >= 2);
  write(project.at('b.txt'), 'b');
  await until('the change is there', async () => (await held(project)).includes('/b.txt'));
  assert.deepEqual(await held(project), ['/a.txt', '/all.zip', '/b.txt']);
  write(project.at('github-token'), 'a token that was replaced in place');
  fs.writeFileSync(project.at('new'), 'and one that was renamed into place');
  fs.renameSync(project.at('new'), project.at('app-key'));
  write(project.at('c.txt'), 'c');
  await until('the change is there', async () => (await held(project)).includes('/c.txt'));
  assert.deepEqual(await held(project), ['/a.txt', '/all.zip', '/b.txt', '/c.txt']);
});

test('commands that are run once know the secrets of the daemon as well', async (t) => {
  const project = await scene(t);
  await declare(project, 'source: ./, mount_path: /, allow: [github-token, app-key, admin]');
  for (const command of ['validate', 'plan', 'apply']) {
    const { code, out, err } = await project.run(command, options(project));
    assert.equal(code, { validate: 0, plan: 0, apply: 4 }[command], out + err);
    assert.doesNotMatch(out, /^ *[+!] \/(api-key|admin|reader|readme\.txt) /m, command);
  }
  assert.deepEqual(await held(project), ['/a.txt']);
});

test('a token stays one while the manifest file that names it is bad, also after a restart', async (t) => {
  const project = await scene(t);
  const set = path.join(project.dir, 'manifests');
  const file = (name, sessions) => write(path.join(set, name), `version: 1\nowner: e2e\nsessions:${sessions}`);
  file('all.yaml', `\n  - name: all\n    session_id: ${project.session}\n    max_deletes: 100%\n    resources: [{type: file, source: ./, mount_path: /}]\n`);
  const other = await project.double.createSession();
  file('code.yaml', `\n  - name: code\n    session_id: ${other}\n    resources:\n${REPOSITORIES}`);
  project.manifest = set;
  const places = ['--secrets-dir', project.workspace];
  const shown = ['/a.txt', '/admin', '/api-key', '/reader', '/readme.txt'];
  const follows = async (name) => {
    write(project.at(name), name);
    shown.push(`/${name}`);
    await until(`${name} is there`, async () => (await held(project)).includes(`/${name}`));
    assert.deepEqual(await held(project), [...shown].sort());
  };
  project.start(places);
  await follows('one');
  file('code.yaml', ' [\n');
  await follows('two');
  for (const name of ['three', 'four']) {
    await project.stop('SIGKILL');
    project.start(places);
    await follows(name);
  }
});

test('a secret as a single source is an error of validate, by any of its names, and blocked in a plan', async (t) => {
  const project = await scene(t);
  const names = ['github-token', 'app-key', 'api-key', 'notes.txt'];
  await declare(project, 'source: a.txt', ...names.map((name) => `source: ${name}, allow: [${name}]`));
  const { code, document } = await project.json('validate', ['--secrets-dir', project.workspace]);
  assert.equal(code, 3);
  // Of the API's key it is told nothing.
  assert.deepEqual(document.map((one) => [one.line, one.code, one.severity]), [9, 10, 12].map((line) => [line, 'secret_source', 'error']));
  const text = await project.run('validate', ['--secrets-dir', project.workspace]);
  assert.match(text.err, /sessync\.yaml:9:9: error: "source": "github-token" is a secret of sessync's own/);
  assert.doesNotMatch(text.out, /: valid/);
  const plan = await project.json('plan', ['--secrets-dir', project.workspace, '--api-key-file', project.at('api-key')]);
  assert.deepEqual(blockedOf(plan.document), names.map((name) => `secret /${name}`).sort());
  assert.deepEqual(plan.document.sessions[0].actions.map((one) => one.mount_path), ['/a.txt']);

  // Without the file, and without the workspace, its name is enough.
  fs.rmSync(project.at('github-token'));
  assert.match((await project.run('validate', ['--secrets-dir', project.workspace])).err, /"github-token" is a secret/);
  fs.rmSync(project.workspace, { recursive: true });
  assert.equal((await project.run('validate', ['--secrets-dir', project.workspace])).code, 3);
});

test('all that lies in a directory for secrets is one, unless the workspace lies in it', async (t) => {
  const project = await scene(t);
  write(project.at('private/..data/unused'), 'secret');
  fs.symlinkSync('..data/unused', project.at('private/unused'));
  fs.linkSync(project.at('private/..data/unused'), project.at('copy.txt'));
  const mirror = 'source: ./, mount_path: /, include: ["*.txt", admin, private/]';
  const planned = async (words, env) => {
    const { document } = await project.json('plan', words, env);
    return document.sessions[0].actions.map((one) => one.mount_path);
  };
  await declare(project, mirror);
  const all = ['/a.txt', '/admin', '/copy.txt', '/notes.txt', '/private/unused', '/readme.txt'];
  assert.deepEqual(await planned(['--secrets-dir', project.at('private')]), ['/a.txt', '/admin', '/notes.txt', '/readme.txt']);
  assert.deepEqual(await planned([], { CREDENTIALS_DIRECTORY: project.at('private') }), ['/a.txt', '/admin', '/notes.txt', '/readme.txt']);
  for (const dir of ['/', project.dir]) assert.deepEqual(await planned(['--secrets-dir', dir]), all);
  // Then only what is named in it counts.
  assert.deepEqual(await planned(['--secrets-dir', project.workspace]), all.filter((name) => name !== '/notes.txt'));
});

test('a token that an older version mounted stays, blocked secret, until the user excludes it', async (t) => {
  const project = await scene(t);
  const bytes = fs.readFileSync(project.at('github-token'));
  await project.double.somebodyAdds(project.session, '/a.txt', 'a', `sessync.e2e.${sha256('a').slice(0, 32)}.a.txt`);
  await project.double.somebodyAdds(project.session, '/github-token', bytes, `sessync.e2e.${sha256(bytes).slice(0, 32)}.github-token`);
  const words = ['--secrets-dir', project.workspace, '--api-key-file', project.at('api-key'), '--timeout', '1m', '-s', 's1'];
  await declare(project, 'source: ./, mount_path: /, include: [a.txt, github-token]');
  const kept = await project.json('apply', words);
  assert.equal(kept.code, 4, kept.err);
  assert.deepEqual(blockedOf(kept.document), ['secret /github-token']);
  assert.match(kept.document.sessions[0].blocked[0].reason, /nothing lets it through.*stays.*"exclude".*replace the secret/);
  assert.deepEqual(await held(project), ['/a.txt', '/github-token']);
  await declare(project, 'source: ./, mount_path: /, include: [a.txt, github-token], exclude: [github-token]');
  assert.equal((await project.run('apply', words)).code, 0);
  assert.deepEqual(await held(project), ['/a.txt']);
});
