// The daemon as a process: signals, reloads, its lock, an API that is down or refuses the key.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, sh, until, write } from './harness.mjs';

async function started(t, args = []) {
  const double = await Double.start(t, args);
  const project = new Project(t, double);
  const session = await double.createSession();
  project.mirror(session);
  return { double, project, session };
}

const says = (project, pattern) => until(`the daemon says ${pattern}`, async () => pattern.test(project.daemon.err));

test('SIGTERM while uploads run: nothing is lost, exit 0', async (t) => {
  const { double, project, session } = await started(t, ['--latency-ms', '30']);
  for (let i = 0; i < 60; i++) write(path.join(project.workspace, `f${i}`), `one ${i}`);
  project.start();
  await project.equal(session);
  for (let i = 0; i < 60; i++) write(path.join(project.workspace, `f${i}`), `two ${i}`);
  await until('a replace is under way', async () => (await double.count('delete_resource')) > 0);
  assert.deepEqual(await project.stop(), { code: 0, signal: null });
  assert.equal((await double.held(session)).size, 60, 'every chain that had deleted was completed');
});

test('SIGTERM while the API does not answer: exit 0 all the same, and nothing twice afterwards', async (t) => {
  const { double, project, session } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  await double.faults([{ operation: 'add', kind: 'slow', delay_ms: 60_000, times: 1 }]);
  project.start();
  await until('an add is under way', async () => (await double.count('upload')) > 0);
  project.daemon.kill('SIGTERM');
  const ended = await Promise.race([project.daemon.ended, new Promise((late) => setTimeout(late, 20_000, 'late').unref())]);
  assert.deepEqual(ended, { code: 0, signal: null });
  project.start(['--list-grace', '500ms']);
  await project.equal(session);
  assert.equal((await double.rows(session)).length, 1);
});

test('apply gives up at its timeout, whatever the API does', async (t) => {
  const { double, project } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  await double.faults([{ operation: 'list', kind: 'slow', delay_ms: 600_000 }]);
  const applied = await project.json('apply', ['--timeout', '1s']);
  assert.equal(applied.code, 1);
  assert.ok(applied.document.sessions[0].error.message.length > 0);
});

test('a second signal ends the process at once', async (t) => {
  const { double, project } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  await double.faults([{ operation: 'add', kind: 'slow', delay_ms: 60_000 }]);
  project.start();
  await until('an add is under way', async () => (await double.count('upload')) > 0);
  project.daemon.kill('SIGTERM');
  await says(project, /stopping/);
  project.daemon.kill('SIGTERM');
  const { code } = await project.daemon.ended;
  assert.ok(code === 130 || code === 0);
});

test('SIGHUP reads the manifest and the workspace again', async (t) => {
  const { project, session } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await project.equal(session);
  project.daemon.kill('SIGHUP');
  await says(project, /SIGHUP/);
  write(path.join(project.workspace, 'b'), 'b');
  await project.equal(session);
});

test('the manifest is watched: saved in place, atomically, made wrong and right again', async (t) => {
  const { double, project, session } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await project.equal(session);
  const good = fs.readFileSync(project.manifest, 'utf8');

  write(`${project.manifest}.new`, good.replace('mount_path: /', 'mount_path: /below'));
  fs.renameSync(`${project.manifest}.new`, project.manifest);
  await until('the new mount path is in force', async () => (await double.held(session)).has('/below/a'));

  write(project.manifest, 'version: [');
  await says(project, /keeping the last valid version/);
  write(path.join(project.workspace, 'b'), 'b');
  await project.equal(session, { mount: '/below' });

  write(project.manifest, good);
  await project.equal(session);
});

test('a manifest that is not there yet is waited for', async (t) => {
  const { project, session } = await started(t);
  const good = fs.readFileSync(project.manifest, 'utf8');
  fs.rmSync(project.manifest);
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await says(project, /cannot be read/);
  project.declare(good);
  await project.equal(session);
});

test('a ConfigMap swap of the manifest is one reload', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  const mount = path.join(project.dir, 'config');
  project.mirror(session);
  const good = fs.readFileSync(project.manifest, 'utf8');
  write(path.join(mount, '..v1/sessync.yaml'), good);
  fs.symlinkSync('..v1', path.join(mount, '..data'));
  fs.symlinkSync('..data/sessync.yaml', path.join(mount, 'sessync.yaml'));
  project.manifest = path.join(mount, 'sessync.yaml');
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await project.equal(session);

  write(path.join(mount, '..v2/sessync.yaml'), good.replace('mount_path: /', 'mount_path: /two'));
  sh(mount, 'ln -s ..v2 ..data_tmp && mv -T ..data_tmp ..data && rm -r ..v1');
  await project.equal(session, { mount: '/two' });
});

test('manifests as a directory: a bad file harms no other, its session is left as it was', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const [one, two] = [await double.createSession(), await double.createSession()];
  const directory = path.join(project.dir, 'manifests');
  const manifest = (name, id) => `version: 1
owner: e2e
sessions:
  - name: ${name}
    session_id: ${id}
    resources: [{type: file, source: ./, mount_path: /}]
`;
  write(path.join(directory, 'one.yaml'), manifest('one', one));
  write(path.join(directory, 'two.yml'), manifest('two', two));
  project.manifest = directory;
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await project.equal(one);
  await project.equal(two);
  write(path.join(directory, 'one.yaml'), 'nonsense');
  await says(project, /one\.yaml/);
  write(path.join(project.workspace, 'b'), 'b');
  await project.equal(two);
  await project.equal(one);
});

test('one daemon per state directory', async (t) => {
  const { project, session } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  project.start();
  await project.equal(session);
  const second = await project.run('apply');
  assert.equal(second.code, 64);
  assert.match(second.err, new RegExp(String(project.daemon.pid)));
  assert.match(second.err, /sessync reconcile/);
  assert.equal((await project.run('plan')).code, 0, 'plan takes no lock');
  await project.stop('SIGKILL');
  assert.equal((await project.run('apply')).code, 0, 'a lock that is left over means nothing');
});

test('a wrong key is said and does not end the daemon; the right one in its file is taken up', async (t) => {
  const { project, session } = await started(t, ['--api-key', 'right']);
  const key = path.join(project.dir, 'key');
  write(key, 'wrong\n');
  write(path.join(project.workspace, 'a'), 'a');
  project.start(['--api-key-file', key]);
  await says(project, /AuthenticationFailed/);
  assert.equal(project.daemon.over, undefined);
  write(key, 'right\n');
  project.daemon.kill('SIGHUP');
  await says(project, /reason=Succeeded/);
  await project.equal(session);
});

test('an API that is down does not end the daemon', async (t) => {
  const { double, project, session } = await started(t);
  write(path.join(project.workspace, 'a'), 'a');
  await double.faults([{ operation: 'any', kind: 'status', status: 529 }]);
  project.start();
  await says(project, /ProgressingWithRetry/);
  await double.faults([]);
  await project.equal(session);
});

test('a workspace that goes away deletes nothing, and comes back', async (t) => {
  const { double, project, session } = await started(t);
  for (const name of ['a', 'b', 'c']) write(path.join(project.workspace, name), name);
  project.start();
  await project.equal(session);
  fs.renameSync(project.workspace, `${project.workspace}.away`);
  await says(project, /SourceUnavailable/);
  assert.equal((await double.held(session)).size, 3);
  fs.renameSync(`${project.workspace}.away`, project.workspace);
  write(path.join(project.workspace, 'd'), 'd');
  await project.equal(session);
});
