// What an author of manifests chooses, names of files and keys, in what operators and build systems read; and where
// the files of a directory of manifests may lead.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, sha256, until, write } from '../e2e/harness.mjs';

const TOKEN = `ghp_${'aB3dE5fG7h'.repeat(3)}`;
const LONG = 'n'.repeat(60);

async function scene(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.session = await double.createSession();
  project.manifest = path.join(project.dir, 'manifests');
  fs.mkdirSync(project.manifest);
  write(path.join(project.workspace, 'a.txt'), 'a');
  return project;
}

const manifest = (name, id, source = 'a.txt') =>
  `version: 1\nowner: e2e\nsessions:\n  - name: ${name}\n    session_id: ${id}\n    resources: [{type: file, source: ${source}}]\n`;

const put = (project, name, text) => fs.writeFileSync(path.join(project.manifest, name), text);

/** Nothing in it is obeyed by a terminal or a build system, and no secret is in it. */
function isHarmless(text) {
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]|::|##|\u202e/);
  assert.ok(!text.includes(TOKEN));
  assert.ok(!text.includes(TOKEN.slice(4)));
}

test('names of manifest files are escaped, cut and masked wherever they are printed', async (t) => {
  const project = await scene(t);
  const bad = 'version: 1\nowner: e2e\nsessions: 5\n';
  const names = ['\x1b[31mred.yaml', 'x\n::error::y.yaml', '##vso[task.complete]z.yaml', '::notice::w.yaml', 'rtl\u202e.yaml', `${TOKEN}.yaml`, `${LONG}.yaml`, 'plain.yaml'];
  for (const name of names) put(project, name, bad);
  const text = await project.run('validate');
  assert.equal(text.code, 3);
  const lines = text.err.trim().split('\n');
  assert.equal(lines.length, names.length, text.err);
  for (const line of lines) assert.match(line, /^\/.*:3:11: error: /);
  assert.ok(lines.some((line) => line.includes('/plain.yaml:3:11: ')));
  assert.ok(lines.some((line) => line.includes(`/${'n'.repeat(40)}...:3:11: `)));
  assert.ok(lines.some((line) => line.includes('/[redacted]:3:11: ')));
  isHarmless(text.err);
  const json = await project.json('validate');
  assert.equal(json.document.length, names.length);
  isHarmless(json.document.map(({ file, message }) => `${file} ${message}`).join('\n'));

  // A second file that claims what the first has is told of by its name, too.
  for (const name of names) fs.rmSync(path.join(project.manifest, name));
  put(project, `${TOKEN}.yaml`, manifest('s1', project.session));
  put(project, `z${LONG}.yaml`, manifest('s1', project.session));
  const twice = await project.run('validate');
  assert.match(twice.err, /\/zn{39}\.\.\..*also taken in \/.*\[redacted\]:4/);
  isHarmless(twice.err);
  project.start(['--listen', '127.0.0.1:0']);
  await until('the log says it', () => /also taken/.test(project.daemon.err));
  const status = await until('the status says it', async () => {
    const { out } = await project.run('status', ['-o', 'json']);
    return out.includes('also taken') && out;
  });
  isHarmless(JSON.parse(status).manifest.errors.join('\n'));
  assert.ok(!project.daemon.err.includes(TOKEN));
});

test('keys are escaped, cut and masked, and so is a secret in a value', async (t) => {
  const project = await scene(t);
  const keys = [TOKEN, LONG, '::set-output name=x::', '##[error]', '\\e[31m', '\\u202e', '3f2a9c81d4b7e6052f1a'];
  put(project, 'm.yaml', `version: 1\nowner: e2e\n${keys.map((key) => `"${key}": 1\n`).join('')}"${TOKEN}": 2\nsessions:\n  - {name: s1, session_id: sk-ant-api03-${'aB3dE5fG7h'.repeat(3)}}\n  - {name: ${TOKEN}/, session_id: x}\n`);
  for (const output of ['text', 'json']) {
    const { code, out, err } = await project.run('validate', ['-o', output]);
    assert.equal(code, 3);
    const said = output === 'text' ? err : JSON.parse(out).map((one) => one.message).join('\n');
    isHarmless(said);
    assert.ok(!said.includes('3f2a9c81d4b7e6052f1a') && !said.includes('sk-ant-'));
    assert.ok(said.includes(`unknown key "${'n'.repeat(40)}..."`), said);
    assert.ok(said.includes('unknown key "[redacted]"'), said);
  }
});

test('a link out of a directory of manifests is not followed, nothing of what it leads to is shown, and the others go on', async (t) => {
  const project = await scene(t);
  const [other, third] = [await project.double.createSession(), await project.double.createSession()];
  fs.writeFileSync(path.join(project.dir, 'elsewhere.yaml'), manifest('out', other));
  fs.writeFileSync(path.join(project.dir, 'keys'), 'a-word-of-theirs: another\n');
  put(project, 'good.yaml', manifest('good', project.session));
  fs.mkdirSync(path.join(project.manifest, '..1'));
  put(project, '..1/volume.yaml', manifest('volume', third));
  fs.symlinkSync('..1', path.join(project.manifest, '..data'));
  fs.symlinkSync('..data/volume.yaml', path.join(project.manifest, 'volume.yaml'));
  fs.symlinkSync('../elsewhere.yaml', path.join(project.manifest, 'relative.yaml'));
  fs.symlinkSync(path.join(project.dir, 'keys'), path.join(project.manifest, 'absolute.yml'));
  const { code, err } = await project.run('validate');
  assert.equal(code, 3);
  assert.match(err, /relative\.yaml: error: cannot be read: it leads out of its directory through a symlink/);
  assert.match(err, /absolute\.yml: error: cannot be read: it leads out/);
  assert.doesNotMatch(err, /a-word-of-theirs|good\.yaml|volume\.yaml/);
  project.start();
  for (const session of [project.session, third]) {
    await until('the others are in sync', async () => (await project.double.held(session)).get('/a.txt') === sha256('a'));
  }
  assert.equal((await project.double.held(other)).size, 0);

  // A file that becomes such a link keeps its last version.
  fs.rmSync(path.join(project.manifest, 'good.yaml'));
  fs.symlinkSync('../elsewhere.yaml', path.join(project.manifest, 'good.yaml'));
  await until('it is said', () => /good\.yaml: error: cannot be read: it leads out/.test(project.daemon.err));
  write(path.join(project.workspace, 'a.txt'), 'changed');
  await until('its session goes on', async () => (await project.double.held(project.session)).get('/a.txt') === sha256('changed'));
  assert.equal((await project.double.held(other)).size, 0);
});

test('a single manifest is read wherever its name leads, because whoever starts sessync chose it', async (t) => {
  const project = await scene(t);
  fs.writeFileSync(path.join(project.dir, 'real.yaml'), manifest('s1', project.session));
  fs.symlinkSync(path.join(project.dir, 'real.yaml'), path.join(project.manifest, 'link.yaml'));
  project.manifest = path.join(project.manifest, 'link.yaml');
  assert.equal((await project.run('apply')).code, 0);
});
