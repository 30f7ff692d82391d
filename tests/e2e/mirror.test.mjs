// The main job on real input: a tree of this project's own sources, mirrored through the usual ways in
// which people and tools change files.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES, filesBelow, sh, until, write } from './harness.mjs';

/** A git repository with 100 files of this project in two commits. */
function checkout(project) {
  const files = [...filesBelow(SOURCES, '', (name) => /^(\.git|build|node_modules)$/.test(name)).keys()]
    .filter((name) => /\.(cpp|h|md|txt|mjs|sh)$/.test(name))
    .sort()
    .slice(0, 100);
  assert.equal(files.length, 100);
  for (const name of files) {
    write(path.join(project.workspace, name), fs.readFileSync(path.join(SOURCES, name)));
  }
  sh(project.workspace, 'git init -q -b main . && git add -A && git commit -qm one');
  sh(project.workspace, `git mv $(git ls-files | head -1) moved.txt && git rm -q $(git ls-files | grep -v moved.txt | tail -3)`);
  sh(project.workspace, 'for f in $(git ls-files | head -5); do echo "// changed" >> $f; done');
  sh(project.workspace, 'git add -A && git commit -qm two && git checkout -q HEAD~1');
}

// Without expressions: Debian's small vim has none.
const VIM_SAVE = (file) => `ex -s -c 'set backupcopy=no writebackup' -c '$s/$/ saved by vim/' -c wq ${file}`;

test('a tree of 100 files stays equal through everything that changes files', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  const theirs = await double.somebodyAdds(session, '/theirs.pdf', 'precious');
  const extra = new Map([['/theirs.pdf', (await double.held(session)).get('/theirs.pdf')]]);
  checkout(project);
  project.mirror(session);
  project.start();
  const stays = (what) => t.test(what, () => project.equal(session, { extra }));
  await stays('initial sync');

  const names = sh(project.workspace, 'git ls-files').trim().split('\n');
  sh(project.workspace, VIM_SAVE(names[3]));
  await stays('a save as vim does it');

  sh(project.workspace, `sed -i 's/the/THE/' ${names[4]} ${names[5]}`);
  await stays('sed -i');

  sh(project.workspace, `mkdir -p deep/er && mv ${names[6]} deep/er/renamed && mv ${names[7]} ${names[8]}`);
  await stays('mv');

  sh(project.workspace, 'git checkout -qf main && git clean -qfd');
  await stays('git checkout of the second commit');
  sh(project.workspace, 'git checkout -q HEAD~1');
  await stays('git checkout of the first commit');

  const folder = names.find((name) => name.includes('/')).split('/')[0];
  sh(project.workspace, `rm -r ${folder}`);
  await stays('rm -r of a folder');

  await t.test('the state directory deleted: markers suffice', async () => {
    assert.deepEqual(await project.stop(), { code: 0, signal: null });
    fs.rmSync(project.state, { recursive: true });
    await double.resetRequests();
    project.start();
    await until('a pass was made', async () => /reason=Succeeded/.test(project.daemon.err));
    await project.equal(session, { extra });
    assert.equal(await double.writes(), 0);
  });

  await t.test('what somebody else put there is still there', async () => {
    const ids = (await double.rows(session)).map((row) => row.id);
    assert.ok(ids.includes(theirs.id));
  });
});

test('touch, chmod, and rename in place and back upload nothing', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  for (const name of ['a', 'b', 'c']) write(path.join(project.workspace, name), name);
  project.mirror(session);
  assert.equal((await project.run('apply')).code, 0);
  await double.resetRequests();
  sh(project.workspace, 'touch a && chmod 600 b && mv c d && mv d c');
  assert.equal((await project.run('apply')).code, 0);
  assert.equal(await double.writes(), 0);
});

test('the same bytes in three sessions are uploaded once', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const sessions = [await double.createSession(), await double.createSession(), await double.createSession()];
  for (let i = 0; i < 20; i++) write(path.join(project.workspace, `f${i}`), `same ${i % 10}`);
  project.mirror(...sessions);
  project.start();
  for (const session of sessions) await project.equal(session);
  assert.equal(await double.count('upload'), 10);
});

test('a converged pass of a command is two GETs, on a warm connection or not', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a'), 'a');
  project.mirror(session);
  assert.equal((await project.run('apply')).code, 0);
  await double.resetRequests();
  assert.equal((await project.run('apply')).code, 0);
  const { counts } = await double.requests();
  assert.deepEqual(Object.entries(counts).filter(([, count]) => count > 0), [['get_session', 1], ['list_resources', 1]]);
});

test('a pass that a change woke is one GET if there is nothing to do', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a'), 'a');
  project.mirror(session);
  project.start();
  await project.equal(session);
  await until('it has come to rest', async () => {
    const { total } = await double.requests();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (await double.requests()).total === total;
  });
  await double.resetRequests();
  write(path.join(project.workspace, 'a'), 'a');
  await until('the change was looked at', async () => (await double.count('list_resources')) > 0);
  const { counts } = await double.requests();
  assert.deepEqual(Object.entries(counts).filter(([, count]) => count > 0), [['list_resources', 1]]);
});

test('a session that was archived is noticed by the next command', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a'), 'a');
  project.mirror(session);
  assert.equal((await project.run('apply')).code, 0);
  await double.call('POST', `/v1/sessions/${session}/archive`, {});
  for (const command of ['plan', 'apply']) {
    const { code, document } = await project.json(command);
    assert.equal(code, 1, command);
    assert.equal(document.sessions[0].error.code, 'session_archived', command);
  }
});

test('a session that was archived is noticed by the daemon within one interval', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a'), 'a');
  project.mirror(session);
  project.declare(fs.readFileSync(project.manifest, 'utf8').replace('    resources:', '    interval: 10s\n    resources:'));
  project.start();
  await project.equal(session);
  await double.call('POST', `/v1/sessions/${session}/archive`, {});
  await until('the daemon says so', () => /was archived at/.test(project.daemon.err));
});

test('a swap of the workspace link to a new worktree changes only what differs', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  const repo = path.join(project.dir, 'repo');
  for (let i = 0; i < 30; i++) write(path.join(repo, `dir${i % 3}/f${i}`), `content ${i}`);
  sh(repo, 'git init -q -b main . && git add -A && git commit -qm one');
  sh(repo, 'git worktree add -q ../one HEAD');
  sh(repo, 'echo changed > dir0/f0 && git mv dir1/f1 dir1/renamed && git rm -q dir2/f2 && echo new > added');
  sh(repo, 'git add -A && git commit -qm two && git worktree add -q ../two HEAD');
  assert.ok(fs.statSync(path.join(project.dir, 'two/.git')).isFile());
  fs.rmSync(project.workspace, { recursive: true });
  fs.symlinkSync('one', project.workspace);
  project.mirror(session);
  project.start();
  await project.equal(session);
  await double.resetRequests();

  sh(project.dir, 'ln -s two next && mv -T next workspace');
  await project.equal(session);
  const { counts } = await double.requests();
  assert.equal(counts.upload, 2, 'one changed, one new');
  assert.equal(counts.add_resource, 3, 'changed, new, renamed');
  assert.equal(counts.delete_resource, 3, 'changed, removed, renamed');
});
