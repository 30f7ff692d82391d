// The status server behind TLS: who reads it, the commands, and certificates that are replaced.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as https from 'node:https';
import * as net from 'node:net';
import * as path from 'node:path';
import { test } from 'node:test';
import * as tls from 'node:tls';
import { CANARY, Double, Project, addressOf, throughPort, until, write } from './harness.mjs';

/** A certificate for this name and its key, in files of a directory. */
function certify(dir, name) {
  const [cert, key] = ['cert.pem', 'key.pem'].map((file) => path.join(dir, file));
  const names = `subjectAltName=DNS:${name},IP:127.0.0.1`;
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', names, '-keyout', `${key}.new`, '-out', `${cert}.new`], { stdio: 'pipe' });
  fs.renameSync(`${key}.new`, key);
  fs.renameSync(`${cert}.new`, cert);
  return { cert, key };
}

async function served(t, more = []) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a.txt'), 'a');
  project.mirror(session);
  const files = certify(project.dir, 'localhost');
  project.start(['--listen', '127.0.0.1:0', '--tls-cert', files.cert, '--tls-key', files.key, ...more]);
  const { port } = new URL(await addressOf(project));
  const ca = () => fs.readFileSync(files.cert);
  await until('it is ready', async () => (await ask(port, '/readyz', { ca: ca() })).status === 200);
  return { double, project, session, files, port, ca };
}

function ask(port, target, options) {
  return new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', port, path: target, agent: false, ...options }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    });
    request.on('error', reject).end(options.body);
  });
}

/** A session of one's own: `said` grows, `cert` is whom one talks to. */
function dial(port, options = {}) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => resolve(client));
    const client = { socket, said: '', over: false };
    socket.setEncoding('latin1');
    socket.on('data', (data) => { client.said += data; });
    socket.on('error', reject);
    socket.on('close', () => { client.over = true; });
  });
}
const nameOf = (client) => client.socket.getPeerCertificate().subject.CN;
const GET = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n';

test('behind TLS everything is served as without, to those who know the certificate', async (t) => {
  const { port, ca } = await served(t);
  for (const target of ['/', '/livez', '/metrics', '/api/v1/status']) assert.equal((await ask(port, target, { ca: ca() })).status, 200, target);
  await assert.rejects(ask(port, '/livez', {}), /certificate/);
  const own = { Origin: `https://localhost:${port}`, Host: `localhost:${port}` };
  const write_ = (headers) => ask(port, '/api/v1/sessions/s1/reconcile', { ca: ca(), method: 'POST', headers });
  assert.equal((await write_(own)).status, 202);
  assert.equal((await write_({ ...own, Origin: `http://localhost:${port}` })).status, 403);
  const client = await dial(port, { ALPNProtocols: ['h2', 'http/1.1'] });
  assert.equal(client.socket.alpnProtocol, 'http/1.1');
  client.socket.write(`${GET}\r\n${GET}Connection: close\r\n\r\n`);
  await until('both are answered', () => client.over);
  assert.equal(client.said.match(/^HTTP\/1\.1 200 /gm).length, 2);
});

test('what is no request is refused behind TLS too, and nothing after it is answered', async (t) => {
  const { port } = await served(t);
  for (const bad of ['X : a', 'X: a\n', 'X: a\r\n folded: b', 'Content-Length: +1', 'Content-Length: 0\r\nContent-Length: 1']) {
    const client = await dial(port);
    client.socket.write(`${GET}${bad}\r\n\r\n${GET}\r\n`);
    await until('it is refused', () => client.over);
    assert.deepEqual(client.said.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 400'], bad);
  }
});

test('nothing older than TLS 1.2 is spoken, nor plain HTTP, and who stays silent keeps nobody out', async (t) => {
  const { port, ca } = await served(t);
  for (const version of ['TLSv1.2', 'TLSv1.3']) assert.equal((await dial(port, { minVersion: version, maxVersion: version })).socket.getProtocol(), version);
  await assert.rejects(dial(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
  const silent = await Promise.all([...Array(20)].map(() => new Promise((resolve) => { const socket = net.connect(port, '127.0.0.1', () => resolve(socket)); })));
  t.after(() => silent.forEach((socket) => socket.destroy()));
  const plain = net.connect(port, '127.0.0.1');
  let said = '';
  plain.setEncoding('latin1').on('data', (data) => { said += data; }).write(`${GET}\r\n`);
  await new Promise((resolve) => plain.on('close', resolve).on('error', resolve));
  assert.doesNotMatch(said, /HTTP\/1\.1 200/);
  assert.equal((await ask(port, '/livez', { ca: ca() })).status, 200);
});

test('the commands find the daemon behind TLS, follow it and send it their token', async (t) => {
  const token = path.join(fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'sessync-tls-')), 'token');
  t.after(() => fs.rmSync(path.dirname(token), { recursive: true }));
  write(token, CANARY);
  const { project, session } = await served(t, ['--admin-token-file', token, '--read-token-file', token]);
  throughPort(project);
  const read = ['--read-token-file', token];
  await until('status says that it is in sync', async () => /s1 +in sync/.test((await project.run('status', read)).out));
  const watching = project.begin('status', ['--watch', ...read]);
  await until('it begins', () => /s1: in sync, 1\/1 resources/.test(watching.out));
  assert.equal((await project.run('suspend', ['s1', ...read, '--admin-token-file', token])).code, 0);
  assert.equal((await project.run('resume', ['s1', ...read, '--admin-token-file', token])).code, 0);
  write(path.join(project.workspace, 'b.txt'), 'b');
  await project.equal(session);
  await until('it goes on', () => /s1: in sync, 2\/2 resources/.test(watching.out));
});

/** Passes everything on between a client's TLS session and one of its own with the daemon. */
function between(t, port, files) {
  const server = tls.createServer({ cert: fs.readFileSync(files.cert), key: fs.readFileSync(files.key) }, (client) => {
    const daemon = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    client.on('error', () => {}).on('data', (data) => { server.said += data; }).pipe(daemon).on('error', () => {}).pipe(client);
  });
  server.said = '';
  t.after(() => server.close());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

test('a token is sent to nobody who ends the TLS session in the place of the daemon', async (t) => {
  const { project, port, files } = await served(t);
  const server = await between(t, port, files);
  const file = path.join(project.state, 'daemon.json');
  const found = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...found, listen: `127.0.0.1:${server.address().port}`, socket: '' }));
  const token = path.join(project.dir, 'token');
  write(token, 'for-the-daemon-only');
  const { code, err } = await project.run('suspend', ['s1', '--admin-token-file', token]);
  assert.equal(code, 1);
  assert.match(err, /is not the daemon of this state directory/);
  assert.match(server.said, /GET \/api\/v1\/proof\//);
  assert.doesNotMatch(server.said, /for-the-daemon-only/);
});

test('a certificate that is replaced is used from the next connection on, one that cannot be used is not', async (t) => {
  const { project, port, files, ca } = await served(t);
  const kept = await dial(port);
  assert.equal(nameOf(kept), 'localhost');
  certify(project.dir, 'second.localhost');
  assert.equal(nameOf(await dial(port)), 'second.localhost');
  kept.socket.write(`${GET}\r\n`);
  await until('the old session goes on', () => /200 OK/.test(kept.said));
  assert.equal((await ask(port, '/livez', { ca: ca(), servername: 'second.localhost' })).status, 200);
  const key = fs.readFileSync(files.key);
  write(files.key, 'no key');
  assert.equal(nameOf(await dial(port)), 'second.localhost');
  await until('the log says so', () => /key .*cannot be used.*last good/.test(project.daemon.err));
  fs.rmSync(files.cert);
  assert.equal(nameOf(await dial(port)), 'second.localhost');
  write(files.key, key);
  certify(project.dir, 'third');
  assert.equal(nameOf(await dial(port)), 'third');
  assert.equal((await project.run('status')).code, 0);
});

test('without a certificate and its key nothing is served, and the reason is said', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.mirror(await double.createSession());
  const { cert, key } = certify(project.dir, 'first');
  const other = path.join(project.dir, 'other');
  fs.mkdirSync(other);
  const stranger = certify(other, 'other');
  const refused = async (...args) => {
    const { code, err } = await project.run('run', ['--listen', '127.0.0.1:0', ...args]);
    assert.equal(code, 64, args.join(' '));
    return err;
  };
  assert.match(await refused('--tls-cert', cert), /--tls-cert and --tls-key go together/);
  assert.match(await refused('--tls-key', key), /--tls-cert and --tls-key go together/);
  assert.match(await refused('--tls-cert', `${cert}.missing`, '--tls-key', key), /missing.*No such file/);
  assert.match(await refused('--tls-cert', key, '--tls-key', key), /certificate .*cannot be used/);
  assert.match(await refused('--tls-cert', cert, '--tls-key', stranger.key), /key .*cannot be used with the certificate/);
});
