// Secrets turn up in texts of somebody else: names of files, manifests, what a command says. Nothing that sessync prints,
// logs or serves shows them.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, until, write } from '../e2e/harness.mjs';

const KEY = 'sk-test+the.key~of=this/process0123456789';
const TOKEN = 'ghs_the.token~of=a+repository0123456789';
const ADMIN = 'the-admin-token+of=this.daemon0123456789';
const PROXY = 'pr0xy-p4ssword-of-16';
const REPOSITORY = 'https://github.com/example-org/example-repo';

/** A secret as it is, URL-encoded, and the letters of base64 that it alone decides, wherever it stands in a text. */
function spellings(secret) {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret), Buffer.alloc(2)]).toString('base64');
    return text.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + secret.length) * 4) / 3));
  });
  return [secret, encodeURIComponent(secret), ...base64];
}
const shownIn = (text, secrets) => secrets.flatMap(spellings).filter((spelling) => text.includes(spelling));

/** All that the status server says. */
async function served(url, admin) {
  const texts = [];
  for (const target of ['/', '/page/sessions/s1', '/metrics', '/api/v1/status', '/livez', '/readyz', '/api/v1/sessions/nobody/suspend']) {
    const answer = await fetch(url + target, target.endsWith('suspend') ? { method: 'POST', headers: { authorization: `Bearer ${admin}` } } : {});
    texts.push(await answer.text());
  }
  const follower = new AbortController();
  const events = (await fetch(`${url}/api/v1/events`, { signal: follower.signal })).body.getReader();
  texts.push(Buffer.from((await events.read()).value).toString());
  follower.abort();
  return texts.join('\n');
}

async function scene(t, source, session = {}) {
  const double = await Double.start(t, ['--api-key', KEY]);
  const project = new Project(t, double);
  const repository = { type: 'github_repository', url: REPOSITORY, mount_path: '/workspace/example-repo', authorization_token: 'first' };
  const id = await double.createSession({ resources: [repository], ...session });
  project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${id}\n    interval: 10s\n    resources:
      - {type: file, source: ./, mount_path: /}
      - {type: github_repository, url: ${REPOSITORY}, mount_path: /workspace/example-repo, authorization_token: ${JSON.stringify(source)}}\n`);
  fs.writeFileSync(path.join(project.dir, 'token'), TOKEN, { mode: 0o600 });
  fs.writeFileSync(path.join(project.dir, 'admin'), ADMIN, { mode: 0o600 });
  const env = { ANTHROPIC_API_KEY: KEY, https_proxy: `http://user:${PROXY}@127.0.0.1:1`, no_proxy: '127.0.0.1' };
  return { double, project, id, env };
}

test('a file that is named after a secret shows it nowhere, in whatever spelling', async (t) => {
  const { project, env } = await scene(t, { file: 'token' });
  const secrets = [TOKEN, ADMIN, PROXY];
  for (const [number, spelling] of secrets.flatMap(spellings).entries()) {
    write(path.join(project.workspace, `${spelling.replaceAll('/', '%2F')}/file-${number}`), `file ${number}`);
  }
  // One that cannot be mounted is named among the blocked ones.
  fs.symlinkSync('/nowhere', path.join(project.workspace, `link-${TOKEN}`));
  const words = ['--secrets-dir', project.dir];
  const printed = [];
  for (const [command, more] of [['plan', []], ['plan', ['-o', 'json']], ['apply', []], ['apply', ['-o', 'json']], ['plan', ['-v']]]) {
    const { out, err } = await project.run(command, [...words, ...more, '--log-level', 'debug'], env);
    printed.push(out, err);
  }
  // The proxy and, of one-shot commands, only what they read are known to them: the admin token is the daemon's.
  assert.deepEqual(shownIn(printed.join('\n'), [TOKEN, PROXY]), []);
  assert.match(printed[0], /\[redacted\]/);
  project.start(['--listen', '127.0.0.1:0', '--admin-token-file', path.join(project.dir, 'admin'), '--log-level', 'debug', ...words], env);
  const url = await addressOf(project);
  await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
  const body = JSON.stringify({ by: ADMIN });
  await fetch(`${url}/api/v1/sessions/s1/reconcile`, { method: 'POST', headers: { authorization: `Bearer ${ADMIN}` }, body });
  await until('the write is told of', () => project.daemon.err.includes('a write was'));
  await fetch(`${url}/${TOKEN}`, { method: 'POST' });
  const { out, err } = await project.run('status', [], env);
  const told = [await served(url, ADMIN), project.daemon.err].join('\n');
  assert.deepEqual(shownIn(told, secrets), []);
  assert.deepEqual(shownIn(out + err, [PROXY]), []);
  assert.match(told, /\[redacted\]/);
});

test('a manifest that quotes a secret where it is wrong does not show it', async (t) => {
  const { project, env } = await scene(t, { file: 'token' });
  project.start(['--listen', '127.0.0.1:0', '--secrets-dir', project.dir, '--admin-token-file', path.join(project.dir, 'admin')], env);
  const url = await addressOf(project);
  await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
  const good = fs.readFileSync(project.manifest, 'utf8');
  project.declare(good.replace('interval: 10s', `interval: "${KEY}"\n    "${PROXY}": 1`));
  await until('it is refused', () => /manifest/.test(project.daemon.err) && /invalid|unknown|last good|last valid/.test(project.daemon.err));
  await until('status says so', async () => /"valid": ?false/.test(await (await fetch(`${url}/api/v1/status`)).text()));
  assert.deepEqual(shownIn([await served(url, ADMIN), project.daemon.err].join('\n'), [KEY, PROXY]), []);
  for (const [command, more] of [['validate', []], ['validate', ['-o', 'json']], ['plan', []], ['plan', ['-o', 'json']]]) {
    const { code, out, err } = await project.run(command, more, env);
    assert.equal(code, 3, command);
    assert.deepEqual(shownIn(out + err, [KEY, PROXY]), [], `${command} ${more}`);
  }
});

test('what a failed command writes to standard error is in the log at debug level only, its exit code everywhere', async (t) => {
  const { project, env } = await scene(t, { command: ['./mint'] });
  const mint = path.join(project.dir, 'mint');
  write(mint, '#!/bin/sh\necho "cannot log in with password hunter2" >&2\nexit 7\n');
  fs.chmodSync(mint, 0o700);
  const texts = [];
  for (const more of [[], ['-o', 'json']]) {
    const { out, err } = await project.run('apply', ['--allow-commands', ...more], env);
    assert.match(out, /failed with exit code 7/);
    texts.push(out, err);
  }
  project.start(['--listen', '127.0.0.1:0', '--allow-commands', '--admin-token-file', path.join(project.dir, 'admin')], env);
  const url = await addressOf(project);
  await until('status says that it failed', async () => /exit code 7/.test(await (await fetch(`${url}/api/v1/status`)).text()));
  texts.push(await served(url, ADMIN), project.daemon.err);
  assert.ok(!texts.join('\n').includes('hunter2'));
  await project.stop();
  const { err } = await project.run('apply', ['--allow-commands', '--log-level', 'debug', '--log-format', 'json'], env);
  const line = err.split('\n').find((text) => text.includes('hunter2'));
  assert.equal(JSON.parse(line ?? '{}').level, 'debug');
});

test('a token that was replaced is still recognised where somebody quotes it', async (t) => {
  const { project, env } = await scene(t, { file: 'token' });
  project.start(['--listen', '127.0.0.1:0', '--secrets-dir', project.dir, '--admin-token-file', path.join(project.dir, 'admin')], env);
  const url = await addressOf(project);
  await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
  fs.writeFileSync(path.join(project.dir, 'token'), 'ghs_another0123456789token', { mode: 0o600 });
  await until('it is sent', () => /rotate/.test(project.daemon.err) && project.daemon.err.match(/"action":"rotate"|action=rotate/g)?.length >= 2);
  for (const [number, spelling] of spellings(TOKEN).entries()) write(path.join(project.workspace, `${spelling}/file-${number}`), 'x');
  await until('they are mounted', () => project.daemon.err.match(/file-4/));
  const told = [await served(url, ADMIN), project.daemon.err].join('\n');
  assert.deepEqual(shownIn(told, [TOKEN]), []);
  assert.match(told, /\[redacted\]\/file-4/);
});
