// Who may ask the daemon for what: tokens, and names by which it is asked.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, addressOf, throughPort, until, write } from './harness.mjs';

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
function ask(url, target, { headers = {}, method = 'GET', localAddress } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(target, url), { method, headers, localAddress, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    request.on('error', reject).end();
  });
}
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });
const READS = ['/', '/page/since/1-1', '/page/sessions/s1', '/metrics', '/api/v1/status', '/api/v1/events', '/api/v1/events/1-1', '/nothing'];

test('with a read token nothing is read without it but the probes, and the commands send theirs', async (t) => {
  const { project, secret, url } = await served(t, (file) => ['--read-token-file', file('read', READ), '--admin-token-file', file('admin', ADMIN)]);
  const [read, admin] = [path.join(project.dir, 'read'), path.join(project.dir, 'admin')];
  let address = 10; // who guesses has to wait soon
  for (const target of READS) {
    for (const options of [{}, bearer('wrong'), { headers: { authorization: `Basic ${READ}` } }]) {
      const { status, headers, text } = await ask(url, target, { ...options, localAddress: `127.0.0.${address++}` });
      assert.equal(status, 401, target);
      assert.equal(headers['www-authenticate'], 'Bearer');
      assert.match(JSON.parse(text).error.message, /--read-token-file/);
    }
  }
  for (const target of ['/livez', '/readyz']) assert.equal((await ask(url, target)).status, 200);
  for (const token of [READ, ADMIN]) assert.equal((await ask(url, '/metrics', bearer(token))).status, 200);
  const suspend = '/api/v1/sessions/s1/suspend';
  assert.equal((await ask(url, suspend, { method: 'POST', ...bearer(READ) })).status, 401);
  throughPort(project);
  const without = await project.run('status');
  assert.equal(without.code, 1);
  assert.match(without.err, /--read-token-file/);
  await until('status says that it is in sync', async () => /s1 +in sync/.test((await project.run('status', ['--read-token-file', read])).out));
  assert.equal((await project.run('status', [], { SESSYNC_READ_TOKEN_FILE: read })).code, 0);
  assert.equal((await project.run('reconcile', ['--read-token-file', read, '--admin-token-file', admin])).code, 0);
  assert.equal((await project.run('reconcile', ['--admin-token-file', admin])).code, 0, 'the admin token may read as well');
  const watching = project.begin('status', ['--watch', '--read-token-file', read]);
  await until('it follows', () => /s1: in sync/.test(watching.out));
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
  throughPort(project);
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
  throughPort(project);
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

/** The lines of the daemon's log with this text. */
const linesWith = (project, text) => project.daemon.err.split('\n').filter((line) => line.includes(text));
const countOf = async (url, what, result) => Number((await ask(url, '/metrics')).text.match(new RegExp(`^sessync_writes_total\\{result="${result}",what="${what}"\\} (\\d+)`, 'm'))?.[1]);
/** A request from another address of this machine. */
const from = (localAddress, token) => ({ ...bearer(token), localAddress });

test('each write leaves a line that says who wanted what, and is counted, allowed or not', async (t) => {
  const { project, url } = await served(t);
  throughPort(project);
  assert.deepEqual(await Promise.all(['allowed', 'refused'].map((result) => countOf(url, 'suspend', result))), [0, 0]);
  for (const command of ['suspend', 'resume', 'reconcile']) assert.equal((await project.run(command, ['s1'])).code, 0);
  assert.equal((await project.run('suspend', ['nobody'])).code, 1);
  const foreign = { method: 'POST', headers: { origin: 'http://evil.example' } };
  assert.equal((await ask(url, '/api/v1/sessions/s1/suspend', foreign)).status, 403);
  await until('all are told of', () => linesWith(project, 'a write was').length === 5);
  const allowed = linesWith(project, 'a write was allowed');
  assert.equal(allowed.length, 3);
  for (const line of allowed) assert.match(line, new RegExp(`127\\.0\\.0\\.1.*${os.userInfo().username}@`));
  for (const what of ['suspend', 'resume', 'reconcile']) assert.equal(allowed.filter((line) => new RegExp(`what\\W+${what}\\W.*s1`).test(line)).length, 1, what);
  const [missing, refused] = linesWith(project, 'a write was refused');
  assert.match(missing, /127\.0\.0\.1.*suspend.*nobody.*404/);
  assert.match(refused, /127\.0\.0\.1.*suspend.*s1.*403/);
  const counted = [['suspend', 'allowed', 1], ['suspend', 'refused', 2], ['resume', 'allowed', 1], ['reconcile', 'allowed', 1]];
  for (const [what, result, count] of counted) await until(`${what} ${result} is counted`, async () => (await countOf(url, what, result)) === count);
});

test('a write to what does not exist leaves a trace as well, and was never allowed', async (t) => {
  const { project, url } = await served(t, () => ['--log-format', 'json']);
  const tries = [['POST', '/api/v1/sessions/s1/destroy', 404], ['DELETE', '/api/v1/sessions/s1/suspend', 405], ['PUT', '/metrics', 405], ['PATCH', '/nothing%0Aat%20all', 404]];
  for (const [method, target, status] of tries) assert.equal((await ask(url, target, { method })).status, status, target);
  await until('all are told of', () => linesWith(project, 'a write was').length === tries.length);
  const lines = linesWith(project, 'a write was refused').map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((line) => [line.what, line.path, Number(line.status)]), tries.map(([, target, status]) => ['unknown', decodeURIComponent(target), status]));
  for (const result of ['allowed', 'refused']) await until(`${result} is counted`, async () => (await countOf(url, 'unknown', result)) === (result === 'refused' ? tries.length : 0));
});

test('a line of text has its values in quotes where their end could be mistaken', async (t) => {
  const { project, url } = await served(t, () => ['--log-format', 'text']);
  const body = JSON.stringify({ by: 'mallory status="200" \\' });
  const sent = await fetch(`${url}/api/v1/sessions/s1/reconcile`, { method: 'POST', body });
  assert.equal(sent.status, 202);
  await until('it is told of', () => linesWith(project, 'a write was').length === 1);
  const [line] = linesWith(project, 'a write was allowed');
  assert.ok(line.includes(String.raw`by="mallory status=\"200\" \\"  what=reconcile  session=s1`), line);
});

/** What each file of secrets is, with modes that let others in, and how ssh would say so. */
test('whoever lets others at keys, tokens and state is told so once, at the start', async (t) => {
  const project = new Project(t, await Double.start(t));
  project.mirror(await project.double.createSession());
  write(path.join(project.workspace, 'a.txt'), 'a');
  const give = (name, text, mode) => {
    const file = path.join(project.dir, name);
    write(file, text);
    fs.chmodSync(file, mode);
    return file;
  };
  fs.mkdirSync(project.state);
  fs.chmodSync(project.state, 0o750);
  const [key, admin, read] = [give('key', CANARY, 0o644), give('admin', ADMIN, 0o620), give('read', READ, 0o640)];
  const options = ['--listen', '127.0.0.1:0', '--api-key-file', key, '--admin-token-file', admin, '--read-token-file', read];
  project.start(options);
  const url = await addressOf(project);
  await until('it is ready', async () => (await ask(url, '/readyz')).status === 200);
  for (const [mode, what, file] of [['0644', 'API key file', key], ['0620', 'admin token file', admin], ['0640', 'read token file', read], ['0750', 'state directory', project.state]]) {
    const lines = linesWith(project, file).filter((line) => line.includes('too open'));
    assert.equal(lines.length, 1, what);
    assert.match(lines[0], new RegExp(`warning.*permissions ${mode} are too open for the ${what} .*chmod ${what === 'state directory' ? 700 : 600} it`));
  }
  await project.stop();
  for (const file of [key, admin, read]) fs.chmodSync(file, 0o600);
  fs.chmodSync(project.state, 0o700);
  project.start(options);
  await until('it serves again', () => linesWith(project, 'serving status').length === 1);
  assert.deepEqual(linesWith(project, 'too open'), []);
});

test('a token file that cannot be read is said at the start, with what that means', async (t) => {
  const { project } = await served(t, (file) => ['--admin-token-file', `${file('admin', ADMIN)}.missing`, '--read-token-file', file('read', '')]);
  const [admin] = linesWith(project, 'admin token: ');
  assert.match(admin, /warning.*admin\.missing.*writes are refused until that is fixed/);
  const [read] = linesWith(project, 'read token: ');
  assert.match(read, /warning.*\/read.*empty.*reads are refused until that is fixed/);
});

test('after ten refused tokens a wrong one from the address has to wait for a while, elsewhere it is the first', async (t) => {
  const { project, url } = await served(t, (file) => ['--admin-token-file', file('admin', ADMIN), '--read-token-file', file('read', READ)]);
  const suspend = '/api/v1/sessions/s1/suspend';
  for (let i = 0; i < 20; ++i) assert.equal((await ask(url, suspend, { method: 'POST' })).status, 401);
  const guesses = [];
  await until('it has to wait', async () => {
    const reads = guesses.length % 2 === 1;
    guesses.push(await ask(url, reads ? '/metrics' : suspend, { method: reads ? 'GET' : 'POST', ...bearer(`guess-${guesses.length}`) }));
    return guesses.at(-1).status === 429;
  });
  assert.deepEqual(guesses.slice(0, 10).map(({ status }) => status), Array(10).fill(401));
  const last = guesses.at(-1);
  assert.match(last.headers['retry-after'], /^[1-9]\d*$/);
  assert.match(JSON.parse(last.text).error.message, /try again in \d+ s/);
  for (const target of ['/livez', '/readyz']) assert.equal((await ask(url, target)).status, 200);
  assert.equal((await ask(url, '/metrics')).status, 401);
  assert.equal((await ask(url, '/metrics', from('127.0.0.2', 'wrong'))).status, 401);
  await until('it is the next guess', async () => (await ask(url, '/metrics', bearer('wrong'))).status === 401);
  assert.equal(linesWith(project, 'without the right token').length, 1);
  assert.deepEqual(linesWith(project, 'a write was'), []);
  assert.doesNotMatch(project.daemon.err, /guess-/);
});

test('whoever guesses tokens does not lock out who has the right one at the same address', async (t) => {
  const { url } = await served(t, (file) => ['--admin-token-file', file('admin', ADMIN), '--read-token-file', file('read', READ)]);
  const suspend = '/api/v1/sessions/s1/suspend';
  // Each one more makes the pause longer, so that it does not end before the right one is sent.
  const guess = async () => ask(url, suspend, { method: 'POST', ...from('127.0.0.3', 'wrong') });
  await until('guesses make a long pause', async () => Number((await guess()).headers['retry-after']) >= 4);
  assert.equal((await ask(url, '/metrics', from('127.0.0.3', READ))).status, 200);
  assert.equal((await ask(url, suspend, { method: 'POST', ...from('127.0.0.3', ADMIN) })).status, 200);
  assert.equal((await guess()).status, 429, 'whoever guesses goes on waiting');
});
