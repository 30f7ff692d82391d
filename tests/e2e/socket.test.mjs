// Where the daemon is asked: a port that something else has, and the Unix socket of the commands.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, addressOf, throughPort, until, write } from './harness.mjs';

const stated = (project) => JSON.parse(fs.readFileSync(path.join(project.state, 'daemon.json'), 'utf8'));

async function scene(t, dir) {
  const double = await Double.start(t);
  const project = new Project(t, double, dir);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a.txt'), 'a');
  project.mirror(session);
  return { double, project, session };
}

async function started(t, args = [], env = {}) {
  const made = await scene(t);
  made.project.start(args, env);
  await addressOf(made.project);
  return made;
}

/** Something else that listens. */
async function occupant(t) {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { address: `127.0.0.1:${server.address().port}`, leave: () => new Promise((resolve) => server.close(resolve)) };
}

/** One request through the socket, or to a port. */
function ask(where, target, { method = 'GET', headers = {} } = {}) {
  const to = where.startsWith('/') ? { socketPath: where } : { host: where.split(':')[0], port: where.split(':')[1] };
  return new Promise((resolve, reject) => {
    const request = http.request({ ...to, path: target, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    request.on('error', reject).end();
  });
}

test('a port that is taken is waited for while sessions are kept equal, and log and readyz say so', async (t) => {
  const { project, session } = await scene(t);
  const other = await occupant(t);
  project.start(['--listen', other.address]);
  await project.equal(session);
  const { listen, socket } = stated(project);
  assert.equal(listen, '');
  const said = new RegExp(`cannot listen on ${other.address}: Address already in use; .*tried again`);
  assert.equal(project.daemon.err.split('\n').filter((line) => said.test(line)).length, 1, project.daemon.err);
  await until('it is ready, and names the port', async () => {
    const { status, text } = await ask(socket, '/readyz');
    return status === 200 && said.test(text);
  });
  assert.match((await project.run('status')).out, /cannot listen on/);
  throughPort(project);
  assert.match((await project.run('status')).err, /waits for its address/);
  await other.leave();
  await until('it listens', async () => stated(project).listen === other.address);
  await until('nothing is wrong with that any more', async () => !said.test((await ask(other.address, '/readyz')).text));
  assert.match(project.daemon.err, /serving status/);
  assert.equal((await project.run('status')).code, 0);
  assert.deepEqual(await project.stop(), { code: 0, signal: null });
});

test('a daemon that waits for its port ends like any other', async (t) => {
  const { project, session } = await scene(t);
  const other = await occupant(t);
  project.start(['--listen', other.address]);
  await project.equal(session);
  assert.deepEqual(await project.stop(), { code: 0, signal: null });
  assert.deepEqual(fs.readdirSync(project.state).filter((name) => /sock|daemon/.test(name)), []);
});

test('a port that is required, and an address that is none, end the start', async (t) => {
  const { project } = await scene(t);
  const other = await occupant(t);
  const taken = await project.run('run', ['--listen', other.address, '--listen-required']);
  assert.equal(taken.code, 64);
  assert.match(taken.err, /cannot listen on .*Address already in use; choose another address/);
  assert.equal((await project.run('run', ['--listen', other.address], { SESSYNC_LISTEN_REQUIRED: 'true' })).code, 64);
  for (const listen of ['nonsense', '127.0.0.1', '127.0.0.1:70000']) {
    const { code, err } = await project.run('run', ['--listen', listen]);
    assert.equal(code, 64, listen);
    assert.match(err, /is no address to listen on/);
  }
});

test('the socket is for its owner, needs no token and knows who asks, by whatever name', async (t) => {
  const token = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-token-')), 'token');
  t.after(() => fs.rmSync(path.dirname(token), { recursive: true }));
  fs.writeFileSync(token, CANARY, { mode: 0o600 });
  const tokens = ['--admin-token-file', token, '--read-token-file', token];
  const { project, session } = await started(t, ['--listen', '127.0.0.1:0', '--log-format', 'json', ...tokens]);
  await project.equal(session);
  const { listen, socket } = stated(project);
  assert.equal(socket, path.join(project.state, 'sessync.sock'));
  assert.equal(fs.statSync(socket).mode & 0o777, 0o600);
  assert.equal((await ask(listen, '/api/v1/status')).status, 401);
  assert.equal((await ask(socket, '/api/v1/status', { headers: { host: 'anything.example' } })).status, 200);
  for (const command of ['suspend', 'resume', 'reconcile']) assert.equal((await project.run(command, ['s1'])).code, 0, command);
  assert.equal((await ask(socket, '/api/v1/sessions/s1/reconcile', { method: 'POST' })).status, 202);
  const written = () => project.daemon.err.split('\n').filter((line) => line.includes('a write was allowed')).map((line) => JSON.parse(line));
  await until('all are told of', () => written().length === 4);
  for (const line of written()) assert.deepEqual([line.peer, line.user], ['unix', os.userInfo().username]);
});

test('the socket of a daemon that was killed is replaced, and that of the runtime directory is used where there is one', async (t) => {
  const { project, session } = await started(t);
  await project.equal(session);
  await project.stop('SIGKILL');
  assert.ok(fs.existsSync(path.join(project.state, 'sessync.sock')));
  project.start();
  await until('it answers', async () => (await project.run('status')).code === 0);
  await project.stop();
  const runtime = path.join(project.dir, 'run');
  fs.mkdirSync(runtime, { mode: 0o700 });
  project.start([], { RUNTIME_DIRECTORY: runtime });
  await until('it answers there', async () => (await project.run('status')).code === 0);
  assert.equal(path.dirname(stated(project).socket), runtime);
  await project.stop();
  assert.deepEqual(fs.readdirSync(runtime), []);
});

test('a socket that others could have put there is not spoken to', async (t) => {
  const { project, session } = await started(t, ['--listen', '127.0.0.1:0']);
  await project.equal(session);
  fs.chmodSync(project.state, 0o777);
  assert.equal((await project.run('suspend', ['s1'])).code, 0, 'through the port, where the daemon proves itself');
  assert.match(project.daemon.err, /127\.0\.0\.1.*suspend/);
  await project.stop();
  project.start();
  await until('it can be asked no more', async () => {
    const { code, err } = await project.run('status');
    return code === 1 && /chmod go-w/.test(err) && /--listen off/.test(err);
  });
  fs.chmodSync(project.state, 0o700);
  assert.equal((await project.run('status')).code, 0);
});

test('a state directory whose path is longer than a socket\'s may be has a socket all the same', async (t) => {
  const { project, session } = await scene(t);
  project.state = path.join(project.dir, 'long'.repeat(40), 'state');
  project.start();
  await project.equal(session);
  assert.ok(stated(project).socket.length > 108);
  assert.equal((await project.run('suspend', ['s1'])).code, 0);
});
