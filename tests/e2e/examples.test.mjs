// Every example runs as it stands, and the README's commands do what they are shown to do.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES, until, write } from './harness.mjs';

const examples = fs
  .readdirSync(path.join(SOURCES, 'examples'))
  .filter((name) => fs.existsSync(path.join(SOURCES, 'examples', name, 'run.sh')));

/** The preset whose binary is tested: it is built already. On its own an example builds what people use. */
const preset = path.relative(path.join(SOURCES, 'build'), process.env.SESSYNC_BIN).split(path.sep)[0];
/** All of them do so by the same lines, so one is enough to see that they do. */
const presetOf = (example) => (example === 'quickstart' ? preset : '');

for (const name of examples) {
  test(`examples/${name}/run.sh`, () => {
    const run = spawnSync(path.join(SOURCES, 'examples', name, 'run.sh'), {
      encoding: 'utf8',
      env: { ...process.env, SESSYNC_PRESET: presetOf(name) },
    });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^Plan: 0 to add, 0 to replace, 0 to rotate, 0 to delete; 0 blocked.*$(?![^]*^Plan)/m);
  });
}

const readme = fs.readFileSync(path.join(SOURCES, 'README.md'), 'utf8');
const blocks = (language) => [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((m) => m[1]);

test('the README\'s scripts exist and can be run', () => {
  const scripts = [...readme.matchAll(/(?:examples|tests)\/[\w/]*run\.sh/g)].map((m) => m[0]);
  assert.ok(scripts.length > 0);
  for (const script of new Set(scripts)) fs.accessSync(path.join(SOURCES, script), fs.constants.X_OK);
});

test('the README\'s manifests are valid', async (t) => {
  const project = new Project(t, null);
  const manifests = blocks('yaml');
  assert.ok(manifests.length > 0);
  for (const manifest of manifests) {
    project.declare(manifest);
    const result = await project.run('validate');
    assert.equal(result.code, 0, manifest + result.err);
  }
});

test('the README\'s sessync commands run', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  project.declare(blocks('yaml')[0].replace(/session_id: \S+/, `session_id: ${session}`));
  write(path.join(project.workspace, 'data/orders.csv'), 'order\n');
  write(path.join(project.workspace, 'src/report.py'), 'print()\n');
  const commands = blocks('sh').join('').split('\n').filter((line) => line.startsWith('sessync '));
  assert.ok(commands.length >= 4, 'the README shows commands');
  for (const command of commands) {
    const [, name, ...rest] = command.replace(/\s+#.*/, '').split(/\s+/);
    const asks = ['status', 'reconcile', 'suspend', 'resume'].includes(name);
    if (!asks && project.daemon && !project.daemon.over) {
      assert.deepEqual(await project.stop(), { code: 0, signal: null });
    }
    if (name === 'run') {
      project.start(['--listen', '127.0.0.1:0', ...rest]);
      await until('it is up', async () => /reason=Succeeded/.test(project.daemon.err));
      await project.equal(session);
    } else if (['version', 'schema', 'completion'].includes(name)) {
      assert.equal(spawnSync(process.env.SESSYNC_BIN, [name, ...rest]).status, 0, command);
    } else {
      if (asks && project.daemon.over) {
        project.start(['--listen', '127.0.0.1:0']);
        await until('it serves', () => /serving status/.test(project.daemon.err));
      }
      const result = await project.run(name, rest);
      assert.ok([0, 2].includes(result.code), `${command}: exit ${result.code}: ${result.out}${result.err}`);
    }
  }
});
