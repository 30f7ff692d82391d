// What other programs of the same user, and those that sessync starts, can learn of its secrets: nothing from its
// environment, its memory or a core dump.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { CANARY, Double, Project, addressOf, sha256, until, write } from '../e2e/harness.mjs';

const REPOSITORY = 'https://github.com/example-org/example-repo';
/** Who may look into any process; in a container without CAP_SYS_PTRACE root may not. */
const LOOKS_ANYWHERE = process.getuid() === 0 && (BigInt(`0x${fs.readFileSync('/proc/self/status', 'utf8').match(/^CapEff:\s+(\S+)/m)[1]}`) & (1n << 19n)) !== 0n;
const NOBODY = 65534;

async function scene(t, source) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const repository = { type: 'github_repository', url: REPOSITORY, mount_path: '/workspace/example-repo', authorization_token: 'first' };
  const session = await double.createSession({ resources: [repository] });
  project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${session}\n    interval: 10s\n    resources:
      - {type: github_repository, url: ${REPOSITORY}, mount_path: /workspace/example-repo, authorization_token: ${JSON.stringify(source)}}\n`);
  const holds = async (token) => Object.values(await double.call('GET', `/_double/tokens?session_id=${session}`)).includes(sha256(token));
  return { double, project, session, holds };
}

/** How often a process has these bytes in memory that can be written to. */
function timesInMemory(pid, text) {
  const needle = Buffer.from(text);
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  let times = 0;
  for (const [, begin, end] of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/^(\w+)-(\w+) rw\S+ (?!.*\[vvar)/gm)) {
    const [from, to] = [parseInt(begin, 16), parseInt(end, 16)];
    const bytes = Buffer.alloc(to - from);
    let got = 0;
    try {
      got = fs.readSync(memory, bytes, 0, bytes.length, from);
    } catch {} // it is gone since
    for (let at = bytes.subarray(0, got).indexOf(needle); at >= 0; at = bytes.subarray(0, got).indexOf(needle, at + 1)) ++times;
  }
  fs.closeSync(memory);
  return times;
}

function program(project, name, lines) {
  const file = path.join(project.dir, name);
  write(file, `#!/bin/sh\n${lines}\n`);
  fs.chmodSync(file, 0o755);
  return file;
}

test('secrets are not in the environment that the kernel shows, and are used all the same', { skip: !LOOKS_ANYWHERE && 'needs CAP_SYS_PTRACE' }, async (t) => {
  const token = 'ghs_inTheEnvironment0123456789';
  const { project, holds } = await scene(t, { env: 'CI_TOKEN' });
  const secrets = { ANTHROPIC_API_KEY: CANARY, ANTHROPIC_AUTH_TOKEN: 'another-credential-0123', ANTHROPIC_CUSTOM_HEADERS: 'x-gateway: gateway-credential-0123', CI_TOKEN: token, ftp_proxy: 'http://user:pr0xy-p4ssword@127.0.0.1:1' };
  project.start(['--allow-env', 'CI_TOKEN'], { ...secrets, HARMLESS: 'harmless' });
  await until('the token is sent', () => holds(token));
  const shown = fs.readFileSync(`/proc/${project.daemon.pid}/environ`, 'latin1');
  assert.match(shown, /HARMLESS=harmless/);
  for (const secret of [CANARY, 'another-credential-0123', 'gateway-credential-0123', token, 'pr0xy-p4ssword']) assert.ok(!shown.includes(secret), secret);
});

test('another program of the same user reads neither environment nor memory, and no core is left', { skip: process.getuid() !== 0 && 'needs another user' }, async (t) => {
  const { project, holds } = await scene(t, { file: 'token' });
  const token = 'ghs_0fNobody0123456789';
  write(path.join(project.dir, 'token'), token);
  fs.mkdirSync(project.state);
  spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, project.dir]);
  const as = (words) => ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', ...words];
  project.daemon = project.launch('setpriv', as([process.env.SESSYNC_BIN, ...project.args('run', ['--listen', '127.0.0.1:0', '--secrets-dir', project.dir])]), { HOME: project.dir });
  await until('the token is sent', () => holds(token));
  const { pid } = project.daemon;
  for (const file of ['environ', 'mem', 'maps', 'auxv']) {
    const { status, stderr } = spawnSync('setpriv', as(['cat', `/proc/${pid}/${file}`]), { encoding: 'utf8' });
    assert.notEqual(status, 0, file);
    assert.match(stderr, /Permission denied/, file);
  }
  const limits = fs.readFileSync(`/proc/${pid}/limits`, 'utf8');
  assert.match(limits, /^Max core file size +0 +0 /m);
  const url = await addressOf(project);
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^process_open_fds [1-9]/m);
});

test('a command gets what programs need and what is allowed, nothing else', async (t) => {
  const { project, holds } = await scene(t, { command: ['./mint'] });
  const seen = path.join(project.dir, 'seen');
  program(project, 'mint', `env >${seen}\necho ghs_minted0123456789`);
  const usual = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC', TMPDIR: project.dir, USER: 'somebody', HOME: project.dir, SSL_CERT_DIR: '/etc/ssl/certs', no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1', FTP_PROXY: 'http://127.0.0.1:1' };
  const asked = { VAULT_ADDR: 'v', GH_HOST: 'g', GH_REPO: 'r' };
  const others = { AWS_SECRET_ACCESS_KEY: 'a', GITHUB_TOKEN: 't', XGH_HOST: 'x', SESSYNC_LOG_LEVEL: 'info', ANTHROPIC_WORKSPACE_ID: 'wrkspc_1', LD_LIBRARY_PATH: '/nowhere', ANTHROPIC_CUSTOM_HEADERS: 'x-gateway: credential-0123' };
  const names = (text) => text.split('\n').map((line) => line.split('=')[0]);
  for (const [number, [options, expected, env]] of [
    [[], [], {}],
    [['--allow-env', 'VAULT_ADDR', '--allow-env=GH_*'], Object.keys(asked), {}],
    [[], Object.keys(asked), { SESSYNC_ALLOW_ENV: 'VAULT_ADDR,GH_????' }],
    [['--allow-env', '*'], [...Object.keys(asked), ...Object.keys(others).filter((name) => name !== 'ANTHROPIC_CUSTOM_HEADERS')], {}],
  ].entries()) {
    project.state = path.join(project.dir, `state-${number}`); // without one that knows the token it is minted again
    const { code, err } = await project.run('apply', ['--allow-commands', ...options], { ...usual, ...asked, ...others, ...env });
    assert.equal(code, 0, err);
    const given = names(fs.readFileSync(seen, 'utf8'));
    for (const name of ['PATH', ...Object.keys(usual), ...expected]) assert.ok(given.includes(name), `${name} with ${options}`);
    const shell = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    if (options[1] !== '*') assert.deepEqual(given.filter((name) => name && ![...shell, 'PATH', ...Object.keys(usual), ...expected].includes(name)).filter((name) => !/_proxy$/i.test(name) && !/^LC_|^SSL_CERT_/.test(name)), []);
    for (const name of ['ANTHROPIC_API_KEY', 'ANTHROPIC_CUSTOM_HEADERS']) assert.ok(!given.includes(name), name);
  }
  assert.ok(await holds('ghs_minted0123456789'));
});

test('what names no variable is a mistake on the command line', async (t) => {
  const project = new Project(t);
  for (const name of ['A=B', '1A', 'A B', '$HOME', '']) {
    const { code, err } = await project.run('run', ['--allow-env', name]);
    assert.equal(code, 64, name);
    assert.match(err, /allow-env/);
  }
});

test('a token that was replaced is not in memory any more', { skip: !LOOKS_ANYWHERE && 'needs CAP_SYS_PTRACE' }, async (t) => {
  const { project, holds } = await scene(t, { file: 'token' });
  const put = (text) => fs.writeFileSync(path.join(project.dir, 'token'), text, { mode: 0o600 });
  const tokens = ['0ld', 'n3w', 'l4st'].map((name) => `ghs_${name}Token${'0123456789abcdefghij'.repeat(2)}`);
  put(tokens[0]);
  project.start(['--secrets-dir', project.dir]);
  await until('the first is sent', () => holds(tokens[0]));
  assert.ok(timesInMemory(project.daemon.pid, tokens[0]) > 0, 'it can be found');
  for (const token of tokens.slice(1)) {
    put(token);
    await until('the next is sent', () => holds(token));
  }
  await until(() => `the first is gone; it is there ${timesInMemory(project.daemon.pid, tokens[0])} times`, () => timesInMemory(project.daemon.pid, tokens[0]) === 0, 20_000);
});
