// What must never cost a session its files: sources that are lost, rules that change, rows of others, too many files.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, filesBelow, same, sha256, write } from '../e2e/harness.mjs';
import { begin, works } from './world.mjs';

const SESSYNC = process.env.SESSYNC_BIN;

/** A session that mirrors workspace/tree to /tree, with `count` files in two directories. */
async function mirrored(t, count, { more = '', args = [], owner = 'guards' } = {}) {
  const double = await Double.start(t, args);
  const p = new Project(t, double);
  p.session = await double.createSession();
  p.tree = path.join(p.workspace, 'tree');
  p.put = (name, text) => write(path.join(p.tree, name), text);
  p.entry = (resources, keys = more) =>
    p.declare(`version: 1
owner: ${owner}
sessions:
  - name: s
    session_id: ${p.session}
${keys}    resources: ${resources.length ? '' : '[]'}
${resources.map((line) => `      - ${line}\n`).join('')}`);
  p.entry(['{type: file, source: tree/, mount_path: /tree}']);
  for (let i = 0; i < count; i++) p.put(`${i % 2 ? 'odd' : 'even'}/f${i}`, `content ${i}`);
  p.held = () => double.held(p.session);
  if (count > 0) assert.equal((await p.run('apply')).code, 0);
  return p;
}

/** Runs a command on the project by way of others: `unshare ...`, `strace ...`. */
async function through(p, wrapper, command = 'apply', extra = []) {
  const args = [...wrapper.slice(1), SESSYNC, ...p.args(command, ['-o', 'json', ...extra])];
  const child = begin(p.t, wrapper[0], args, { env: p.env(), cwd: p.dir });
  const { code } = await child.ended;
  return { code, err: child.err, document: child.out ? JSON.parse(child.out) : null };
}

/** Nothing was deleted, and what was not is named with what to do next. */
async function assertHeldBack(p, result, before, deletes) {
  assert.equal(result.code, 4, JSON.stringify(result.document));
  assert.ok(same(await p.held(), before), 'the session lost files');
  const [session] = result.document.sessions;
  assert.equal(session.held?.deletes, deletes);
  const guarded = session.blocked.filter(({ code }) => code === 'guard');
  assert.equal(guarded.length, deletes);
  for (const { reason } of guarded) {
    assert.ok(reason.includes(`--allow-deletes=${session.held.id}`), reason);
    assert.match(reason, /bring the source back|remove its entry|max_deletes/);
  }
  return session.held.id;
}

/** The source is back as it was: nothing is uploaded, deleted, or blocked any more. */
async function assertUntouched(p, before) {
  await p.double.resetRequests();
  assert.equal((await p.run('apply')).code, 0);
  assert.equal(await p.double.writes(), 0);
  assert.ok(same(await p.held(), before));
}

const LOSSES = {
  'is removed': (p) => fs.rmSync(p.tree, { recursive: true }),
  'is renamed away': (p) => fs.renameSync(p.tree, `${p.tree}.away`),
  'is emptied': (p) => ['odd', 'even'].forEach((name) => fs.rmSync(path.join(p.tree, name), { recursive: true })),
  'becomes a file': (p) => (fs.rmSync(p.tree, { recursive: true }), write(p.tree, 'a file')),
  'becomes a link to nothing': (p) => (fs.rmSync(p.tree, { recursive: true }), fs.symlinkSync('nowhere', p.tree)),
  'becomes a link out of the workspace': (p) => {
    fs.renameSync(p.tree, path.join(p.dir, 'outside'));
    fs.symlinkSync('../outside', p.tree);
  },
  'goes with the whole workspace': (p) => fs.renameSync(p.workspace, `${p.workspace}.away`),
};

for (const [what, lose] of Object.entries(LOSSES)) {
  for (const count of [3, 12]) {
    test(`D1 a source of ${count} files ${what}: nothing is deleted`, async (t) => {
      const p = await mirrored(t, count);
      const before = await p.held();
      const copy = path.join(p.dir, 'copy');
      fs.cpSync(p.tree, copy, { recursive: true, preserveTimestamps: true });
      lose(p);
      await assertHeldBack(p, await p.json('apply'), before, count);
      await assertHeldBack(p, await p.json('apply'), before, count);
      fs.rmSync(p.tree, { recursive: true, force: true });
      fs.cpSync(copy, p.tree, { recursive: true, preserveTimestamps: true });
      await assertUntouched(p, before);
    });
  }
}

const POWERLESS = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
const cannotDrop = works(...POWERLESS, 'true') ? false : 'setpriv cannot drop capabilities here';

for (const [what, hidden, lost] of [['the source', '', 8], ['one directory of it', 'odd', 4], ['one file of it', 'odd/f1', 1]]) {
  test(`D1 ${what} is chmod 000: nothing is deleted`, { skip: cannotDrop }, async (t) => {
    const p = await mirrored(t, 8);
    const before = await p.held();
    fs.chmodSync(path.join(p.tree, hidden), 0);
    const result = await through(p, POWERLESS);
    assert.ok([1, 4].includes(result.code), JSON.stringify(result.document));
    assert.ok(same(await p.held(), before), 'the session lost files');
    assert.match(JSON.stringify(result.document) + result.err, /cannot be read.*(permissions|stays)/);
    if (lost > 1) await assertHeldBack(p, result, before, lost);
    fs.chmodSync(path.join(p.tree, hidden), 0o755);
    await assertUntouched(p, before);
  });
}

test('D1 what else is declared goes on while one source is lost', { skip: cannotDrop }, async (t) => {
  const p = await mirrored(t, 8);
  const before = await p.held();
  fs.chmodSync(path.join(p.tree, 'odd'), 0);
  p.put('even/new', 'new');
  fs.rmSync(path.join(p.tree, 'even/f0'));
  assert.equal((await through(p, POWERLESS)).code, 4);
  const held = await p.held();
  assert.equal(held.get('/tree/even/new'), sha256('new'));
  assert.ok(!held.has('/tree/even/f0'), 'a delete that has nothing to do with it');
  for (const name of ['f1', 'f3', 'f5', 'f7']) assert.equal(held.get(`/tree/odd/${name}`), before.get(`/tree/odd/${name}`));
});

const mountsAlone = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'];
const cannotMount = works(...mountsAlone, 'mount -t tmpfs none /mnt') ? false : 'no right to mount in a namespace';

test('D1 an empty file system is mounted over the source: nothing is deleted', { skip: cannotMount }, async (t) => {
  const p = await mirrored(t, 8);
  const before = await p.held();
  const covered = [...mountsAlone, `mount -t tmpfs none '${p.tree}' && exec "$@"`, 'sh'];
  await assertHeldBack(p, await through(p, covered), before, 8);
  await assertUntouched(p, before);
});

const cannotTrace = works('strace', '-f', 'true') ? false : 'strace is missing, or may not trace';

test('D1 a scan that fails at any directory read deletes nothing', { skip: cannotTrace }, async (t) => {
  const p = await mirrored(t, 8);
  const before = await p.held();
  for (const which of ['1', '2', '3', '4', '5', '6', '1+', '2+', '3+']) {
    const failing = ['strace', '-f', '-o', '/dev/null', '-e', `inject=getdents64:error=EIO:when=${which}`];
    const result = await through(p, failing);
    assert.ok([0, 1, 4].includes(result.code), `${which}: ${result.code} ${result.err}`);
    assert.ok(same(await p.held(), before), `the session lost files at ${which}`);
    if (which === '1+') assert.equal(result.code, 4);
  }
  await assertUntouched(p, before);
});

for (const [what, entry] of [
  ['file', '{type: file, source: tree/even/f0, mount_path: /one}'],
  ['archive', '{type: file, source: tree/, archive: tar.gz, mount_path: /one.tar.gz}'],
]) {
  test(`D1 a single ${what} whose source is gone stays mounted`, async (t) => {
    const p = await mirrored(t, 0);
    p.put('even/f0', 'content');
    p.entry([entry]);
    assert.equal((await p.run('apply')).code, 0);
    const before = await p.held();
    assert.equal(before.size, 1);
    fs.rmSync(p.tree, { recursive: true });
    await assertHeldBack(p, await p.json('apply'), before, 1);
  });
}

test('D1 --allow-deletes lets exactly the set through that was held back, and once', async (t) => {
  const p = await mirrored(t, 12);
  const before = await p.held();
  const copy = path.join(p.dir, 'copy');
  fs.renameSync(p.tree, copy);
  const id = await assertHeldBack(p, await p.json('apply'), before, 12);
  await assertHeldBack(p, await p.json('apply', ['--allow-deletes=0000000000']), before, 12);
  assert.equal((await p.json('plan')).document.sessions[0].held.id, id);

  // Another set: one more row of ours to go.
  p.put('even/f0', 'content 0');
  const other = await assertHeldBack(p, await p.json('apply', [`--allow-deletes=${id}`]), before, 11);
  assert.notEqual(other, id);
  fs.rmSync(p.tree, { recursive: true });
  assert.equal(await assertHeldBack(p, await p.json('apply'), before, 12), id);

  // What it allows for one session it does not allow for another.
  const allowed = await p.json('apply', [`--allow-deletes=${id}`]);
  assert.equal((await p.held()).size, 0, JSON.stringify(allowed.document));
  fs.renameSync(copy, p.tree);
  assert.equal((await p.run('apply')).code, 0);
  assert.ok(same(await p.held(), before));
  fs.rmSync(p.tree, { recursive: true });
  await assertHeldBack(p, await p.json('apply', [`--allow-deletes=${id}`]), before, 12);
});

const TREE = '{type: file, source: tree/, mount_path: /tree';
const RULES = {
  'an exclude pattern': (p) => p.entry([`${TREE}, exclude: ["/odd/"]}`]),
  'an include pattern': (p) => p.entry([`${TREE}, include: ["/even/"]}`]),
  'a .sessyncignore': (p) => p.put('.sessyncignore', '/odd/\n'),
  'another source': (p) => p.entry(['{type: file, source: tree/even/, mount_path: /tree/even}']),
};

for (const [what, narrow] of Object.entries(RULES)) {
  test(`D3 ${what} that would delete half of the files is held by max_deletes`, async (t) => {
    const p = await mirrored(t, 20);
    const before = await p.held();
    narrow(p);
    await assertHeldBack(p, await p.json('apply'), before, 10);

    // Adds and replaces go on; once the rule is wide enough again nothing is blocked.
    p.put('even/f0', 'changed');
    p.put('even/new', 'new');
    const { document } = await p.json('apply');
    assert.equal(document.summary.blocked, 10);
    const held = await p.held();
    assert.equal(held.get('/tree/even/f0'), sha256('changed'));
    assert.equal(held.size, 21);
    fs.rmSync(path.join(p.tree, '.sessyncignore'), { force: true });
    p.entry([`${TREE}}`]);
    assert.equal((await p.run('apply')).code, 0);
    assert.ok(same(await p.held(), filesBelow(p.tree, '/tree')));
  });
}

test('D3 a rule that leaves nothing is held whatever max_deletes says', async (t) => {
  const p = await mirrored(t, 4, { more: '    max_deletes: 100%\n' });
  const before = await p.held();
  p.put('.sessyncignore', '*\n');
  await assertHeldBack(p, await p.json('apply'), before, 4);
});

test('D3 max_deletes: what it allows is deleted, one more is not', async (t) => {
  for (const [count, keys, allowed] of [[20, '', 5], [40, '', 10], [8, '', 5], [8, '    max_deletes: 0\n', 0], [8, '    max_deletes: 3\n', 3]]) {
    const p = await mirrored(t, count, { more: keys });
    const before = await p.held();
    for (let i = 0; i <= allowed; i++) fs.rmSync(path.join(p.tree, `${i % 2 ? 'odd' : 'even'}/f${i}`));
    await assertHeldBack(p, await p.json('apply'), before, allowed + 1);
    p.put('even/f0', 'content 0');
    assert.equal((await p.run('apply')).code, 0, `${allowed} deletes of ${count}`);
    assert.ok(same(await p.held(), filesBelow(p.tree, '/tree')));
  }
});

test('D3 a rename is no deletion', async (t) => {
  const p = await mirrored(t, 20);
  fs.renameSync(path.join(p.tree, 'odd'), path.join(p.tree, 'renamed'));
  await p.double.resetRequests();
  assert.equal((await p.run('apply')).code, 0);
  assert.equal(await p.double.count('upload'), 0);
  assert.ok(same(await p.held(), filesBelow(p.tree, '/tree')));
});

/** Rows that sessync did not put there, of every kind; resolves to their ids. */
async function foreign(p) {
  const { double, session } = p;
  const digest = sha256('theirs').slice(0, 32);
  const names = ['report.pdf', 'sessync.other.'.concat(digest, '.x'), 'sessync.nonsense', `sessync.guards.${'z'.repeat(32)}.x`];
  const rows = [];
  for (const [i, name] of names.entries()) rows.push(await double.somebodyAdds(session, `/foreign/${i}`, 'theirs', name));
  rows.push(await double.somebodyAdds(session, '/tree/even/f0', 'theirs too')); // declared, but theirs
  rows.push(await double.somebodyAdds(session, '/tree/odd', 'in the way')); // above what is declared
  return rows.map(({ id }) => id);
}

test('D4 rows of others are never deleted or replaced, whatever happens to ours', async (t) => {
  const p = await mirrored(t, 0, { more: '    max_deletes: 100%\n' });
  const ids = await foreign(p);
  const there = async () => {
    const rows = await p.double.rows(p.session);
    for (const id of ids) assert.ok(rows.some((row) => row.id === id), `${ids.indexOf(id)} is gone: ${p.said}`);
    const held = await p.held();
    assert.equal(held.get('/tree/even/f0'), sha256('theirs too'));
    assert.equal(held.get('/foreign/0'), sha256('theirs'));
  };
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 10; i++) p.put(`${i % 2 ? 'odd' : 'even'}/f${i}`, `round ${round % 3} ${i}`);
    p.put(`new/${round}`, `new ${round}`);
    fs.rmSync(path.join(p.tree, `new/${round - 1}`), { force: true });
    if (round === 4) fs.rmSync(p.state, { recursive: true });
    const { code, document, out } = await p.json('apply');
    p.said = out;
    assert.equal(code, 4);
    await there();
    const conflicts = document.sessions[0].blocked.filter((row) => row.code === 'conflict');
    assert.ok(conflicts.some((row) => row.mount_path === '/tree/even/f0'), JSON.stringify(document));
    for (const { reason } of conflicts) assert.match(reason, /on_conflict|remove|another mount_path|move/i);
    assert.equal((await p.held()).get('/tree/even/f2'), sha256(`round ${round % 3} 2`));
  }
  p.entry([], '    max_deletes: 100%\n');
  const emptied = await p.run('apply');
  p.said = emptied.out;
  assert.equal(emptied.code, 0);
  await there();
  await p.double.call('POST', '/_double/clock', { advance_ms: 10_800_000 }); // gc spares what is young
  assert.equal((await p.run('gc', ['--yes'])).code, 0);
  await there();
  assert.deepEqual([...(await p.held()).keys()].filter((name) => name.startsWith('/tree/new')), []);
});

test('D4 repositories and memory stores that nobody declares stay', async (t) => {
  const double = await Double.start(t);
  const p = new Project(t, double);
  p.session = await double.createSession({
    resources: [
      { type: 'github_repository', url: 'https://github.com/o/r', mount_path: '/workspace/r', authorization_token: 'x' },
      { type: 'memory_store', memory_store_id: 'memstore_1', access: 'read_only' },
    ],
  });
  write(path.join(p.workspace, 'a'), 'a');
  for (const prune of ['owned', 'all', 'none']) {
    p.mirror(p.session);
    p.declare(fs.readFileSync(p.manifest, 'utf8').replace('    resources:', `    prune: ${prune}\n    resources:`));
    await p.run('apply');
    const types = (await double.rows(p.session)).map((row) => row.type).sort();
    assert.deepEqual(types, ['file', 'github_repository', 'memory_store'], prune);
  }
});

for (const [count, others, cap] of [[99, 0, 100], [100, 0, 100], [99, 1, 100], [101, 0, 100], [100, 1, 100], [200, 0, 500], [201, 0, 500], [10_000, 0, 500]]) {
  const fits = count + others <= 100;
  test(`D5 ${count} files${others ? ' and one of others' : ''}: ${fits ? 'all are mounted' : 'none is, and it says why'}`, async (t) => {
    const p = await mirrored(t, 0, { args: ['--file-cap', String(cap)] });
    for (let i = 0; i < count; i++) p.put(`d${i % 100}/f${i}`, `content ${i}`);
    for (let i = 0; i < others; i++) await p.double.somebodyAdds(p.session, `/other/${i}`, 'theirs');
    await p.double.resetRequests();
    const { code, document } = await p.json('apply');
    assert.equal(code, fits ? 0 : 4);
    assert.equal((await p.held()).size, fits ? count + others : others);
    if (fits) return;
    const { blocked } = document.sessions[0];
    assert.equal(blocked.length, count > 200 ? 1 : count, 'of more than twice as many only the number is told');
    for (const row of blocked) {
      assert.equal(row.code, 'quota');
      assert.ok(row.reason.includes(String(count + others)) && row.reason.includes('max_files is 100'), row.reason);
      assert.match(row.reason, /declare fewer files, or raise max_files/);
    }
    assert.equal(await p.double.count('upload'), 0, 'nothing is uploaded for nothing');
  });
}

test('D5 one file too many: replaces and deletes go on, and what makes room lets the add in', async (t) => {
  const p = await mirrored(t, 100, { args: ['--file-cap', '100'] });
  p.put('even/new', 'new');
  p.put('even/f0', 'changed');
  const first = await p.json('apply');
  assert.equal(first.code, 4);
  assert.deepEqual(first.document.sessions[0].blocked.map((row) => [row.mount_path, row.code]), [['/tree/even/new', 'quota']]);
  assert.equal((await p.held()).get('/tree/even/f0'), sha256('changed'));
  fs.rmSync(path.join(p.tree, 'odd/f1'));
  assert.equal((await p.run('apply')).code, 0);
  assert.ok(same(await p.held(), filesBelow(p.tree, '/tree')));
});

test('D5 a cap of the API that is lower than max_files is said, and costs nothing', async (t) => {
  const p = await mirrored(t, 100, { args: ['--file-cap', '100'], more: '    max_files: 500\n' });
  const before = await p.held();
  p.put('even/new', 'new');
  const { code, document } = await p.json('apply');
  assert.equal(code, 4, JSON.stringify(document));
  assert.match(document.sessions[0].blocked[0].reason, /max_files|100/);
  assert.ok(same(await p.held(), before));
});
