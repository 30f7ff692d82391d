// Whoever answers in the daemon's place is told nothing, and is not taken for it.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, until, write } from './harness.mjs';

/** Every command that asks the daemon, with and without what it may be told. */
const ASKING = [['status'], ['status', '--watch'], ['reconcile', 's1'], ['reconcile', 's1', '--allow-deletes=x'], ['suspend', 's1'], ['resume', 's1']];

const stated = (project) => path.join(project.state, 'daemon.json');
const read = (project) => JSON.parse(fs.readFileSync(stated(project), 'utf8'));

/** A daemon that needs an admin token, which only its owner and this test know. */
async function guarded(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.mirror(await double.createSession());
  write(path.join(project.workspace, 'a'), 'a');
  project.token = path.join(project.dir, 'token');
  write(project.token, CANARY);
  fs.chmodSync(project.token, 0o600);
  project.start(['--listen', '127.0.0.1:0', '--admin-token-file', project.token]);
  await until(() => `the daemon leaves its address: ${project.daemon.err}`, () => fs.existsSync(stated(project)));
  project.port = Number(read(project).listen.split(':')[1]);
  return project;
}

/** A server that notes every byte it gets. */
async function listening(t, port, serve) {
  const heard = { connections: 0, bytes: '' };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    heard.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => (heard.bytes += data));
    serve(socket);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  heard.port = server.address().port;
  return heard;
}

/** Answers every request on the connection with 200 and this document. */
const saying = (text) => (socket) =>
  socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`));

/** None of the commands succeeds, and what they say names the state directory or the daemon. */
async function allRefuse(project, says) {
  for (const [command, ...args] of ASKING) {
    const token = command === 'status' ? [] : ['--admin-token-file', project.token];
    const { code, out, err } = await project.run(command, [...args, ...token]);
    assert.equal(code, 1, `${command} ${args}: ${out}${err}`);
    assert.match(err, says, `${command} ${args}`);
    assert.equal(out, '', `${command} ${args} shows what it was told`);
  }
}

/** As it would be if the daemon had lost its address to another. */
function pointTo(project, port) {
  fs.writeFileSync(stated(project), JSON.stringify({ ...read(project), listen: `127.0.0.1:${port}`, socket: '' }));
}

test('after kill -9 nobody is told anything on the old port, and status fails', async (t) => {
  const project = await guarded(t);
  await project.stop('SIGKILL');
  const heard = await listening(t, project.port, saying('{}'));
  await allRefuse(project, /no daemon is running with the state directory .*has ended.*sessync run/);
  assert.deepEqual([heard.connections, heard.bytes], [0, '']);
});

test('another command that holds the state is not taken for the daemon that was killed', async (t) => {
  const project = await guarded(t);
  await project.stop('SIGKILL');
  const heard = await listening(t, project.port, saying('{}'));
  await project.double.faults([{ operation: 'list', kind: 'slow', delay_ms: 600_000 }]);
  const applying = project.begin('apply');
  const lock = path.join(project.state, 'lock');
  await until(() => `apply holds the lock: ${applying.err}`, () => fs.readFileSync(lock, 'utf8').trim() === `${applying.pid}`);
  await allRefuse(project, /is held by process \d+, which is not the daemon/);
  assert.deepEqual([heard.connections, heard.bytes], [0, '']);
  applying.kill('SIGKILL');
  await applying.ended;
});

for (const [what, text] of [
  ['an empty document', '{}'],
  ['a proof of its own', JSON.stringify({ proof: '0'.repeat(64) })],
  ['a status that looks right', JSON.stringify({ version: '1', sessions: [], manifest: { valid: true, errors: [] }, workspace: {} })],
]) {
  test(`a server that answers ${what} is told nothing secret and is not the daemon`, async (t) => {
    const project = await guarded(t);
    const heard = await listening(t, 0, saying(text));
    pointTo(project, heard.port);
    await allRefuse(project, /is not the daemon of this state directory/);
    assert.equal(heard.connections, ASKING.length);
    assert.doesNotMatch(heard.bytes, /POST|Authorization|Bearer/);
    assert.ok(!heard.bytes.includes(CANARY));
  });
}

test('a server that passes everything on to the daemon is told nothing secret, and does not pass for it', async (t) => {
  const project = await guarded(t);
  const heard = await listening(t, 0, (socket) => {
    const onward = net.connect(project.port, '127.0.0.1');
    onward.on('error', () => {});
    socket.pipe(onward);
    onward.pipe(socket);
  });
  pointTo(project, heard.port);
  await allRefuse(project, /is not the daemon of this state directory/);
  assert.match(heard.bytes, /^GET \/api\/v1\/proof\//);
  assert.doesNotMatch(heard.bytes, /POST|Authorization|Bearer/);
  assert.ok(!heard.bytes.includes(CANARY));
});

test('daemon.json is for its owner alone, and new with each start', async (t) => {
  const project = await guarded(t);
  assert.equal(fs.statSync(stated(project)).mode & 0o777, 0o600);
  const { nonce } = read(project);
  assert.match(nonce, /^[0-9a-f]{64}$/);
  assert.equal((await project.run('suspend', ['s1', '--admin-token-file', project.token])).code, 0);
  await project.stop('SIGKILL');
  fs.writeFileSync(`${stated(project)}.new`, '', { mode: 0o644 });
  project.start(['--listen', '127.0.0.1:0']);
  await until('the next one leaves its own', () => read(project).nonce !== nonce);
  assert.equal(fs.statSync(stated(project)).mode & 0o777, 0o600);
});
