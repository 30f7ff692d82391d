// What one session's workspace asks for is not taken from the others.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, until, write } from '../e2e/harness.mjs';

const PATIENCE = 300_000; // the machine may have other work
const MOST_MEMORY_MB = 300;

async function scene(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.at = (name) => path.join(project.workspace, name);
  return { double, project };
}

const session = (name, id, source, more = '') => `  - name: ${name}
    session_id: ${id}
${more}    resources: [{type: file, source: ${source}/, mount_path: /${name}}]
`;
const manifest = (...sessions) => `version: 1\nowner: e2e\nsessions:\n${sessions.join('')}`;

function writeMany(dir, count, text = '', name = (i) => `f${i}`) {
  for (let i = 0; i < count; i += 1000) {
    const below = path.join(dir, `d${i / 1000}`);
    fs.mkdirSync(below, { recursive: true });
    for (let j = i; j < Math.min(i + 1000, count); j++) fs.writeFileSync(path.join(below, name(j)), text);
  }
}

const statusOf = async (project) => (await project.json('status')).document.sessions;
const highestMemory = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)[1]) / 1024;

test('ignore files that take for ever to compare in four sessions keep a fifth waiting for none of it', async (t) => {
  const { double, project } = await scene(t);
  const rules = '*a*a*a*a*a*b\n'.repeat(4_500);
  const sessions = [];
  for (let i = 1; i <= 4; i++) {
    writeMany(project.at(`hostile${i}`), 5_000, '', (j) => `${'a'.repeat(150)}${j}`);
    write(project.at(`hostile${i}/.sessyncignore`), rules);
    sessions.push(session(`a${i}`, await double.createSession(), `hostile${i}`, '    max_files: 10000\n'));
  }
  write(project.at('quiet/a.txt'), 'a');
  const quiet = await double.createSession();
  project.declare(manifest(...sessions, session('z', quiet, 'quiet')));
  project.start(['--workers', '4', '--listen', '127.0.0.1:0']);
  await addressOf(project);
  for (const text of ['b.txt', 'c.txt']) {
    write(project.at(`quiet/${text}`), text);
    await until('the fifth session holds its file', async () => (await double.held(quiet)).has(`/z/${text}`), PATIENCE);
  }
  const lost = await until('the others say why nothing of theirs is mounted', async () => {
    const four = (await statusOf(project)).slice(0, 4);
    return four.every((one) => one.conditions[0].reason === 'SourceUnavailable') && four;
  }, PATIENCE);
  for (const one of lost) assert.match(one.conditions[0].message, /takes too long to compare with its patterns .*make its ignore files/);
  assert.deepEqual(await project.stop(), { code: 0, signal: null });
});

test('an ignore file of more than 64 KiB is not read, and what is mounted stays', async (t) => {
  const { double, project } = await scene(t);
  const id = await double.createSession();
  project.declare(manifest(session('s', id, 'd', '    max_deletes: 100%\n')));
  write(project.at('d/a.txt'), 'a');
  write(project.at('d/b.txt'), 'b');
  assert.equal((await project.run('apply')).code, 0);
  write(project.at('d/.sessyncignore'), `a.txt\n${'#'.repeat(65_536)}`);
  fs.rmSync(project.at('d/b.txt'));
  const { code, out } = await project.run('apply');
  assert.equal(code, 4);
  assert.match(out, /\.sessyncignore cannot be read \(it is larger than 64 KiB\)/);
  assert.deepEqual([...(await double.held(id)).keys()].sort(), ['/s/a.txt', '/s/b.txt']);
});

test('150,000 small files are one blocked entry, whatever was mounted of them stays, and they take no memory', async (t) => {
  const { double, project } = await scene(t);
  const [id, other] = [await double.createSession(), await double.createSession()];
  write(project.at('many/d0/f1'), 'old');
  write(project.at('many/gone'), 'gone');
  write(project.at('few/a.txt'), 'a');
  project.declare(manifest(session('s', id, 'many', '    max_deletes: 100%\n'), session('t', other, 'few')));
  assert.equal((await project.run('apply')).code, 0);
  fs.rmSync(project.at('many/gone'));
  writeMany(project.at('many'), 150_000);
  const plan = await project.json('plan');
  const [many] = plan.document.sessions;
  assert.deepEqual(many.blocked.map((one) => [one.code, one.mount_path]), [['quota', '/s']]);
  assert.match(many.blocked[0].reason, /many\/ selects 150000 files, but max_files is 100;.*declare fewer files, or raise max_files/);
  assert.deepEqual(many.actions, []);
  project.start(['--listen', '127.0.0.1:0']);
  await addressOf(project);
  await until('it is said', async () => (await statusOf(project))[0].conditions[0].reason === 'QuotaExceeded', PATIENCE);
  write(project.at('few/b.txt'), 'b');
  await until('the other goes on', async () => (await double.held(other)).size === 2, PATIENCE);
  assert.deepEqual([...(await double.held(id)).keys()].sort(), ['/s/d0/f1', '/s/gone']);
  const high = highestMemory(project.daemon.pid);
  assert.ok(high < MOST_MEMORY_MB, `the daemon took ${high.toFixed(0)} MB`);
});

test('60,000 blocked entries make a status of five hundred and a number, and as many lines of the log', async (t) => {
  const { double, project } = await scene(t);
  const id = await double.createSession();
  const count = 60_000;
  writeMany(project.at('many'), count, 'x'.repeat(1001));
  project.declare(manifest(session('s', id, 'many', `    max_files: ${count}\n    max_file_size: 1KB\n`)));
  project.start(['--listen', '127.0.0.1:0']);
  const url = await addressOf(project);
  let text = '';
  const [seen] = await until('it is said', async () => {
    text = await (await fetch(`${url}/api/v1/status`)).text();
    const { sessions } = JSON.parse(text);
    return sessions[0]?.counts.blocked === count && sessions;
  }, PATIENCE);
  assert.equal(seen.blocked.length, 500);
  assert.ok(text.length < 500_000, `the status has ${text.length} bytes`);
  const table = (await project.run('status')).out;
  assert.match(table, new RegExp(`! and ${count - 500} more\n`));
  const page = await (await fetch(`${url}/`)).text();
  assert.ok(page.length < 500_000, `the page has ${page.length} bytes`);
  await until('the log says how many more', () => project.daemon.err.includes(`more=${count - 500}`));
  assert.ok(project.daemon.err.split('\n').length < 700);
  assert.equal((await project.json('plan')).document.sessions[0].blocked.length, count, 'a plan names all of them');
});
