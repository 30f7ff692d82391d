// Files of any size: what is too large is neither read nor sent, and what takes long to read keeps nothing waiting.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, filesBelow, sha256, until, write } from './harness.mjs';

const GB = 1_000_000_000;
const HOURS_TO_READ = 15_000 * GB; // the largest file that ext4 can have is a bit larger

async function begun(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  return { double, project, session: await double.createSession() };
}

/** Takes no room and no time to make, and as long to read as any other. */
function sparse(project, name, size) {
  const file = path.join(project.workspace, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '');
  fs.truncateSync(file, size);
}

/** A session for each id, which mirrors the directory of its name. */
function declare(project, ids, more = '') {
  const entries = ids.map((id, i) => `  - name: s${i}
    session_id: ${id}
    max_deletes: 100%
${more}    resources: [{type: file, source: s${i}/, mount_path: /}]
`);
  project.declare(`version: 1\nowner: e2e\nsessions:\n${entries.join('')}`);
}

/** Bytes that a process has read. */
const readBy = (pid) => Number(fs.readFileSync(`/proc/${pid}/io`, 'utf8').match(/^rchar: (\d+)/m)[1]);

async function status(project) {
  const file = path.join(project.state, 'daemon.json');
  const { listen } = await until('it left its address', () => fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')));
  return (await fetch(`http://${listen}/api/v1/status`)).json();
}

test('a file above max_file_size is blocked too_large, and neither read nor sent', async (t) => {
  const { double, project, session } = await begun(t);
  declare(project, [session]);
  sparse(project, 's0/big', 12 * GB);
  write(path.join(project.workspace, 's0/small'), 'small');
  const plan = await project.json('plan');
  const [blocked] = plan.document.sessions[0].blocked;
  assert.deepEqual([blocked.code, blocked.mount_path], ['too_large', '/big']);
  assert.match(blocked.reason, /12000000000 bytes.*max_file_size is 500MB/);
  const applied = await project.run('apply');
  assert.equal(applied.code, 4, applied.err);
  assert.deepEqual([...(await double.held(session)).keys()], ['/small']);
  project.start(['--listen', '127.0.0.1:0', '--rescan', '50ms']);
  await until('a few passes are over', () => double.count('list_resources').then((count) => count > 20));
  assert.ok(readBy(project.daemon.pid) < GB / 10);
  assert.equal(await double.count('upload'), 1);
});

test('what was mounted before a file grew too large stays', async (t) => {
  const { double, project, session } = await begun(t);
  declare(project, [session], '    max_file_size: 1KB\n');
  write(path.join(project.workspace, 's0/log'), 'short');
  assert.equal((await project.run('apply')).code, 0);
  sparse(project, 's0/log', 1001);
  assert.equal((await project.run('apply')).code, 4);
  assert.equal((await double.held(session)).get('/log'), sha256('short'));
  declare(project, [session], '    max_file_size: 1KiB\n');
  assert.equal((await project.run('apply')).code, 0);
  assert.equal((await double.held(session)).get('/log'), sha256(Buffer.alloc(1001)));
});

test('an archive with a member above max_file_size is blocked; one that comes out larger is not sent', async (t) => {
  const { double, project, session } = await begun(t);
  const archive = (limit) => project.declare(`version: 1
owner: e2e
sessions:
  - name: s
    session_id: ${session}
    max_file_size: ${limit}
    resources: [{type: file, source: d/, archive: tar.gz, mount_path: /d.tar.gz}]
`);
  sparse(project, 'd/zeros', 100_000);
  archive('50KB');
  const { document } = await project.json('plan');
  assert.equal(document.sessions[0].blocked[0].code, 'too_large');
  assert.equal((await project.run('apply')).code, 4);
  // What cannot be packed any smaller.
  fs.rmSync(path.join(project.workspace, 'd/zeros'));
  for (let i = 0; i < 3; i++) {
    const noise = Buffer.concat(Array.from({ length: 625 }, (unused, j) => Buffer.from(sha256(`${i} ${j}`), 'hex')));
    fs.writeFileSync(path.join(project.workspace, `d/${i}`), noise);
  }
  const applied = await project.run('apply');
  assert.equal(applied.code, 4, applied.out + applied.err);
  assert.match(applied.out, /bytes when it is packed, and max_file_size is 50KB/);
  assert.equal(await double.count('upload'), 0);
  // It is known now, so it is not packed again at once.
  const known = await project.json('apply');
  assert.equal(known.code, 4);
  assert.equal(known.document.sessions[0].blocked[0].code, 'too_large');
  fs.rmSync(path.join(project.workspace, 'd/0'));
  assert.equal((await project.run('apply')).code, 0);
});

test('beside files that take hours to read, changes arrive in every session, and all of it is shown', async (t) => {
  const { double, project } = await begun(t);
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push(await double.createSession());
  declare(project, ids, '    max_file_size: 20000GB\n');
  for (let i = 0; i < 4; i++) sparse(project, `s${i}/huge`, HOURS_TO_READ);
  for (let i = 0; i < 5; i++) write(path.join(project.workspace, `s${i}/a`), `first ${i}`);
  project.start(['--listen', '127.0.0.1:0', '--workers', '2']);
  const arrives = async (i, name, text) => {
    await until(() => `s${i} holds ${name}; ${project.daemon.err.slice(-1000)}`,
      async () => (await double.held(ids[i])).get(`/${name}`) === sha256(text));
  };
  for (let i = 0; i < 5; i++) await arrives(i, 'a', `first ${i}`);
  for (let i = 0; i < 5; i++) write(path.join(project.workspace, `s${i}/b`), `second ${i}`);
  for (let i = 0; i < 5; i++) await arrives(i, 'b', `second ${i}`);
  // One that is read by the same threads as those.
  sparse(project, 's4/large', 80_000_000);
  await arrives(4, 'large', Buffer.alloc(80_000_000));
  const { sessions } = await status(project);
  for (const { name, conditions, counts } of sessions) {
    const of = (type) => conditions.find((condition) => condition.type === type);
    const isReading = name !== 's4';
    assert.equal(of('Ready').status, isReading ? 'False' : 'True', name);
    assert.equal(of('Stalled').status, 'False', name);
    if (isReading) {
      assert.equal(of('Reconciling').status, 'True');
      assert.match(of('Ready').message, /^\/huge: .* still being read \(.* of 15000\.0 GB\)/);
      assert.equal(counts.pending, 1);
    }
  }
  assert.equal((await project.stop()).code, 0);
});

test('large files end up in the session, and follow a rename without a moment without them', async (t) => {
  const { double, project, session } = await begun(t);
  declare(project, [session]);
  sparse(project, 's0/one', 100_000_000);
  sparse(project, 's0/two', 40_000_000);
  write(path.join(project.workspace, 's0/small'), 'small');
  project.start();
  const held = async () => JSON.stringify([...(await double.held(session))].sort());
  const wanted = () => JSON.stringify([...filesBelow(path.join(project.workspace, 's0'))].sort());
  const first = wanted();
  await until('all of it is there', async () => (await held()) === first);
  await double.resetRequests();
  fs.renameSync(path.join(project.workspace, 's0/one'), path.join(project.workspace, 's0/three'));
  const second = wanted();
  await until('it was renamed', async () => (await held()) === second);
  assert.equal(await double.count('upload'), 0);
});

for (const [name, end] of Object.entries({ 'its time is over': ['--timeout', '1s'], 'it is told to end': null })) {
  test(`apply ends in the middle of a file when ${name}, and the rest is done`, async (t) => {
    const { double, project, session } = await begun(t);
    declare(project, [session], '    max_file_size: 20000GB\n');
    sparse(project, 's0/huge', HOURS_TO_READ);
    const child = project.begin('apply', end ?? []);
    if (!end) {
      await until('it reads', () => child.over || readBy(child.pid) > GB / 10);
      child.kill('SIGTERM');
    }
    const { code } = await child.ended;
    assert.equal(code, end ? 1 : 130, child.out + child.err);
    assert.match(child.out, /\/huge +pending: .*still being read/);
    assert.equal((await double.held(session)).size, 0);
  });
}
