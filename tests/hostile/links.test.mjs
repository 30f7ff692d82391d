// Links in a workspace: they lead to nothing that their source would not take by itself, whoever puts them there.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, sha256, until, write } from '../e2e/harness.mjs';

const FILES = {
  'a/public/readme': 'readme', 'a/private/plan': 'the plan', 'a/notes.txt': 'notes', 'a/drafts/new': 'a draft',
  'b/salaries.csv': 'salaries', 'a/.sessyncignore': 'drafts/\n', 'shared/logo.png': 'logo',
};
const LINKS = {
  'a/public/plan': '../private/plan', 'a/draft': 'drafts/new', 'a/salaries': '../b/salaries.csv',
  'a/public/chain': '../salaries', 'a/logo': '../shared/logo.png', 'a/good': 'notes.txt',
};
const TAKEN = ['/good', '/notes.txt', '/public/readme'];
const REFUSED = ['/draft', '/logo', '/public/chain', '/public/plan', '/salaries'];
const NOT_FOR_A = ['a draft', 'the plan', 'salaries', 'logo'];

async function scene(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.session = await double.createSession();
  project.at = (name) => path.join(project.workspace, name);
  for (const [name, text] of Object.entries(FILES)) write(project.at(name), text);
  for (const [name, target] of Object.entries(LINKS)) fs.symlinkSync(target, project.at(name));
  return project;
}

/** Declares one session with these resources, each as YAML on one line. */
function declare(project, ...resources) {
  const lines = resources.map((one) => `      - {type: file, ${one}}\n`);
  project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${project.session}\n    max_deletes: 100%\n    resources:\n${lines.join('')}`);
}

const TEAM_A = 'source: a/, mount_path: /, exclude: [private/]';
const held = async (project) => [...(await project.double.held(project.session)).keys()].sort();
const blockedOf = (document) => document.sessions[0].blocked.map(({ code, mount_path: at }) => `${code} ${at}`);
const reasonsOf = (document) => Object.fromEntries(document.sessions[0].blocked.map((one) => [one.mount_path, one.reason]));

/** A row as an older version left it: an upload of ours, mounted. */
const mountedBefore = (project, mount, text) =>
  project.double.somebodyAdds(project.session, mount, text, `sessync.e2e.${sha256(text).slice(0, 32)}.${path.basename(mount)}`);

async function uploaded(project) {
  const { data } = await project.double.call('GET', '/v1/files?limit=1000');
  return data.map((file) => file.filename.split('.')[2]);
}

test('a link goes around no exclusion, no ignore file, and into no other directory', async (t) => {
  const project = await scene(t);
  declare(project, TEAM_A);
  const applied = await project.json('apply', ['--timeout', '1m']);
  assert.equal(applied.code, 0, applied.err);
  assert.deepEqual(await held(project), TAKEN);
  assert.match((await project.run('plan')).out, /left out by default: 5 files \(/);
  const names = await uploaded(project);
  for (const text of NOT_FOR_A) assert.ok(!names.includes(sha256(text).slice(0, 32)), text);

  declare(project, `${TEAM_A.replace('mount_path: /', 'mount_path: /a.zip')}, archive: zip`);
  const packed = await project.json('plan');
  const { sha256: digest } = packed.document.sessions[0].actions.find((one) => one.action === 'add');
  for (const name of Object.keys(LINKS).filter((one) => one !== 'a/good')) fs.rmSync(project.at(name));
  const without = await project.json('plan');
  assert.equal(without.document.sessions[0].actions.find((one) => one.action === 'add').sha256, digest);
});

test('links: workspace lets links lead out of the source, and patterns and ignore files count all the same', async (t) => {
  const project = await scene(t);
  const planned = async (entry) => {
    declare(project, entry);
    const { code, document, err } = await project.json('plan');
    assert.equal(code, 0, err);
    return document.sessions[0].actions.map((one) => one.mount_path).sort();
  };
  assert.deepEqual(await planned(`${TEAM_A}, links: workspace`), [...TAKEN, '/logo', '/public/chain', '/salaries'].sort());
  assert.deepEqual(await planned(`source: a/, mount_path: /, exclude: [private/, "*.csv"], links: workspace`), [...TAKEN, '/logo'].sort());
  write(project.at('shared/.sessyncignore'), '*.png\n');
  assert.deepEqual(await planned(`source: a/, mount_path: /, exclude: [private/, "*.csv"], links: workspace`), TAKEN);
  assert.deepEqual(await planned(`source: a/, mount_path: /, include: ["*.txt", good, salaries]`), ['/notes.txt', '/good'].sort());
});

test('what an older version mounted through a link stays, blocked link_outside, until the user decides', async (t) => {
  const everything = [...TAKEN, ...REFUSED].sort();
  const blocked = REFUSED.map((name) => `link_outside ${name}`);
  const bytes = (name) => fs.readFileSync(project.at(`a${name}`), 'utf8');
  const project = await scene(t);
  declare(project, TEAM_A);
  for (const name of everything) await mountedBefore(project, name, bytes(name));
  await project.double.resetRequests();
  const applied = await project.json('apply', ['--timeout', '1m']);
  assert.equal(applied.code, 4, applied.err);
  assert.deepEqual(blockedOf(applied.document), blocked);
  assert.deepEqual(await held(project), everything);
  assert.equal(await project.double.writes(), 0);
  const reasons = reasonsOf(applied.document);
  assert.match(reasons['/salaries'], /symlink to b\/salaries\.csv, outside of its source.*stays.*"links: workspace".*"exclude"/);
  assert.match(reasons['/public/plan'], /symlink to a\/private\/plan, which the entry's.*keep out.*stays.*"exclude"/);

  // Content that changes is not sent; a link that is gone is pruned as any file; what is excluded goes.
  write(project.at('b/salaries.csv'), 'new salaries');
  fs.rmSync(project.at('a/logo'));
  declare(project, TEAM_A.replace('private/', 'private/, plan'));
  const decided = await project.json('apply', ['--timeout', '1m']);
  assert.deepEqual(blockedOf(decided.document), ['link_outside /draft', 'link_outside /public/chain', 'link_outside /salaries']);
  assert.deepEqual(await held(project), everything.filter((name) => name !== '/logo' && name !== '/public/plan'));
  assert.equal((await project.double.held(project.session)).get('/salaries'), sha256('salaries'));

  declare(project, `${TEAM_A.replace('private/', 'private/, plan, draft')}, links: workspace`);
  assert.equal((await project.run('apply', ['--timeout', '1m'])).code, 0);
  assert.equal((await project.double.held(project.session)).get('/salaries'), sha256('new salaries'));
});

test('a link that takes the place of a file while the daemon runs changes nothing in the session', async (t) => {
  const project = await scene(t);
  declare(project, TEAM_A);
  project.start(['--listen', '127.0.0.1:0']);
  await until('it is in sync', async () => (await held(project)).length === TAKEN.length);
  fs.symlinkSync('../b/salaries.csv', project.at('a/next'));
  fs.renameSync(project.at('a/next'), project.at('a/notes.txt'));
  write(project.at('a/public/last'), 'last');
  await until('the next change is there', async () => (await held(project)).includes('/public/last'));
  // "good" leads to the link, and with it elsewhere.
  await until('it is said', async () => blockedOf((await project.json('status')).document).join() === 'link_outside /good,link_outside /notes.txt');
  const now = await project.double.held(project.session);
  assert.deepEqual([now.get('/notes.txt'), now.get('/good')], [sha256('notes'), sha256('notes')]);
  assert.ok(!(await uploaded(project)).includes(sha256('salaries').slice(0, 32)));
});

test('a source that leads out of the directory in which it stands is blocked, and what is mounted stays', async (t) => {
  const project = await scene(t);
  fs.symlinkSync('../b', project.at('a/data'));
  fs.symlinkSync('public/readme', project.at('a/latest'));
  fs.symlinkSync('a', project.at('team'));
  const entries = ['source: a/salaries', 'source: a/data/, mount_path: /data', 'source: a/data/salaries.csv, mount_path: /file'];
  const fine = ['source: a/latest', 'source: team/public/, mount_path: /public', 'source: team/notes.txt'];
  for (const mount of ['/a/salaries', '/data/salaries.csv', '/file']) await mountedBefore(project, mount, 'salaries');
  declare(project, ...entries, ...fine);
  const applied = await project.json('apply', ['--timeout', '1m']);
  assert.equal(applied.code, 4, applied.err);
  assert.deepEqual(blockedOf(applied.document).filter((one) => one !== 'link_outside /data/salaries.csv'), ['link_outside /a/salaries', 'link_outside /data', 'link_outside /file']);
  assert.deepEqual(await held(project), ['/a/latest', '/a/salaries', '/data/salaries.csv', '/file', '/public/readme', '/team/notes.txt'].sort());
  declare(project, ...entries.map((one) => `${one}, links: workspace`), ...fine);
  assert.equal((await project.run('apply', ['--timeout', '1m'])).code, 0);
  assert.equal(await project.double.count('delete_resource'), 0);
});
