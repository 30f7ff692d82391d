// Repository tokens from every kind of source, as the double's sessions see them, and never in any output.
import assert from 'node:assert/strict';
import { createVerify, generateKeyPairSync, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { test } from 'node:test';
import { byEffort } from '../lib/effort.mjs';
import { Double, Project, sha256, until, write } from './harness.mjs';

const URL_OF_REPOSITORY = 'https://github.com/example-org/example-repo';

/** Looks like a token, and occurs nowhere else. */
const canary = () => `ghs_${randomBytes(18).toString('hex')}`;

/** A session with one repository, and a project that declares it with a token source. */
async function setUp(t, source) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const repository = {
    type: 'github_repository',
    url: URL_OF_REPOSITORY,
    mount_path: '/workspace/example-repo',
    authorization_token: 'the-first-one',
  };
  const session = await double.createSession({ resources: [repository] });
  project.secrets = path.join(project.dir, 'secrets');
  fs.mkdirSync(project.secrets);
  project.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${session}
    resources:
      - type: github_repository
        url: ${URL_OF_REPOSITORY}
        mount_path: /workspace/example-repo
        authorization_token: ${JSON.stringify(source)}
`);
  const held = async () => Object.values(await double.call('GET', `/_double/tokens?session_id=${session}`))[0];
  return {
    double,
    project,
    flags: ['--secrets-dir', project.secrets],
    secret: (name, text) => fs.writeFileSync(path.join(project.secrets, name), text, { mode: 0o600 }),
    /** GitHub does not take what the session has now. */
    refused: () =>
      double.call('POST', '/_double/session_errors', {
        session_id: session,
        type: 'repository_authentication_error',
        repository_url: URL_OF_REPOSITORY,
      }),
    holds: async (token) => (await held()) === sha256(token),
    gets: (token) =>
      until(
        () => `the session holds another token; ${project.daemon.err.slice(-2000)}`,
        async () => (await held()) === sha256(token),
      ),
  };
}

/** Everything that sessync wrote anywhere: its output and its state. */
function traces(project, ...outputs) {
  const files = fs.existsSync(project.state) ? fs.readdirSync(project.state) : [];
  return [
    ...outputs,
    project.daemon?.out ?? '',
    project.daemon?.err ?? '',
    ...files.map((name) => path.join(project.state, name)).filter((file) => fs.statSync(file).isFile()).map((file) => fs.readFileSync(file, 'latin1')),
  ].join('\n');
}

function showsNothingOf(token, text) {
  const disguises = [token, token.slice(4), Buffer.from(token).toString('hex'), sha256(token)];
  for (const skip of [0, 1, 2]) disguises.push(Buffer.from(token.slice(skip)).toString('base64').slice(0, -4));
  for (const disguise of disguises) assert.ok(!text.includes(disguise), `${disguise} was written somewhere`);
}

test('a token in a file is sent when it changes, also by a swapped link, and never written anywhere', async (t) => {
  const world = await setUp(t, { file: 'github-token' });
  const tokens = [canary(), canary(), canary()];
  fs.mkdirSync(path.join(world.project.secrets, '..1'));
  world.secret('..1/github-token', tokens[0]);
  fs.symlinkSync('..1', path.join(world.project.secrets, '..data'));
  fs.symlinkSync('..data/github-token', path.join(world.project.secrets, 'github-token'));
  world.project.start([...world.flags, '--log-level', 'debug']);
  await world.gets(tokens[0]);

  world.secret('..1/github-token', `${tokens[1]}\n`);
  await world.gets(tokens[1]);

  fs.mkdirSync(path.join(world.project.secrets, '..2'));
  world.secret('..2/github-token', tokens[2]);
  fs.symlinkSync('..2', path.join(world.project.secrets, '..new'));
  fs.renameSync(path.join(world.project.secrets, '..new'), path.join(world.project.secrets, '..data'));
  await world.gets(tokens[2]);
  assert.equal(await world.double.count('rotate_token', 'update_resource'), 3);

  await world.project.stop();
  const key = fs.statSync(path.join(world.project.state, 'fingerprint.key'));
  assert.equal(key.mode & 0o777, 0o600);
  for (const token of tokens) showsNothingOf(token, traces(world.project));
});

test('a token that was sent is not sent again by the next process, but by one that lost its key', async (t) => {
  const world = await setUp(t, { file: 'github-token' });
  const token = canary();
  world.secret('github-token', token);
  const first = await world.project.run('apply', world.flags);
  assert.equal(first.code, 0, first.err);
  assert.ok(await world.holds(token));
  const again = await world.project.json('apply', world.flags);
  assert.equal(again.document.summary.rotate, 0);
  fs.rmSync(path.join(world.project.state, 'fingerprint.key'));
  const plan = await world.project.json('plan', world.flags);
  assert.equal(plan.document.summary.rotate, 1);
  assert.ok(!fs.existsSync(path.join(world.project.state, 'fingerprint.key')), 'plan made a key');
  showsNothingOf(token, traces(world.project, first.out, first.err, again.out, again.err, plan.out, plan.err));
});

test('a token that GitHub refused is said, and its successor is sent', async (t) => {
  const world = await setUp(t, { file: 'github-token' });
  const tokens = [canary(), canary()];
  world.secret('github-token', tokens[0]);
  await world.refused();
  const first = await world.project.run('apply', world.flags);
  assert.equal(first.code, 0, first.err);
  const again = await world.project.run('apply', world.flags);
  assert.equal(again.code, 0, `what was said of the token before is held against this one: ${again.out}`);

  await world.refused();
  const blocked = await world.project.json('apply', world.flags);
  assert.equal(blocked.code, 4);
  assert.equal(blocked.document.sessions[0].blocked[0].code, 'secret_unavailable');
  assert.match(blocked.document.sessions[0].blocked[0].reason, /GitHub refused the session's token at 20/);

  world.secret('github-token', tokens[1]);
  const last = await world.project.run('apply', world.flags);
  assert.equal(last.code, 0, last.err);
  assert.ok(await world.holds(tokens[1]));
});

test('a minted token that GitHub refused is minted anew', async (t) => {
  const world = await setUp(t, { command: ['./mint'] });
  const mint = path.join(world.project.dir, 'mint');
  write(mint, `#!/bin/sh\necho run >>${world.project.dir}/runs\nprintf '{"token":"minted-%s","expires_at":"2099-01-01T00:00:00Z"}' "$(wc -l <${world.project.dir}/runs)"\n`);
  fs.chmodSync(mint, 0o700);
  const flags = [...world.flags, '--allow-commands'];
  assert.equal((await world.project.run('apply', flags)).code, 0);
  assert.ok(await world.holds('minted-1'));
  await world.refused();
  assert.equal((await world.project.run('apply', flags)).code, 0);
  assert.ok(await world.holds('minted-2'));
  assert.equal((await world.project.run('plan', [...world.flags, '--detailed-exitcode'])).code, 0);
});

test('a token that cannot be read blocks that entry and says what to do', async (t) => {
  const world = await setUp(t, { file: 'github-token' });
  const token = canary();
  world.secret('github-token', `${token} ${token}`);
  const result = await world.project.json('apply', world.flags);
  assert.equal(result.code, 4);
  const [blocked] = result.document.sessions[0].blocked;
  assert.equal(blocked.code, 'secret_unavailable');
  assert.ok(blocked.reason.includes(path.join(world.project.secrets, 'github-token')), blocked.reason);
  assert.ok(await world.holds('the-first-one'));
  showsNothingOf(token, traces(world.project, result.out, result.err));
});

/** Blocked entries as a plan and an apply have to agree on them. */
const blockedOf = ({ document }) => document.sessions[0].blocked.map(({ type, mount_path, code, reason }) => `${type} ${mount_path} ${code} ${reason}`);

test('a token that cannot be read is blocked in a plan as in an apply, from a file and from a variable', async (t) => {
  for (const source of [{ file: 'github-token' }, { env: 'E2E_TOKEN' }]) {
    const world = await setUp(t, source);
    const given = { E2E_TOKEN: canary() };
    world.secret('github-token', canary());
    world.flags.push('--allow-env', 'E2E_TOKEN');
    assert.equal((await world.project.run('apply', world.flags, given)).code, 0);
    const planned = await world.project.json('plan', [...world.flags, '--detailed-exitcode'], given);
    assert.deepEqual([planned.code, planned.document.summary.unchanged], [0, 1]);

    fs.rmSync(path.join(world.project.secrets, 'github-token'));
    const plan = await world.project.json('plan', world.flags);
    assert.equal(plan.code, 0, plan.err);
    assert.equal(plan.document.summary.unchanged, 0);
    assert.equal(plan.document.sessions[0].blocked[0]?.code, 'secret_unavailable', plan.out);
    assert.equal((await world.project.run('plan', [...world.flags, '--detailed-exitcode'])).code, 4);
    const apply = await world.project.json('apply', world.flags);
    assert.equal(apply.code, 4);
    assert.deepEqual(blockedOf(plan), blockedOf(apply));
  }
});

test('what a plan does not ask it says: a program is not run, GitHub is not called', async (t) => {
  const world = await setUp(t, { command: ['./mint'] });
  const mint = path.join(world.project.dir, 'mint');
  write(mint, `#!/bin/sh\ntouch ${world.project.dir}/ran\necho ${canary()}\n`);
  fs.chmodSync(mint, 0o700);
  const unknown = await world.project.run('plan', world.flags);
  assert.equal(unknown.code, 0);
  assert.match(unknown.out, /^  r \/workspace\/example-repo  .*not known which token.*not checked: command ".\/mint" is not run/m);
  assert.ok(!fs.existsSync(path.join(world.project.dir, 'ran')));
  assert.equal((await world.project.run('apply', [...world.flags, '--allow-commands'])).code, 0);
  fs.rmSync(path.join(world.project.dir, 'ran'));
  const known = await world.project.run('plan', world.flags);
  assert.match(known.out, /^  = \/workspace\/example-repo  not checked: command ".\/mint" is not run/m);
  assert.match((await world.project.json('plan', world.flags)).err, /\/workspace\/example-repo: not checked: command/);
  assert.ok(!fs.existsSync(path.join(world.project.dir, 'ran')));

  const app = await setUp(t, { github_app: { app_id: 1, installation_id: 2, private_key: { file: 'app.pem' } } });
  const missing = await app.project.json('plan', app.flags);
  assert.equal(missing.document.sessions[0].blocked[0]?.code, 'secret_unavailable', missing.out);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  app.secret('app.pem', privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const flags = [...app.flags, '--github-api-url', 'http://127.0.0.1:9'];
  assert.match((await app.project.run('plan', flags)).out, /^  r .*not checked: GitHub is not asked/m);
});

test('without a state directory every run sends the tokens, and plan and apply say why', async (t) => {
  const world = await setUp(t, { file: 'github-token' });
  world.secret('github-token', canary());
  const { state } = world.project;
  world.project.state = 'none';
  for (let run = 0; run < 2; run++) {
    const plan = await world.project.run('plan', [...world.flags, '--detailed-exitcode']);
    assert.equal(plan.code, 0);
    assert.match(plan.out, /^  r \/workspace\/example-repo .*\n.*warning: with --state-dir none .* each run sends the tokens again/m);
    const apply = await world.project.json('apply', world.flags);
    assert.equal(apply.code, 0);
    assert.equal(apply.document.summary.rotate, 1);
    assert.match(apply.err, /--state-dir none/);
  }
  world.project.state = state;
  assert.doesNotMatch((await world.project.run('plan', world.flags)).out, /--state-dir none/);
});

test('a command is run when that is allowed, and never by plan', async (t) => {
  const world = await setUp(t, { command: ['./mint', 'a b'] });
  const token = canary();
  const mint = path.join(world.project.dir, 'mint');
  write(mint, `#!/bin/sh\necho "$1:\${ANTHROPIC_API_KEY-none}" >>${world.project.dir}/runs\necho ${token}\n`);
  fs.chmodSync(mint, 0o700);
  const runs = path.join(world.project.dir, 'runs');

  const plan = await world.project.json('plan', world.flags);
  const refused = await world.project.json('apply', world.flags);
  assert.equal(refused.code, 4);
  assert.match(refused.document.sessions[0].blocked[0].reason, /--allow-commands/);
  assert.ok(!fs.existsSync(runs), 'the command was run');

  const result = await world.project.run('apply', [...world.flags, '--allow-commands']);
  assert.equal(result.code, 0, result.err);
  assert.ok(await world.holds(token));
  assert.deepEqual([...new Set(fs.readFileSync(runs, 'utf8').trim().split('\n'))], ['a b:none']);
  showsNothingOf(token, traces(world.project, plan.out, plan.err, refused.out, result.out, result.err));
});

test('SIGTERM ends a command that hangs, and the daemon', async (t) => {
  const world = await setUp(t, { command: ['./mint'] });
  const mint = path.join(world.project.dir, 'mint');
  const self = path.join(world.project.dir, 'self');
  write(mint, `#!/bin/sh\necho $$ >${self}.new\nmv ${self}.new ${self}\nexec sleep 1000\n`);
  fs.chmodSync(mint, 0o700);
  world.project.start([...world.flags, '--allow-commands']);
  await until('the command runs', () => fs.existsSync(self));
  assert.deepEqual(await world.project.stop(), { code: 0, signal: null });
  const stat = `/proc/${fs.readFileSync(self, 'utf8').trim()}/stat`;
  assert.ok(!fs.existsSync(stat) || / [ZX] /.test(fs.readFileSync(stat, 'utf8')), 'the command is still there');
});

/** GitHub's part: mints `tokens` in turn for the app whose public key it knows. */
async function github(t, publicKey, lifeSeconds) {
  const calls = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      const [head, claims, signature] = request.headers.authorization.split(' ')[1].split('.');
      const holds = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url');
      const token = canary();
      calls.push({ url: request.url, body: JSON.parse(body), claims: JSON.parse(Buffer.from(claims, 'base64url')), holds, token });
      const expires_at = new Date(Date.now() + lifeSeconds * 1000).toISOString();
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ token, expires_at }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { calls, url: `http://127.0.0.1:${server.address().port}` };
}

test('a GitHub App mints a token for the repository and a new one before it expires', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const app = { app_id: 123, installation_id: 456, private_key: { file: 'app.pem' } };
  const world = await setUp(t, { github_app: app });
  const api = await github(t, publicKey, 3);
  world.secret('app.pem', privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const flags = [...world.flags, '--github-api-url', api.url];

  const plan = await world.project.json('plan', flags);
  assert.equal(plan.document.summary.rotate, 1);
  assert.equal(api.calls.length, 0, 'plan minted a token');

  world.project.start(flags);
  const renewals = byEffort({ quick: 1, usual: 2, full: 2 }); // ten seconds each
  await until(`a token was renewed ${renewals} times`, () => api.calls.length > renewals);
  await until('a minted token is held', async () => {
    for (const call of api.calls) if (await world.holds(call.token)) return true;
    return false;
  });
  await world.project.stop();
  const now = Date.now() / 1000;
  for (const call of api.calls) {
    assert.ok(call.holds, 'the signature does not hold');
    assert.equal(call.url, '/app/installations/456/access_tokens');
    assert.deepEqual(call.body, { repositories: ['example-repo'] });
    assert.equal(call.claims.iss, '123');
    assert.ok(call.claims.iat < now && call.claims.exp - call.claims.iat <= 600, JSON.stringify(call.claims));
    showsNothingOf(call.token, traces(world.project, plan.out, plan.err));
  }
  assert.ok(!traces(world.project).includes('PRIVATE KEY'));
});
