// Bad input gets a clear message and an exit code, and nothing is lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { Double, Project, sh, sha256, write } from './harness.mjs';

async function project(t, args = []) {
  const double = await Double.start(t, args);
  const made = new Project(t, double);
  made.session = await double.createSession();
  made.mirror(made.session);
  return made;
}

/** Each problem of the workspace is blocked or a warning; `good` files arrive all the same. */
async function apply(p) {
  const result = await p.json('apply');
  return { ...result, session: result.document.sessions[0], held: await p.double.held(p.session) };
}

test('YAML that cannot be parsed, and a manifest of 10 MB', async (t) => {
  const p = await project(t);
  write(p.manifest, 'version: 1\n  owner: [');
  const unparsable = await p.run('validate');
  assert.equal(unparsable.code, 3);
  assert.match(unparsable.err, /sessync\.yaml:\d+:\d+: error: /);
  write(p.manifest, `version: 1\n# ${'x'.repeat(10 << 20)}\n`);
  const huge = await p.run('validate');
  assert.equal(huge.code, 3);
  assert.match(huge.err, /too large|larger than|at most/);
});

test('a manifest in JSON as any encoder writes it, and one that was cut off within an escape', async (t) => {
  const p = await project(t);
  const name = '\u{1F680} \u{10FFFF} \u00e9.txt';
  write(path.join(p.workspace, name), 'flies');
  const ascii = (value) => JSON.stringify(value).replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const resources = [{ type: 'file', source: name, mount_path: `/${name}` }];
  const text = ascii({ version: 1, owner: 'e2e', sessions: [{ name: 's1', session_id: p.session, resources }] });
  assert.match(text, /\\ud83d\\ude80/);
  write(p.manifest, text);
  const result = await apply(p);
  assert.equal(result.code, 0, result.err);
  assert.deepEqual(result.held, new Map([[`/${name}`, sha256('flies')]]));
  for (let end = text.indexOf('\\ud83d'); end < text.indexOf('.txt'); end++) {
    write(p.manifest, text.slice(0, end));
    const cut = await p.run('plan');
    assert.equal(cut.code, 3, text.slice(0, end));
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(cut.out + cut.err, /[\x00-\x08\x0b-\x1f\x7f]/);
  }
  write(p.manifest, text.replace('\\ude80', ''));
  const half = await p.run('validate');
  assert.equal(half.code, 3);
  assert.match(half.err, /one half of a character: write both halves/);
});

test('a workspace that does not exist, is a file, or cannot be read', async (t) => {
  const p = await project(t);
  write(path.join(p.workspace, 'a'), 'a');
  assert.equal((await apply(p)).code, 0);
  const real = p.workspace;
  for (const [what, make] of [
    ['missing', () => {}],
    ['a file', () => write(p.workspace, 'no directory')],
    ['dangling', () => fs.symlinkSync('nowhere', p.workspace)],
  ]) {
    p.workspace = path.join(p.dir, what);
    make();
    const lost = await apply(p);
    assert.equal(lost.code, 4, what);
    assert.equal(lost.session.blocked[0].code, 'guard', what);
    assert.ok(lost.held.has('/a'), what);
  }
  p.workspace = real;
  assert.equal((await apply(p)).code, 0);
});

test('a source outside the workspace, also through a link', async (t) => {
  const p = await project(t);
  write(path.join(p.dir, 'outside/secret'), 'secret');
  fs.symlinkSync('../outside', path.join(p.workspace, 'linked'));
  fs.symlinkSync('../outside/secret', path.join(p.workspace, 'file'));
  write(path.join(p.workspace, 'good'), 'good');
  const manifest = (resource) => `version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${p.session}
    resources:
      - ${resource}
`;
  p.declare(manifest('{type: file, source: ../outside/}'));
  assert.equal((await p.run('validate')).code, 3);
  p.declare(manifest('{type: file, source: linked/}'));
  const through = await apply(p);
  assert.equal(through.code, 4);
  p.declare(manifest('{type: file, source: ./}'));
  const around = await apply(p);
  assert.deepEqual([...around.held.keys()], ['/good']);
});

test('FIFOs, sockets, devices and odd links are skipped with one warning each', async (t) => {
  const p = await project(t);
  const root = process.getuid() === 0;
  sh(p.workspace, 'mkfifo pipe && ln -s nowhere dangling && ln -s loop loop && ln -s . self && echo good > good');
  sh(p.workspace, `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'`);
  if (root) sh(p.workspace, 'mknod device c 1 3');
  const applied = await p.run('apply');
  assert.equal(applied.code, 0);
  for (const name of ['pipe', 'dangling', 'loop', 'self', 'socket', ...(root ? ['device'] : [])]) {
    const warnings = applied.out.split('\n').filter((line) => line.includes(`warning: ${name} is `));
    assert.equal(warnings.length, 1, `${name}: ${applied.out}`);
  }
  assert.deepEqual([...(await p.double.held(p.session)).keys()], ['/good']);
});

test('file names of every kind', async (t) => {
  const p = await project(t);
  const good = ['quote"d', 'per%cent', 'per%22cent', 'spa ce', '\u00fcml\u00e4ut', '<angle>', 'a'.repeat(255), 'semi;colon', "it's"];
  for (const name of good) write(path.join(p.workspace, name), `content of ${name}`);
  write(path.join(p.workspace, 'new\nline'), 'newline');
  fs.writeFileSync(Buffer.concat([Buffer.from(`${p.workspace}/bad`), Buffer.from([0xff, 0xfe])]), 'invalid');
  const applied = await apply(p);
  assert.equal(applied.code, 4);
  assert.deepEqual(applied.session.blocked.map((each) => each.code), ['invalid_name', 'invalid_name']);
  for (const name of good) assert.equal(applied.held.get(`/${name}`), sha256(`content of ${name}`), name);
  assert.equal(applied.held.size, good.length);
  const planned = await p.json('plan');
  assert.deepEqual(planned.document.sessions[0].actions, []);
});

test('zero bytes are content', async (t) => {
  const p = await project(t);
  write(path.join(p.workspace, 'empty'), '');
  const applied = await apply(p);
  assert.equal(applied.code, 0);
  assert.equal(applied.held.get('/empty'), sha256(''));
});

test('more files than max_files: nothing is half done, and the plan says what to do', async (t) => {
  const p = await project(t);
  p.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${p.session}
    max_files: 10
    resources: [{type: file, source: ./}]
`);
  for (let i = 0; i < 11; i++) write(path.join(p.workspace, `f${i}`), `${i}`);
  const over = await apply(p);
  assert.equal(over.code, 4);
  assert.equal(over.held.size, 0);
  assert.match(over.session.blocked[0].reason, /11 files .*max_files is 10.*raise max_files/);
  fs.rmSync(path.join(p.workspace, 'f0'));
  assert.equal((await apply(p)).held.size, 10);
});

test('files that nobody may read are blocked, their mounts stay', async (t) => {
  if (process.getuid() === 0) return t.skip('root may read everything');
  const p = await project(t);
  write(path.join(p.workspace, 'a'), 'a');
  assert.equal((await apply(p)).code, 0);
  fs.chmodSync(path.join(p.workspace, 'a'), 0);
  const locked = await apply(p);
  assert.equal(locked.code, 4);
  assert.ok(locked.held.has('/a'));
});

test('files that grow, vanish or are replaced while they are read: exact bytes or nothing', async (t) => {
  const p = await project(t, ['--latency-ms', '5']);
  const names = Array.from({ length: 20 }, (unused, i) => `f${i}`);
  for (const name of names) write(path.join(p.workspace, name), name.repeat(1000));
  p.start();
  for (let round = 0; round < 30; round++) {
    for (const name of names) {
      const file = path.join(p.workspace, name);
      if (round % 3 === 0) fs.appendFileSync(file, `more ${round}`.repeat(500));
      else if (round % 3 === 1) fs.rmSync(file, { force: true });
      else {
        write(`${file}.new`, `replaced ${round} ${name}`.repeat(200));
        fs.renameSync(`${file}.new`, file);
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await p.equal(p.session);
  const rows = await p.double.rows(p.session);
  assert.equal(new Set(rows.map((row) => row.mount_path)).size, rows.length);
});

const ODD_ANSWERS = [
  { operation: 'list', kind: 'truncated_body' },
  { operation: 'list', kind: 'not_json' },
  { operation: 'list', kind: 'huge_body' },
  { operation: 'list', kind: 'endless_body' },
  { operation: 'list', kind: 'repeated_cursor' },
  { operation: 'list', kind: 'cut_before' },
  { operation: 'list', kind: 'status', status: 500 },
];

// Each waits for its timeout, so they wait together.
describe('an odd answer to a list', { concurrency: true }, () => {
  for (const fault of ODD_ANSWERS) {
    test(`a list answered with ${fault.kind}: nothing is deleted or added twice`, async (t) => {
      const p = await project(t);
      for (const name of ['a', 'b']) write(path.join(p.workspace, name), name);
      assert.equal((await apply(p)).code, 0);
      await p.double.faults([fault]);
      await p.double.resetRequests();
      fs.rmSync(path.join(p.workspace, 'b'));
      const failed = await p.json('apply', ['--timeout', '2s', '--request-timeout', '1s']);
      assert.equal(failed.code, 1, failed.out);
      assert.ok(failed.document.sessions[0].error.message.length > 0);
      assert.equal(await p.double.writes(), 0);
      await p.double.faults([]);
      const after = await apply(p);
      assert.equal(after.held.size, 1, after.out);
    });
  }
});

test('a socket is no terminal: JSON logs by default, text on request', async (t) => {
  const p = await project(t);
  const key = { ...p.env(), ANTHROPIC_API_KEY: 'k' };
  const run = spawnSync(process.env.SESSYNC_BIN, ['run', '-m', p.manifest, '-w', p.workspace, '--state-dir', path.join(p.workspace, 'x')], { encoding: 'utf8', env: key });
  assert.equal(run.status, 64);
  assert.doesNotThrow(() => JSON.parse(run.stderr.split('\n')[0]));
});
