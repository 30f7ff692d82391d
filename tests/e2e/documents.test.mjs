// With -o json every command prints one document, whatever happens: what reads it must not take silence for success.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from './harness.mjs';

const help = (...args) => spawnSync(process.env.SESSYNC_BIN, [...args, '--help'], { encoding: 'utf8' }).stdout;

/** The commands that print documents, as the help has them; `run` prints none. */
function commands() {
  const names = [...help().matchAll(/^ {2}([a-z]+) +\S/gm)].map(([, name]) => name);
  return names.filter((name) => name !== 'run' && help(name).includes('--output'));
}

/** What a command needs beside its options. */
const positionals = (command) => [...help(command).matchAll(/^ {2}[a-z-]+ .*REQUIRED/gm)].map(() => 's1');

/** Ways in which a command cannot do what it is for. */
const FAILURES = {
  'an unknown option': (p) => ({ args: ['--no-such-option'] }),
  'no key': (p) => ({ env: { ANTHROPIC_API_KEY: undefined } }),
  'a key file that is not there': (p) => ({ args: ['--api-key-file', path.join(p.dir, 'nowhere')] }),
  'a key that is refused': (p) => ({ env: { ANTHROPIC_API_KEY: 'refused' } }),
  'a bad URL of the API': (p) => ({ env: { ANTHROPIC_BASE_URL: 'gopher://example.org' } }),
  'a bad URL of GitHub': (p) => ({ env: { SESSYNC_GITHUB_API_URL: 'gopher://example.org' } }),
  'no manifest': (p) => ({ args: ['-m', path.join(p.dir, 'nowhere.yaml')] }),
  'a bad manifest': (p) => ({ args: ['-m', path.join(p.dir, 'bad.yaml')] }),
  'a session that the manifest lacks': (p) => ({ args: ['-s', 'another'] }),
  'a state directory that cannot be used': (p) => ({ args: ['--state-dir', path.join(p.manifest, 'below-a-file')] }),
  'no API': (p) => ({ env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }, args: ['--timeout', '1s'] }),
};

async function project(t) {
  const double = await Double.start(t, ['--api-key', 'right']);
  const p = new Project(t, double);
  p.mirror(await double.createSession());
  write(path.join(p.workspace, 'a'), 'a');
  write(path.join(p.dir, 'bad.yaml'), 'version: 1\nowner: e2e\nsessions: [{name: s1}]\n');
  return p;
}

/** Why the command failed, as its document says it. */
function errorIn(command, document) {
  if (command === 'validate') return document.find(({ severity }) => severity === 'error');
  return document.error ?? document.sessions?.map(({ error }) => error).find(Boolean);
}

test('a command that fails prints one document with the error, and exits as it does without', async (t) => {
  const p = await project(t);
  const failed = new Map();
  for (const command of commands()) {
    failed.set(command, []);
    for (const [what, make] of Object.entries(FAILURES)) {
      const { args = [], env = {} } = make(p);
      if (args.includes('--timeout') && command !== 'apply') args.splice(args.indexOf('--timeout'), 2);
      const all = { ANTHROPIC_API_KEY: 'right', ...env };
      const extra = [...args, ...positionals(command)];
      const plain = await p.run(command, extra, all);
      if (plain.code === 0) continue;
      failed.get(command).push(what);
      const result = await p.json(command, extra, all);
      const said = `${command}, ${what}: exit ${result.code}, ${result.out}${result.err}`;
      assert.equal(result.code, plain.code, said);
      const error = errorIn(command, result.document);
      assert.ok(error?.message, said);
      assert.equal(typeof error.code, 'string', said);
    }
  }
  for (const command of ['plan', 'apply', 'pull', 'gc', 'import']) {
    assert.ok(failed.get(command)?.includes('no key'), `${command}: ${failed.get(command)}`);
  }
  for (const [command, causes] of failed) assert.ok(causes.length > 0, `${command} never failed`);
});

test('an apply whose time is over, or that is interrupted, says so', async (t) => {
  const p = await project(t);
  const env = { ANTHROPIC_API_KEY: 'right' };
  await p.double.faults([{ operation: 'add', kind: 'slow', delay_ms: 600_000 }]);
  const late = await p.json('apply', ['--timeout', '1s'], env);
  assert.equal(late.code, 1);
  assert.equal(late.document.error.code, 'timed_out');
  assert.match(late.err, /--timeout gives was over before s1 was as declared/);
  await p.double.faults([{ operation: 'add', kind: 'slow', delay_ms: 2_000 }]);
  await p.double.resetRequests();
  for (const name of ['b', 'c', 'd']) write(path.join(p.workspace, name), name);
  const child = p.begin('apply', ['-o', 'json', '--parallel', '1'], env);
  await until('it writes', async () => (await p.double.count('add_resource')) > 0);
  child.kill('SIGINT');
  assert.equal((await child.ended).code, 130, child.err);
  assert.equal(JSON.parse(child.out).error.code, 'interrupted');
});

test('a name that a terminal would obey is shown, not obeyed', async (t) => {
  const p = await project(t);
  const name = 'no\u001b[31m\nReady=True.yaml';
  const env = { ANTHROPIC_API_KEY: 'right' };
  write(path.join(p.dir, 'set', name), 'version: 2\n');
  for (const args of [['-m', path.join(p.dir, 'set')], ['-m', path.join(p.dir, name)], ['--api-key-file', `/${name}`], ['-s', name]]) {
    for (const command of ['plan', 'apply', 'gc']) {
      const { code, out, err } = await p.run(command, args, env);
      assert.notEqual(code, 0, `${command} ${args}`);
      assert.ok(!`${out}${err}`.includes('\u001b'), `${command} ${JSON.stringify(args)}: ${JSON.stringify(out + err)}`);
      assert.doesNotMatch(`${out}${err}`, /^Ready=True/m);
    }
  }
});

test('a command that could do its work says that there was no error', async (t) => {
  const p = await project(t);
  const env = { ANTHROPIC_API_KEY: 'right' };
  for (const command of ['plan', 'apply', 'pull', 'gc']) {
    const { code, document } = await p.json(command, [], env);
    assert.equal(code, 0);
    assert.equal(document.error, null, command);
  }
  fs.rmSync(p.manifest);
  const { document } = await p.json('plan', [], env);
  assert.equal(document.error.code, 'manifest_invalid');
  assert.deepEqual([document.sessions, document.summary.add], [[], 0]);
});

test('SESSYNC_OUTPUT asks for a document as -o does', async (t) => {
  const p = await project(t);
  const { code, out } = await p.run('plan', ['--no-such-option'], { SESSYNC_OUTPUT: 'json' });
  assert.equal(code, 64);
  assert.equal(JSON.parse(out).error.code, 'usage');
});
