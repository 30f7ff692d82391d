// Who may ask the daemon for what: tokens, and names by which it is asked.
import assert from 'node:assert/strict';
import * as http from 'node:http';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, addressOf, until, write } from './harness.mjs';

const ADMIN = `admin-${CANARY}`;
const READ = `read-${CANARY}`;

/** A daemon with one session; `more` may write files and returns options. */
async function served(t, more = () => [], listen = '127.0.0.1:0') {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a.txt'), 'a');
  project.mirror(session);
  const secret = (name, text) => {
    const file = path.join(project.dir, name);
    write(file, text);
    return file;
  };
  project.start(['--listen', listen, ...more(secret)]);
  const url = (await addressOf(project)).replace('0.0.0.0', '127.0.0.1');
  await until('it is ready', async () => (await ask(url, '/readyz')).status === 200);
  return { double, project, session, secret, url };
}

/** One request under any Host; fetch() would not send one. */
function ask(url, target, { headers = {}, method = 'GET' } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(target, url), { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    request.on('error', reject).end();
  });
}
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });
const READS = ['/', '/metrics', '/api/v1/status', '/api/v1/events', '/nothing'];

test('with a read token nothing is read without it but the probes, and the commands send theirs', async (t) => {
  const { project, secret, url } = await served(t, (file) => ['--read-token-file', file('read', READ), '--admin-token-file', file('admin', ADMIN)]);
  const [read, admin] = [path.join(project.dir, 'read'), path.join(project.dir, 'admin')];
  for (const target of READS) {
    for (const options of [{}, bearer('wrong'), { headers: { authorization: `Basic ${READ}` } }]) {
      const { status, headers, text } = await ask(url, target, options);
      assert.equal(status, 401, target);
      assert.equal(headers['www-authenticate'], 'Bearer');
      assert.match(JSON.parse(text).error.message, /--read-token-file/);
    }
  }
  for (const target of ['/livez', '/readyz']) assert.equal((await ask(url, target)).status, 200);
  for (const token of [READ, ADMIN]) assert.equal((await ask(url, '/metrics', bearer(token))).status, 200);
  const suspend = '/api/v1/sessions/s1/suspend';
  assert.equal((await ask(url, suspend, { method: 'POST', ...bearer(READ) })).status, 401);
  const without = await project.run('status');
  assert.equal(without.code, 1);
  assert.match(without.err, /--read-token-file/);
  assert.match((await project.run('status', ['--read-token-file', read])).out, /s1 +Ready/);
  assert.equal((await project.run('status', [], { SESSYNC_READ_TOKEN_FILE: read })).code, 0);
  assert.equal((await project.run('reconcile', ['--read-token-file', read, '--admin-token-file', admin])).code, 0);
  const watching = project.begin('status', ['--watch', '--read-token-file', read]);
  await until('it follows', () => /s1: Ready/.test(watching.out));
  secret('read', 'another');
  await until('another token is taken up', async () => (await ask(url, '/metrics', bearer('another'))).status === 200);
  assert.equal((await ask(url, '/metrics', bearer(READ))).status, 401);
  assert.equal((await project.run('status', ['--read-token-file', `${read}.missing`])).code, 1);
});

test('a read token that cannot be read opens nothing, and says why', async (t) => {
  const { project, secret, url } = await served(t, () => ['--read-token-file', 'missing']);
  const { status, text } = await ask(url, '/api/v1/status', bearer(''));
  assert.equal(status, 503);
  assert.match(JSON.parse(text).error.message, /missing/);
  secret('missing', READ);
  await until('it is read once it is there', async () => (await ask(url, '/api/v1/status', bearer(READ))).status === 200);
  assert.equal((await project.run('status', ['--read-token-file', path.join(project.dir, 'missing')])).code, 0);
});

test('on an address that others reach only trusted names are answered, and probes under any', async (t) => {
  const { project, url } = await served(t, () => ['--allowed-host', 'sessync.example.org', '--allowed-host=front.example'], '0.0.0.0:0');
  const { port } = new URL(url);
  const under = async (host, target = '/metrics') => (await ask(url, target, { headers: { host } })).status;
  for (const host of ['127.0.0.1', `10.1.2.3:${port}`, '[::1]', 'localhost', 'sessync', 'sessync.prod.svc', 'sessync.prod.svc.cluster.local:80', 'SESSYNC.example.org:443', 'front.example']) {
    assert.equal(await under(host), 200, host);
  }
  for (const host of ['example.org', 'evil.example', 'sessync.example.org.evil.example', 'a.front.example']) {
    assert.equal(await under(host), 421, host);
    assert.equal(await under(host, '/livez'), 200, host);
    assert.equal(await under(host, '/readyz'), 200, host);
  }
  assert.equal((await project.run('status')).code, 0);
});

test('on loopback only loopback hosts are answered, whatever is allowed, and probes under any', async (t) => {
  const { url } = await served(t, () => ['--allowed-host', 'sessync.example.org']);
  const under = async (host, target = '/metrics') => (await ask(url, target, { headers: { host } })).status;
  assert.equal(await under('localhost'), 200);
  for (const host of ['sessync.example.org', 'sessync', '10.0.0.1']) {
    assert.equal(await under(host), 421, host);
    assert.equal(await under(host, '/livez'), 200, host);
  }
});

test('an allowed host that is none is a mistake on the command line', async (t) => {
  const project = new Project(t);
  for (const host of ['https://sessync.example.org', 'sessync.example.org:443', '*.example.org', '']) {
    const { code, err } = await project.run('run', ['--allowed-host', host]);
    assert.equal(code, 64, host);
    assert.match(err, /allowed-host/);
  }
});
