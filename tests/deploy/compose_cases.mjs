// compose.yaml: what must be true of it, and the README's commands run by Debian's docker-compose over podman.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { test } from 'node:test';
import YAML from 'yaml';
import { until } from '../e2e/harness.mjs';
import { TOP, has, run, source } from './common.mjs';
import { DOUBLE, SESSYNC, equal, readable } from './contained.mjs';
import { ContainedDouble } from './podman.mjs';
import { commands } from './readme.mjs';

const PROJECT = 'sessynctest';

/** A port that nobody listens on just now. */
const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** podman as docker's engine: its address, and how to end it. */
async function engine(podman) {
  const socket = path.join(podman.dir, 'docker.sock');
  const child = spawn('podman', [...podman.storage, 'system', 'service', '--time', '0', `unix://${socket}`],
    { ...podman.options, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const stop = () => {
    child.kill();
    return ended;
  };
  await until('the engine listens', () => fs.existsSync(socket));
  return { address: `unix://${socket}`, stop };
}

function checkLocks(service, name) {
  assert.equal(service.read_only, true, name);
  assert.deepEqual(service.cap_drop, ['ALL'], name);
  assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
  assert.equal(service.privileged, undefined, name);
  for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, `${name} is published on loopback only`);
}

function checkFile() {
  const { services, volumes } = YAML.parse(source('compose.yaml'), { merge: true });
  assert.deepEqual(Object.keys(services), ['sessync', 'try', 'double']);
  for (const [name, service] of Object.entries(services)) {
    checkLocks(service, name);
    fs.accessSync(path.join(TOP, service.build.dockerfile));
    assert.match(source('Dockerfile'), new RegExp(` AS ${service.build.target}$`, 'm'));
  }
  assert.equal(services.sessync.profiles, undefined);
  assert.deepEqual(services.try.profiles, ['try']);
  assert.deepEqual(services.double.profiles, ['try']);
  assert.ok(Object.keys(volumes).includes('state'));
  assert.ok(services.sessync.volumes.includes('state:/var/lib/sessync'));
  assert.doesNotMatch(source('compose.yaml'), /sk-|API_KEY: \S+(?<!example)$/m, 'no key is written down');
}

const container = (service) => `${PROJECT}_${service}_1`;

/** What must be true after a command of the README. */
async function after(podman, line, port) {
  if (/ up .*\btry$/.test(line)) {
    const double = new ContainedDouble(podman, container('double'));
    const session = await until('a session is made', () => {
      try {
        return double.sessions()[0]?.id;
      } catch {
        return undefined; // it does not listen yet
      }
    });
    await equal(double, session, path.join(TOP, 'examples/created-session/workspace'), container('try'));
  }
  if (/ up /.test(line)) {
    const status = await until('the published port answers', () =>
      fetch(`http://127.0.0.1:${port}/livez`).then((answer) => answer.status, () => 0));
    assert.equal(status, 200);
  }
  if (/ down$/.test(line)) assert.equal(podman.do('ps', '--all', '--quiet', '--filter', `name=${PROJECT}`), '', line);
}

async function followReadme(podman, t) {
  const dir = readable(t);
  const port = await freePort();
  const { address, stop } = await engine(podman);
  const env = { ...podman.options.env, DOCKER_HOST: address, SESSYNC_IMAGE: SESSYNC,
    SESSYNC_DOUBLE_IMAGE: DOUBLE, SESSYNC_STATUS_PORT: String(port), ANTHROPIC_API_KEY: 'example' };
  const compose = (args) => run('docker-compose', ['-p', PROJECT, ...args], { cwd: TOP, env });
  // On a busy machine podman's engine loses what a short command printed, and with it how it ended: then podman itself is
  // asked. What compose has to say of a command that is wrong is not lost.
  const shows = (args) => {
    const result = spawnSync('docker-compose', ['-p', PROJECT, ...args], { cwd: TOP, env, encoding: 'utf8' });
    if (result.status !== 0) assert.equal(result.stdout + result.stderr, '', args.join(' '));
    const [service, ...words] = args.slice(args.indexOf('-T') + 1);
    assert.notEqual(result.stdout.trim() || podman.do('exec', container(service), ...words), '', args.join(' '));
  };
  // The engine last: what compose made is removed through it, or, if a test failed, by podman.
  t.after(() => {
    podman.discard(...['try', 'double', 'sessync'].map(container));
    return stop();
  });
  for (const line of commands('Compose')) {
    const [program, command, ...args] = line.split(' ');
    if (program === 'export') {
      assert.equal(line, 'export SESSYNC_DIR=$PWD/project');
      env.SESSYNC_DIR = dir; // without a manifest: it waits, and calls nobody
    } else {
      assert.equal(`${program} ${command}`, 'docker compose');
      // Built already, from the same file.
      await (args.includes('exec') ? shows : compose)(args.filter((arg) => arg !== '--build'));
      await after(podman, line, port);
    }
  }
}

export function composeCases(podman, whole) {
  test('compose.yaml: locked up, published on loopback only, no key in it', checkFile);

  const missing = ['docker-compose', 'netavark', 'iptables'].filter((program) => !has(program) && !fs.existsSync(`/usr/lib/podman/${program}`));
  const options = whole.skip || missing.length === 0 ? whole : { skip: `not installed: ${missing.join(', ')}` };
  test('the README\'s compose commands do what they are shown to do', options, (t) => followReadme(podman, t));
}
