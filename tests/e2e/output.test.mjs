// Output that cannot be written: every command notices, says why, and does not call it success.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from './harness.mjs';

const BIN = process.env.SESSYNC_BIN;

/** How standard output can be lost, and what is said then. Perl, because it can close what nobody reads yet. */
const LOST = [
  ['a full disk', ['bash', '-c', 'exec "$@" >/dev/full', 'bash'], /No space left on device/],
  ['closed', ['bash', '-c', 'exec "$@" >&-', 'bash'], /Bad file descriptor/],
  ['a reader that has gone', ['perl', '-e', 'pipe(R, W); close R; open(STDOUT, ">&", \\*W); close W; $SIG{PIPE} = "DEFAULT"; exec @ARGV', '--'], /Broken pipe/],
];

/** The commands that the help names. */
function commands() {
  const { stdout } = spawnSync(BIN, ['--help'], { encoding: 'utf8' });
  const list = stdout.slice(stdout.search(/^Subcommands:/m)).split('\n').slice(1);
  return list.map((line) => line.match(/^ {2}([a-z-]+)/)?.[1]).filter(Boolean);
}

/** What a command needs to have something to say, where that is more than its name. */
const ARGUMENTS = {
  import: (world) => [world.session],
  suspend: () => ['s1'],
  resume: () => ['s1'],
  completion: () => ['bash'],
};
/** These know no manifest, workspace and state. */
const BARE = new Set(['completion', 'schema', 'version']);
const ASKS = new Set(['status', 'reconcile', 'suspend', 'resume']);

async function world(t) {
  const double = await Double.start(t);
  const served = new Project(t, double);
  const session = await double.createSession();
  for (const project of [served]) project.mirror(session);
  write(path.join(served.workspace, 'a'), 'a');
  served.start(['--listen', '127.0.0.1:0']);
  await until('the daemon serves', () => fs.existsSync(path.join(served.state, 'daemon.json')));
  await served.equal(session);
  const other = new Project(t, double);
  other.session = session;
  other.mirror(session);
  write(path.join(other.workspace, 'a'), 'a');
  return { served, other, session };
}

function run(project, lose, words) {
  const { status, stdout, stderr } = spawnSync(lose[0], [...lose.slice(1), BIN, ...words],
    { encoding: 'utf8', env: project.env(), cwd: project.dir, timeout: 120_000 });
  return { code: status, out: stdout, err: stderr };
}

test('the help names commands to look at', () => {
  assert.ok(commands().length >= 14, `${commands()}`);
  for (const name of [...Object.keys(ARGUMENTS), ...BARE, ...ASKS]) assert.ok(commands().includes(name), name);
});

for (const [how, lose, says] of LOST) {
  test(`every command fails with the reason when its output goes to ${how}`, async (t) => {
    const { served, other, session } = await world(t);
    for (const command of commands().filter((name) => name !== 'run')) {
      const project = ASKS.has(command) ? served : other;
      const more = ARGUMENTS[command]?.({ session }) ?? [];
      for (const json of BARE.has(command) || command === 'import' ? [[]] : [[], ['-o', 'json']]) {
        const words = BARE.has(command) ? [command, ...more] : project.args(command, [...more, ...json]);
        const { code, err } = run(project, lose, words);
        assert.equal(code, 1, `${command} ${json}: ${err}`);
        assert.match(err, /cannot write to standard output/, `${command} ${json}`);
        assert.match(err, says, `${command} ${json}`);
      }
    }
  });

  test(`help fails with the reason when its output goes to ${how}`, async (t) => {
    const project = new Project(t);
    for (const words of [['--help'], ['--help-all'], ...commands().map((name) => [name, '--help'])]) {
      const { code, err } = run(project, lose, words);
      assert.equal(code, 1, `${words}: ${err}`);
      assert.match(err, says, `${words}`);
    }
  });

  test(`--watch ends with the reason when its output goes to ${how}`, async (t) => {
    const { served } = await world(t);
    for (const json of [[], ['-o', 'json']]) {
      const { code, err } = run(served, lose, served.args('status', ['--watch', ...json]));
      assert.equal(code, 1, err);
      assert.match(err, says);
    }
  });

  test(`the daemon, which says nothing there, does not mind that its output goes to ${how}`, async (t) => {
    const double = await Double.start(t);
    const project = new Project(t, double);
    const session = await double.createSession();
    project.mirror(session);
    write(path.join(project.workspace, 'a'), 'a');
    const words = [...lose.slice(1), BIN, ...project.args('run', ['--listen', 'off', '--log-format', 'text'])];
    const child = project.launch(lose[0], words);
    await until(() => child.err, () => /reason=Succeeded/.test(child.err));
    child.kill('SIGTERM');
    assert.deepEqual(await child.ended, { code: 0, signal: null });
  });
}

test('an error that outweighs lost output keeps its code', async (t) => {
  const double = await Double.start(t, ['--api-key', 'another']);
  const project = new Project(t, double);
  project.mirror('sesn_1');
  const [, lose] = LOST[0];
  assert.equal(run(project, lose, project.args('plan', [])).code, 5);
  assert.equal(run(project, lose, ['plan', '--no-such-option']).code, 64);
  project.declare('nonsense');
  assert.equal(run(project, lose, project.args('validate', ['-o', 'json'])).code, 3);
});
