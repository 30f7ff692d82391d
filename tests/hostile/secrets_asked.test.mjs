// What a manifest's author may have sent to a session as a repository's token: files below the directory for secrets
// and variables that the operator allowed, and never a key of sessync's own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, sha256, until, write } from '../e2e/harness.mjs';

const urlOf = (name) => `https://github.com/example-org/${name}`;
const ASKED = 'ghs_notForTheManifest0123456789';

/** A session with a file and a repository, which has the token "first", for each of these sources. */
async function scene(t, sources) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const names = sources.map((_, number) => `repo-${number}`);
  const resources = names.map((name) => ({ type: 'github_repository', url: urlOf(name), mount_path: `/workspace/${name}`, authorization_token: 'first' }));
  project.session = await double.createSession({ resources });
  project.secrets = path.join(project.dir, 'secrets');
  fs.mkdirSync(project.secrets);
  write(path.join(project.workspace, 'a.txt'), 'a');
  const entries = names.map((name, number) => `      - {type: github_repository, url: ${urlOf(name)}, authorization_token: ${JSON.stringify(sources[number])}}\n`);
  project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${project.session}\n    interval: 10s\n    resources:\n      - {type: file, source: a.txt}\n${entries.join('')}`);
  project.secret = (name, text = ASKED) => fs.writeFileSync(path.join(project.secrets, name), text, { mode: 0o600 });
  project.words = ['--secrets-dir', project.secrets];
  project.tokens = async () => Object.values(await double.call('GET', `/_double/tokens?session_id=${project.session}`));
  return project;
}

const blockedOf = (document) => document.sessions[0].blocked.map(({ code, mount_path: at }) => `${code} ${at}`);
const reasonsOf = (document) => document.sessions[0].blocked.map(({ reason }) => reason);

/** Nothing was sent, everything else was done, and a plan says the same. */
async function nothingIsSent(project, count, words = project.words, env = {}) {
  const expected = [...Array(count).keys()].map((number) => `secret_unavailable /workspace/repo-${number}`).sort();
  const applied = await project.json('apply', words, env);
  assert.equal(applied.code, 4, applied.out + applied.err);
  assert.deepEqual(blockedOf(applied.document).sort(), expected);
  assert.deepEqual([...(await project.double.held(project.session)).keys()], ['/a.txt']);
  assert.deepEqual(await project.tokens(), Array(count).fill(sha256('first')));
  assert.equal(await project.double.count('delete_resource', 'update_resource', 'rotate_token'), 0);
  assert.deepEqual(reasonsOf((await project.json('plan', words, env)).document), reasonsOf(applied.document));
  assert.ok(!(applied.out + applied.err).includes(ASKED));
  return reasonsOf(applied.document);
}

test('no name and no link leads out of the directory for secrets, and the rest of the manifest counts', async (t) => {
  const names = ['/etc/machine-id', '../token', 'x/../../token', 'absolute', 'up', 'out/token', 'tokens/'];
  const sources = names.flatMap((file) => [{ file }, { github_app: { app_id: 1, installation_id: 2, private_key: { file } } }]);
  const project = await scene(t, sources);
  fs.writeFileSync(path.join(project.dir, 'token'), ASKED, { mode: 0o600 });
  fs.mkdirSync(path.join(project.secrets, 'tokens'));
  fs.symlinkSync(path.join(project.dir, 'token'), path.join(project.secrets, 'absolute'));
  fs.symlinkSync('../token', path.join(project.secrets, 'up'));
  fs.symlinkSync('..', path.join(project.secrets, 'out'));
  const valid = await project.json('validate', project.words);
  assert.equal(valid.code, 0, valid.err);
  const warned = names.filter((name) => !['absolute', 'up', 'out/token'].includes(name)).length;
  assert.deepEqual(valid.document.map(({ severity, code }) => `${severity} ${code}`), Array(2 * warned).fill('warning secret_file_outside'));
  for (const reason of await nothingIsSent(project, sources.length)) assert.match(reason, /is not read, because .*--secrets-dir.*until that is fixed no token is sent/);
});

test('a name is cleaned, and a Kubernetes volume works', async (t) => {
  const project = await scene(t, [{ file: './x/../github-token' }, { file: 'sub//token' }]);
  fs.mkdirSync(path.join(project.secrets, '..2026_1'));
  project.secret('..2026_1/github-token', 'token-1');
  fs.symlinkSync('..2026_1', path.join(project.secrets, '..data'));
  fs.symlinkSync('..data/github-token', path.join(project.secrets, 'github-token'));
  fs.mkdirSync(path.join(project.secrets, 'sub'));
  project.secret('sub/token', 'token-2');
  const { code, err } = await project.run('apply', project.words);
  assert.equal(code, 0, err);
  assert.deepEqual((await project.tokens()).sort(), ['token-1', 'token-2'].map((token) => sha256(token)).sort());
});

test('a key of sessync\'s own is no token, by whatever name it is met', async (t) => {
  const names = ['api-key', 'admin', 'reader', 'hard', 'soft'];
  const project = await scene(t, names.map((file) => ({ file })));
  const at = (name) => path.join(project.secrets, name);
  project.secret('api-key', CANARY);
  for (const name of ['admin', 'reader']) project.secret(name);
  fs.linkSync(at('api-key'), at('hard'));
  fs.symlinkSync('admin', at('soft'));
  project.start(['--listen', '127.0.0.1:0', ...project.words, '--api-key-file', at('api-key'), '--admin-token-file', at('admin'), '--read-token-file', at('reader')]);
  const statusOf = async () => JSON.parse((await project.run('status', ['-o', 'json', '--read-token-file', at('reader')])).out || '{}');
  const blocked = await until('all of them are blocked', async () => {
    const found = (await statusOf()).sessions?.[0].blocked ?? [];
    return found.length === names.length && found;
  });
  for (const { code, reason } of blocked) {
    assert.equal(code, 'secret_unavailable');
    assert.match(reason, /sessync's own.*never sent to a session.*different directories/);
  }
  // A key that is replaced is one under its new inode as well.
  fs.rmSync(at('hard'));
  fs.writeFileSync(at('new'), CANARY, { mode: 0o600 });
  fs.renameSync(at('new'), at('api-key'));
  write(path.join(project.workspace, 'a.txt'), 'changed');
  await until('a pass was made since', async () => (await project.double.held(project.session)).get('/a.txt') === sha256('changed'));
  assert.deepEqual(await project.tokens(), Array(names.length).fill(sha256('first')));
});

test('a variable is sent only if it is allowed, and some never are', async (t) => {
  const names = ['TEAM_TOKEN', 'ANTHROPIC_API_KEY', 'SESSYNC_LOG_LEVEL', 'https_proxy', 'NO_PROXY', 'AWS_SECRET_ACCESS_KEY', 'PATH', 'HOME'];
  const project = await scene(t, names.map((env) => ({ env })));
  const env = { TEAM_TOKEN: ASKED, SESSYNC_LOG_LEVEL: 'info', NO_PROXY: '127.0.0.1', AWS_SECRET_ACCESS_KEY: ASKED, HOME: '/root', https_proxy: undefined };
  const reasons = await nothingIsSent(project, names.length, project.words, env);
  assert.match(reasons[0], /TEAM_TOKEN is not sent to a session: start sessync with --allow-env TEAM_TOKEN/);
  for (const reason of reasons.slice(1)) assert.match(reason, /is never sent to a session/);
  const { code, document } = await project.json('validate', project.words);
  assert.deepEqual([code, document.length], [0, names.length - 1]);

  // An operator who allows everything still gives none of those away.
  for (const [words, more] of [[['--allow-env', '*', ...names.slice(1).flatMap((name) => ['--allow-env', name])], {}], [[], { SESSYNC_ALLOW_ENV: 'X,TEAM_*' }]]) {
    const applied = await project.json('apply', [...project.words, ...words], { ...env, ...more });
    assert.deepEqual(blockedOf(applied.document), names.slice(1).map((_, number) => `secret_unavailable /workspace/repo-${number + 1}`));
    assert.deepEqual((await project.tokens()).sort(), [ASKED, ...Array(names.length - 1).fill('first')].map((token) => sha256(token)).sort());
  }
});

test('a token that an older version sent stays, and so does everything else', async (t) => {
  const project = await scene(t, [{ env: 'TEAM_TOKEN' }]);
  const env = { TEAM_TOKEN: ASKED };
  assert.equal((await project.run('apply', ['--allow-env', 'TEAM_TOKEN'], env)).code, 0);
  await project.double.resetRequests();
  write(path.join(project.workspace, 'a.txt'), 'changed');
  const { code, document } = await project.json('apply', [], env);
  assert.equal(code, 4);
  assert.deepEqual(blockedOf(document), ['secret_unavailable /workspace/repo-0']);
  assert.deepEqual(await project.tokens(), [sha256(ASKED)]);
  assert.equal((await project.double.held(project.session)).get('/a.txt'), sha256('changed'));
  assert.equal(await project.double.count('update_resource', 'rotate_token'), 0);
});
