// The image by itself, run as locked up as can be, with the double in a container beside it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { until, write } from '../e2e/harness.mjs';
import { needs, source } from './common.mjs';
import { DOUBLE, LOCKED_UP, SESSYNC, TO_DOUBLE, answers, equal, mirror, readable } from './contained.mjs';
import { ContainedDouble } from './podman.mjs';
import { commands } from './readme.mjs';
import { seccompProfile } from './system_calls.mjs';

/** The double and sessync, in two containers that share a loopback. */
function pair(podman, t, name) {
  const dir = readable(t);
  podman.do('run', '--detach', '--name', `${name}-double`, '--network', 'none', ...LOCKED_UP, DOUBLE);
  t.after(() => podman.discard(name, `${name}-double`));
  const double = new ContainedDouble(podman, `${name}-double`);
  const start = (...args) => podman.do('run', '--detach', '--name', name, '--network', `container:${name}-double`,
    ...LOCKED_UP, '-v', `${dir}/etc:/etc/sessync:ro`, '-v', `${dir}/workspace:/workspace:ro`, '-v', `${name}-state:/var/lib/sessync`,
    '-e', 'ANTHROPIC_API_KEY=example', '-e', `ANTHROPIC_BASE_URL=${TO_DOUBLE}`, ...args, SESSYNC);
  return { dir, double, start, name, get: (url, options) => podman.fetch(name, `http://127.0.0.1:8900${url}`, options) };
}

/** `docker ...` of the README, as this test can run it. */
function runShown(podman, words) {
  const [, command, ...args] = words;
  if (command === 'build') {
    const dockerfile = args[args.indexOf('-f') + 1];
    assert.equal(dockerfile, 'deploy/Dockerfile');
    assert.match(source('Dockerfile').match(/^FROM .*$/gm).at(-1), / AS sessync$/, 'what is built without a target');
    return '';
  }
  if (command !== 'run') return podman.do(command, ...args);
  assert.equal(args.pop(), 'sessync');
  const port = args.indexOf('-p');
  assert.equal(args[port + 1], '127.0.0.1:8900:8900');
  args.splice(port, 2, '--network', 'container:shown-double', '-e', `ANTHROPIC_BASE_URL=${TO_DOUBLE}`);
  return podman.do('run', ...args, SESSYNC);
}

const wordsOf = (line, dir) => spawnSync('bash', ['-c', `printf '%s\\n' ${line}`], { cwd: dir, encoding: 'utf8' }).stdout.trim().split('\n');

/** The README's container, in this order. */
async function followReadme(podman, t) {
  const { dir, double } = pair(podman, t, 'shown');
  t.after(() => {
    podman.discard('sessync', 'shown-double');
    podman.try('volume', 'rm', 'sessync-state');
  });
  await answers(double);
  const session = double.createSession();
  write(path.join(dir, 'etc/sessync.yaml'), mirror(session));
  write(path.join(dir, 'workspace/a'), 'a');
  podman.options.env.ANTHROPIC_API_KEY = 'example';
  for (const line of commands('A container')) {
    runShown(podman, wordsOf(line, dir));
    if (/docker (run|start) /.test(line)) await equal(double, session, path.join(dir, 'workspace'), 'sessync');
    if (/docker stop /.test(line)) assert.equal(podman.inspect('sessync').State.ExitCode, 0);
  }
}

/** Does its work when only the system calls of the systemd unit are let through. */
async function filtered(podman, t) {
  const { dir, double, start, name, get } = pair(podman, t, 'filtered');
  const profile = path.join(dir, 'seccomp.json');
  write(profile, JSON.stringify(seccompProfile()));
  await answers(double);
  const session = double.createSession();
  write(path.join(dir, 'etc/sessync.yaml'), mirror(session));
  write(path.join(dir, 'workspace/a'), 'a');
  start('--security-opt', `seccomp=${profile}`);
  await equal(double, session, path.join(dir, 'workspace'), name);
  write(path.join(dir, 'workspace/b'), 'b');
  await equal(double, session, path.join(dir, 'workspace'), name);
  assert.match(get('/metrics').text, /^process_max_fds [1-9]/m);
  assert.notEqual(podman.try('exec', name, 'chown', '65532', '/var/lib/sessync').status, 0, 'the filter is in force');
  podman.do('stop', '--time', '15', name);
  assert.equal(podman.inspect(name).State.ExitCode, 0);
}

export function imageCases(podman, whole) {
  test('the image says what it is, who it runs as, and how it is asked for its health', whole, () => {
    const { Config, Healthcheck } = JSON.parse(podman.do('image', 'inspect', SESSYNC))[0];
    assert.equal(Config.User, '65532:65532');
    assert.deepEqual(Config.Entrypoint, ['sessync']);
    assert.deepEqual(Config.Cmd, ['run']);
    assert.deepEqual(Object.keys(Config.Volumes), ['/var/lib/sessync']);
    assert.deepEqual(Object.keys(Config.ExposedPorts), ['8900/tcp']);
    assert.deepEqual(Healthcheck.Test, ['CMD', 'sessync', 'status']);
    assert.equal(Config.Labels['org.opencontainers.image.title'], 'sessync');
    const version = podman.do('run', '--rm', '--network', 'none', ...LOCKED_UP, SESSYNC, 'version').split('\n')[0];
    assert.ok(version.includes(Config.Labels['org.opencontainers.image.version']), version);
  });

  test('the image has every library that the program needs', whole, () => {
    const list = podman.do('run', '--rm', '--network', 'none', '--entrypoint', 'ldd', SESSYNC, '/usr/bin/sessync');
    assert.doesNotMatch(list, /not found/);
  });

  test('locked up, it mirrors a mounted workspace, is healthy, stops in time, and goes on where it was', whole, async (t) => {
    const { dir, double, start, name, get } = pair(podman, t, 'locked');
    await answers(double);
    const session = double.createSession();
    write(path.join(dir, 'etc/sessync.yaml'), mirror(session));
    const workspace = path.join(dir, 'workspace');
    for (const file of ['a.txt', 'sub/b.txt']) write(path.join(workspace, file), file);
    start();

    await t.test('what is there, and what changes', async () => {
      await equal(double, session, workspace, name);
      write(path.join(workspace, 'a.txt'), 'changed');
      write(path.join(workspace, 'new.txt'), 'new');
      fs.rmSync(path.join(workspace, 'sub'), { recursive: true });
      await equal(double, session, workspace, name);
    });

    await t.test('probes, status and metrics answer', async () => {
      assert.equal(get('/livez').status, 200);
      await until('it is ready', () => get('/readyz').status === 200);
      assert.equal(JSON.parse(get('/api/v1/status').text).sessions[0].name, 's');
      assert.match(get('/metrics').text, /^sessync_build_info/m);
    });

    await t.test('its health check passes', () => {
      assert.equal(podman.try('healthcheck', 'run', name).status, 0, podman.logs(name));
    });

    await t.test('writes are refused to who has no token', () => {
      assert.equal(get('/api/v1/sessions/s/suspend', { method: 'POST', body: '{}' }).status, 403);
    });

    await t.test('it has no right, no privilege and nothing to write to but its state', () => {
      const status = podman.do('exec', name, 'cat', '/proc/1/status');
      assert.match(status, /^Uid:\s+65532\s+65532/m);
      assert.match(status, /^CapEff:\s+0+$/m);
      assert.match(status, /^CapBnd:\s+0+$/m);
      assert.match(status, /^NoNewPrivs:\s+1$/m);
      assert.match(status, /^Seccomp:\s+2$/m);
      for (const at of ['/usr/bin/x', '/etc/sessync/x', '/workspace/x', '/x']) {
        assert.notEqual(podman.try('exec', name, 'touch', at).status, 0, at);
      }
    });

    await t.test('podman stop: exit 0, by itself', () => {
      podman.do('stop', '--time', '15', name);
      assert.equal(podman.inspect(name).State.ExitCode, 0, 'not killed');
      assert.equal(podman.inspect(name).State.OOMKilled, false);
    });

    await t.test('started again, it uploads nothing again, and takes up what changed meanwhile', async () => {
      const uploads = double.count('upload');
      write(path.join(workspace, 'later.txt'), 'later');
      podman.do('start', name);
      await equal(double, session, workspace, name);
      assert.equal(double.count('upload'), uploads + 1);
    });

    await t.test('in a new container, with the old state, too', async () => {
      const uploads = double.count('upload');
      podman.do('rm', '--force', '--time', '15', name);
      start();
      write(path.join(workspace, 'latest.txt'), 'latest');
      await equal(double, session, workspace, name);
      assert.equal(double.count('upload'), uploads + 1);
    });
  });

  test('the README\'s container does what it is shown to do', whole, (t) => followReadme(podman, t));

  const withAnalyze = whole.skip ? whole : needs('systemd-analyze');
  test('it does its work under the system call filter of the systemd unit', withAnalyze, (t) => filtered(podman, t));
}
