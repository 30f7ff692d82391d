// How a process finds itself when it begins, and what it is given.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, until, write } from './harness.mjs';

const BIN = process.env.SESSYNC_BIN;

async function project(t, files = { a: 'a' }) {
  const double = await Double.start(t);
  const made = new Project(t, double);
  made.session = await double.createSession();
  made.mirror(made.session);
  for (const [name, text] of Object.entries(files)) write(path.join(made.workspace, name), text);
  return made;
}

test('a daemon that begins without standard input, output and error opens nothing in their place', async (t) => {
  const made = await project(t);
  const child = made.launch('bash', ['-c', 'exec "$@" 0<&- 1>&- 2>&-', 'bash', BIN, ...made.args('run', ['--listen', '127.0.0.1:0'])]);
  made.daemon = child;
  await made.equal(made.session);
  for (const fd of [0, 1, 2]) assert.equal(fs.readlinkSync(`/proc/${child.pid}/fd/${fd}`), '/dev/null');
  child.kill('SIGTERM');
  assert.deepEqual(await child.ended, { code: 0, signal: null });
  const after = await made.run('apply');
  assert.equal(after.code, 0, after.err);
});

test('a key file that is a pipe is read, and one into which nobody writes does not hold a command up', async (t) => {
  const made = await project(t);
  const pipe = path.join(made.dir, 'key');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const silent = await made.run('plan', ['--api-key-file', pipe]);
  assert.equal(silent.code, 5);
  assert.match(silent.err, /is a pipe into which nobody writes/);
  const words = ['-c', 'exec "$@" --api-key-file <(printf "%s" "$THE_KEY")', 'bash', BIN, ...made.args('apply', [])];
  const given = made.launch('bash', words, { THE_KEY: CANARY });
  assert.equal((await given.ended).code, 0, given.err);
});

test('a manifest that is a pipe is read, and one into which nobody writes does not hold anything up', async (t) => {
  const made = await project(t);
  const args = made.args('plan', []);
  args.splice(args.indexOf('-m'), 2);
  const words = ['-c', 'exec "$@" -m <(cat "$THE_MANIFEST")', 'bash', BIN, ...args];
  const given = made.launch('bash', words, { THE_MANIFEST: made.manifest });
  assert.equal((await given.ended).code, 0, given.err);
  assert.match(given.out, /^Plan: 1 to add/m);
  fs.rmSync(made.manifest);
  assert.equal(spawnSync('mkfifo', [made.manifest]).status, 0);
  const silent = await made.run('plan');
  assert.equal(silent.code, 3);
  assert.match(silent.err, /is a pipe into which nobody writes/);
  const daemon = made.start();
  await until('it serves', async () => daemon.err.includes('is a pipe into which nobody writes'));
  assert.equal((await made.stop()).code, 0);
});

test('a base URL that ends with /v1 is told apart from an API that knows nothing', async (t) => {
  const made = await project(t);
  const wrong = await made.run('plan', [], { ANTHROPIC_BASE_URL: `${made.double.url}/v1/` });
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.err, /ANTHROPIC_BASE_URL ends with \/v1/);
  assert.doesNotMatch((await made.run('plan')).err, /\/v1/);
});

test('a source that is there in another spelling of the same letters is named', async (t) => {
  const made = await project(t, { 'cafe\u0301/a.txt': 'a' });
  made.declare(fs.readFileSync(made.manifest, 'utf8').replace('source: ./', 'source: caf\u00e9/'));
  const { code, out } = await made.run('apply', ['--timeout', '5s']);
  assert.equal(code, 4, out);
  assert.match(out, /cafe\\u0301, not caf\\u00E9/);
});

test('what a file system keeps in lost+found is not mirrored', async (t) => {
  const made = await project(t, { a: 'a', 'lost+found/#1': 'b' });
  assert.equal((await made.run('apply')).code, 0);
  assert.deepEqual([...(await made.double.held(made.session)).keys()], ['/a']);
});

test('a reason without a mount path begins with what it is about', async (t) => {
  const made = await project(t);
  made.declare(fs.readFileSync(made.manifest, 'utf8') + '      - {type: memory_store, memory_store_id: memstore_1}\n');
  const applied = await made.run('apply', ['--timeout', '5s']);
  assert.equal(applied.code, 4, applied.out + applied.err);
  assert.match(applied.out, /^ {2}! memory store {2}requires_new_session: memstore_1/m);
  made.start(['--listen', '127.0.0.1:0']);
  const seen = await until('it is shown', async () => {
    const { code, out } = await made.run('status', ['-o', 'json']);
    const [session] = code === 0 ? JSON.parse(out).sessions : [];
    return session?.conditions.some((one) => one.reason === 'RequiresNewSession') && session;
  });
  for (const { message } of seen.conditions) assert.doesNotMatch(message, /^:/);
  assert.match((await made.run('status')).out, /! memory store {2}requires_new_session/);
});

const alone = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const noNamespaces = spawnSync('unshare', [...alone, 'true']).status !== 0 && 'a process cannot have a namespace of its own here';

/** The state letters of the children of a process. */
function childrenOf(pid) {
  const found = [];
  for (const name of fs.readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const [, state, parent] = fs.readFileSync(`/proc/${name}/stat`, 'utf8').match(/\) (\w) (\d+)/);
      if (Number(parent) === pid) found.push({ pid: Number(name), state });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

test('as the first process of a container it buries what commands leave behind', { skip: noNamespaces }, async (t) => {
  const made = await project(t);
  const url = 'https://github.com/example-org/example-repo';
  made.session = await made.double.createSession({ resources: [{ type: 'github_repository', url, authorization_token: 'old' }] });
  const gate = path.join(made.dir, 'gate');
  const left = path.join(made.dir, 'left');
  // It leaves the command's group, so it is not ended with it, and outlives it.
  const orphan = `echo begun >${left}; while [ ! -e ${gate} ]; do sleep 0.05; done`;
  made.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${made.session}
    resources:
      - type: github_repository
        url: ${url}
        authorization_token:
          command: [sh, -c, 'setsid sh -c "${orphan}" >/dev/null 2>&1 & while [ ! -s ${left} ]; do sleep 0.05; done; echo token']
`);
  const args = made.args('run', ['--listen', 'off', '--log-format', 'text', '--allow-commands']);
  const outer = made.launch('unshare', [...alone, BIN, ...args]);
  await until(() => `the token is sent: ${outer.err}`, () => {
    assert.ok(!outer.over, outer.err);
    return /rotate done/.test(outer.err);
  });
  const [{ pid }] = childrenOf(outer.pid);
  await until('the orphan is inherited', () => childrenOf(pid).some(({ state }) => state !== 'Z'));
  fs.writeFileSync(gate, '');
  await until(() => `nothing is left: ${JSON.stringify(childrenOf(pid))}`, () => childrenOf(pid).length === 0, 20_000);
  process.kill(pid, 'SIGTERM');
  await outer.ended;
});
