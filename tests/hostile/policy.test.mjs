// Several teams share one daemon: what the operator's policy, or isolation, does not let a manifest file ask for is
// not done, and nothing of another team's session changes because of it.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, sha256, until, write } from '../e2e/harness.mjs';

const REPOSITORY = 'https://github.com/example-org/b-code';

class Teams {
  static async start(t) {
    const teams = new Teams();
    teams.double = await Double.start(t);
    const project = new Project(t, teams.double);
    Object.assign(teams, { t, project, policyFile: path.join(project.dir, 'policy.yaml') });
    project.manifest = path.join(project.dir, 'manifests');
    teams.a = await teams.double.createSession();
    teams.b = await teams.double.createSession({
      resources: [{ type: 'github_repository', url: REPOSITORY, mount_path: '/workspace/b-code', authorization_token: 'first' }],
    });
    for (const [name, text] of [['team-a/a.txt', 'of a'], ['team-b/b.txt', 'of b']]) teams.put(name, text);
    for (const team of ['a', 'b']) write(path.join(project.dir, `secrets/team-${team}/token`), `token-of-${team}`);
    teams.declareA();
    teams.declareB();
    return teams;
  }

  put(name, text) {
    write(path.join(this.project.workspace, name), text);
  }

  manifest(name, sessions) {
    write(path.join(this.project.manifest, name), `version: 1\nowner: teams\nsessions:\n${sessions}`);
  }

  declareA() {
    this.manifest('team-a.yaml', `  - name: a-1
    session_id: ${this.a}
    max_deletes: 100%
    resources:
      - {type: file, source: team-a/, mount_path: /}
    outputs: {destination: team-a/out}
`);
  }

  /** With what is asked for in the place of what is team b's own. */
  declareB({ name = 'b-1', id = this.b, more = '', source = 'team-b/', mount = '/', token = '{file: team-b/token}', destination = 'team-b/out' } = {}) {
    this.manifest('team-b.yaml', `  - name: ${name}
    session_id: ${id}
    max_deletes: 100%
${more}    resources:
      - {type: file, source: ${source}, mount_path: ${mount}}
      - type: github_repository
        url: ${REPOSITORY}
        authorization_token: ${token}
    outputs: {destination: ${destination}}
`);
  }

  rule(team, id, more = '') {
    return `  - files: [team-${team}.yaml]
    names: ["${team}-*"]
    session_ids: [${id}]
    sources: [team-${team}/]
    secret_files: [team-${team}/]
    destinations: [team-${team}/]
    repositories: ["https://github.com/Example-Org/${team}-*"]
${more}`;
  }

  policy(moreOfB = '', ofB = this.rule('b', this.b, moreOfB)) {
    write(`${this.policyFile}.new`, `version: 1\nrules:\n${this.rule('a', this.a)}${ofB}`);
    fs.renameSync(`${this.policyFile}.new`, this.policyFile);
  }

  words(...more) {
    return ['--policy', this.policyFile, ...this.places(), ...more];
  }

  places() {
    return ['--secrets-dir', path.join(this.project.dir, 'secrets'), '--outputs-dir', this.output('')];
  }

  output(name) {
    return path.join(this.project.dir, 'outputs', name);
  }

  async held(session) {
    return Object.fromEntries(await this.double.held(session));
  }

  async token() {
    return Object.values(await this.double.call('GET', `/_double/tokens?session_id=${this.b}`))[0];
  }

  async status() {
    return (await fetch(`${await addressOf(this.project)}/api/v1/status`)).json();
  }

  async session(name) {
    return (await this.status()).sessions.find((one) => one.name === name);
  }

  ready(session) {
    return session?.conditions.find((one) => one.type === 'Ready');
  }

  serve(...words) {
    this.project.start(['--listen', '127.0.0.1:0', ...words]);
  }
}

const OF_A = { '/a.txt': sha256('of a') };
const OF_B = { '/b.txt': sha256('of b') };
const blocked = (document, name) => document.sessions.find((one) => one.name === name).blocked.map(({ type, code }) => `${code} ${type}`);

test('what a file may ask for is done, by every command alike', async (t) => {
  const teams = await Teams.start(t);
  teams.policy();
  const checked = await teams.project.run('validate', teams.words());
  assert.equal(checked.code, 0, checked.err);
  const applied = await teams.project.json('apply', teams.words());
  assert.equal(applied.code, 0, applied.out);
  assert.deepEqual(await teams.held(teams.a), OF_A);
  assert.deepEqual(await teams.held(teams.b), OF_B);
  assert.equal(await teams.token(), sha256('token-of-b'));
  assert.equal((await teams.project.run('plan', teams.words('--detailed-exitcode'))).code, 0);
});

test('secrets of a Kubernetes volume with a directory for each team are found', async (t) => {
  const teams = await Teams.start(t);
  teams.policy();
  const volume = path.join(teams.project.dir, 'volume');
  for (const team of ['a', 'b']) {
    write(path.join(volume, `..2026_1/team-${team}/token`), `token-of-${team}`);
    fs.symlinkSync(`..data/team-${team}`, path.join(volume, `team-${team}`));
  }
  fs.symlinkSync('..2026_1', path.join(volume, '..data'));
  const { code, out, err } = await teams.project.run('apply', ['--policy', teams.policyFile, '--outputs-dir', teams.output(''), '--secrets-dir', volume]);
  assert.equal(code, 0, out + err);
  assert.equal(await teams.token(), sha256('token-of-b'));
});

const ASKED = {
  "another team's source": { ask: { source: 'team-a/' }, blocked: ['not_allowed file'], line: 13 },
  'the whole workspace': { ask: { source: './' }, blocked: ['not_allowed file'], line: 13 },
  "a way around by dots": { ask: { source: 'team-b/../team-a/' }, blocked: ['not_allowed file'], line: 13 },
  "another team's token": { ask: { token: '{file: team-a/token}' }, blocked: ['not_allowed github_repository'], line: 14 },
  'a token outside of the directory': { ask: { token: '{file: team-b/../../../etc/hostname}' }, refused: true },
  'a variable': { ask: { token: '{env: TOKEN_OF_A}' }, blocked: ['not_allowed github_repository'], line: 10 },
  'a command': { ask: { token: '{command: [cat, /etc/hostname]}' }, blocked: ['not_allowed github_repository'], line: 10 },
  "another team's outputs": { ask: { destination: 'team-a/stolen' }, blocked: ['not_allowed outputs'], line: 15 },
  "another team's name": { ask: { name: 'a-2' }, blocked: ['not_allowed session'], line: 11 },
  'prune: all': { ask: { more: '    prune: all\n' }, blocked: ['not_allowed session'], line: 10 },
  'on_conflict: replace': { ask: { more: '    on_conflict: replace\n' }, blocked: ['not_allowed session'], line: 10 },
};

for (const [what, { ask, blocked: expected, line, refused }] of Object.entries(ASKED)) {
  test(`${what} is not for a file that may not have it`, async (t) => {
    const teams = await Teams.start(t);
    teams.policy();
    const words = teams.words('--allow-commands');
    assert.equal((await teams.project.run('apply', words)).code, 0);
    await teams.double.agentWrites(teams.b, 'made.txt', 'output');
    await teams.double.somebodyAdds(teams.b, '/theirs.txt', 'theirs');
    const before = [await teams.held(teams.b), await teams.token()];
    teams.declareB(ask);
    teams.put('team-a/a.txt', 'newer');

    const checked = await teams.project.json('validate', teams.words());
    assert.equal(checked.code, 3, checked.out);
    if (!refused) {
      assert.ok(checked.document.every((one) => one.code === 'not_allowed' && one.file.endsWith('team-b.yaml')), checked.out);
      assert.match(checked.document[0].message, new RegExp(`rule 2 of ${teams.policyFile} \\(line ${line}\\)`));
      const planned = await teams.project.json('plan', teams.words());
      assert.deepEqual(blocked(planned.document, ask.name ?? 'b-1'), expected);
    }
    const applied = await teams.project.json('apply', words);
    if (refused && applied.code === 3) return; // the manifest itself is refused
    assert.equal(applied.code, 4, applied.out + applied.err);
    assert.deepEqual(await teams.held(teams.a), { '/a.txt': sha256('newer') });
    assert.deepEqual([await teams.held(teams.b), await teams.token()], before);
    assert.ok(!fs.existsSync(teams.output('team-a/stolen')));
  });
}

test("another team's session is not touched, and without a rule nothing is", async (t) => {
  const teams = await Teams.start(t);
  teams.policy();
  teams.manifest('team-c.yaml', `  - name: c-1\n    session_id: ${await teams.double.createSession()}\n    resources: [{type: file, source: team-a/}]\n`);
  const other = await teams.double.createSession();
  teams.declareB({ id: other });
  await teams.double.resetRequests();
  const applied = await teams.project.json('apply', teams.words());
  assert.equal(applied.code, 4, applied.out);
  assert.deepEqual(blocked(applied.document, 'b-1'), ['not_allowed session']);
  assert.match(applied.out, new RegExp(`session ${other} is not allowed by rule 2`));
  assert.match(applied.out, /no rule of .*policy\.yaml is for the manifest file \\"team-c\.yaml\\"/);
  assert.deepEqual(await teams.held(teams.a), OF_A);
  // Nobody even asked about them.
  const { log } = await teams.double.requests();
  assert.ok(log.length > 0 && !JSON.stringify(log).includes(other), JSON.stringify(log));
});

test('a policy that becomes stricter deletes nothing, sends nothing and fetches nothing, until it is less strict', async (t) => {
  const teams = await Teams.start(t);
  teams.policy();
  teams.serve(...teams.words());
  await until('both are as declared', async () => (await teams.token()) === sha256('token-of-b') && (await teams.held(teams.b))['/b.txt']);
  teams.policy('', '');
  await until('it is blocked', async () => teams.ready(await teams.session('b-1'))?.reason === 'NotAllowed');
  fs.rmSync(path.join(teams.project.workspace, 'team-b/b.txt'));
  teams.put('team-b/new.txt', 'new');
  write(path.join(teams.project.dir, 'secrets/team-b/token'), 'a-newer-token');
  await teams.double.agentWrites(teams.b, 'made.txt', 'output');
  teams.put('team-a/more.txt', 'more');
  await until('the other goes on', async () => (await teams.held(teams.a))['/more.txt']);
  const last = (await teams.session('b-1')).last_pass_at;
  await fetch(`${await addressOf(teams.project)}/api/v1/sessions/b-1/reconcile`, { method: 'POST' });
  await until('it was looked at', async () => (await teams.session('b-1')).last_pass_at !== last);
  assert.deepEqual((await teams.session('b-1')).blocked.map((one) => one.code), ['not_allowed']);
  assert.deepEqual(await teams.held(teams.b), OF_B);
  assert.equal(await teams.token(), sha256('token-of-b'));
  assert.ok(!fs.existsSync(teams.output('team-b/out/made.txt')));

  teams.policy();
  await until('it goes on', async () => JSON.stringify(await teams.held(teams.b)) === JSON.stringify({ '/new.txt': sha256('new') }));
  await until('the token is sent', async () => (await teams.token()) === sha256('a-newer-token'));
  await until('outputs come', () => fs.existsSync(teams.output('team-b/out/made.txt')));
});

test('without a policy that counts nothing is written; one that becomes bad changes nothing', async (t) => {
  const teams = await Teams.start(t);
  for (const broken of [undefined, 'version: 1\nrules:\n  - {files: [team-a.yaml], surces: [team-a/]}\n']) {
    if (broken) write(teams.policyFile, broken);
    const applied = await teams.project.run('apply', teams.words());
    assert.equal(applied.code, 3, applied.err);
    assert.match(applied.err, broken ? /policy\.yaml:3:28: error: unknown key "surces" in a rule.*sources/ : /policy\.yaml: error: cannot be read/);
    assert.equal((await teams.project.run('validate', teams.words())).code, 3);
  }
  await teams.double.resetRequests();
  teams.serve(...teams.words());
  for (const name of ['a-1', 'b-1']) {
    await until('nothing is written', async () => teams.ready(await teams.session(name))?.reason === 'PolicyInvalid');
  }
  assert.match(teams.ready(await teams.session('a-1')).message, /policy\.yaml/);
  assert.match((await teams.status()).manifest.errors.join('\n'), /policy\.yaml:3:28: error/);
  assert.equal(await teams.double.writes(), 0);

  teams.policy();
  await until('it begins', async () => (await teams.held(teams.a))['/a.txt'] && (await teams.held(teams.b))['/b.txt']);
  write(teams.policyFile, 'version: 1\nrules: 5\n');
  await until('it is said', async () => /policy\.yaml:2:8: error/.test((await teams.status()).manifest.errors.join('\n')));
  teams.put('team-b/more.txt', 'more');
  await until('the last good one counts', async () => (await teams.held(teams.b))['/more.txt']);
  fs.rmSync(teams.policyFile);
  teams.put('team-b/again.txt', 'again');
  await until('the last good one counts', async () => (await teams.held(teams.b))['/again.txt']);
});

test('caps stop files, bytes and sessions, and what is mounted stays', async (t) => {
  const teams = await Teams.start(t);
  teams.policy('    max_files: 2\n    max_bytes: 1KB\n    max_sessions: 1\n');
  assert.equal((await teams.project.run('apply', teams.words())).code, 0);
  for (const name of ['c.txt', 'd.txt']) teams.put(`team-b/${name}`, name);
  fs.rmSync(path.join(teams.project.workspace, 'team-b/b.txt'));
  teams.put('team-b/e.txt', 'e');
  const many = await teams.project.json('apply', teams.words());
  assert.equal(many.code, 4);
  assert.match(many.out, /3 files are declared, and rule 2 of .*policy\.yaml \(line \d+\) allows 2/);
  assert.deepEqual(await teams.held(teams.b), OF_B);
  for (const name of ['c.txt', 'd.txt']) fs.rmSync(path.join(teams.project.workspace, 'team-b', name));
  teams.put('team-b/e.txt', 'e'.repeat(1001));
  const large = await teams.project.json('apply', teams.words());
  assert.match(large.out, /1001 bytes are declared/);
  assert.deepEqual(await teams.held(teams.b), OF_B);
  teams.put('team-b/e.txt', 'e');
  assert.equal((await teams.project.run('apply', teams.words())).code, 0);
  assert.deepEqual(await teams.held(teams.b), { '/e.txt': sha256('e') });
  const second = `  - {name: b-2, session_id: ${await teams.double.createSession()}, resources: []}\n`;
  fs.appendFileSync(path.join(teams.project.manifest, 'team-b.yaml'), second);
  const sessions = await teams.project.json('plan', teams.words());
  assert.match(sessions.out, /more than 1 session in one manifest file is not allowed by rule 2/);
  assert.deepEqual(blocked(sessions.document, 'b-1'), []);
  assert.deepEqual(blocked(sessions.document, 'b-2'), ['not_allowed session']);
});

test('what the policy does not let a file have, nobody else loses to it', async (t) => {
  const teams = await Teams.start(t);
  teams.policy();
  // All that is the other team's, before that team has a file.
  const squat = () => teams.declareB({ name: 'a-1', id: teams.a, destination: 'team-a/out' });
  fs.rmSync(path.join(teams.project.manifest, 'team-a.yaml'));
  squat();
  teams.serve(...teams.words());
  await until('it is denied', async () => teams.ready(await teams.session('a-1'))?.reason === 'NotAllowed');
  teams.declareA();
  await until('who may have it has it', async () => (await teams.held(teams.a))['/a.txt'] && teams.ready(await teams.session('a-1'))?.status === 'True');
  assert.match((await teams.status()).manifest.errors.join('\n'), /team-b\.yaml:\d+:\d+: error: .*whose it is, because the operator's policy does not let this file have it/);

  // Nor by breaking what it declares, and after a restart in which both begin at once.
  write(path.join(teams.project.manifest, 'team-b.yaml'), 'version: 1\nowner: teams\nsessions: 5\n');
  await until('it is bad', async () => /team-b\.yaml:3/.test((await teams.status()).manifest.errors.join('\n')));
  await teams.project.stop();
  squat();
  fs.rmSync(path.join(teams.project.state, 'daemon.json'), { force: true });
  teams.put('team-a/more.txt', 'more');
  teams.serve(...teams.words());
  await until('it goes on', async () => (await teams.held(teams.a))['/more.txt']);
  await until('outputs are brought', async () => {
    await teams.double.agentWrites(teams.a, 'made.txt', 'output');
    return fs.existsSync(teams.output('team-a/out/made.txt'));
  });
});

for (const guard of ['--isolate', '--policy']) {
  test(`${guard}: no link of one team's makes another's file a token, or a secret`, async (t) => {
    const teams = await Teams.start(t);
    teams.policy();
    // What the workspace holds can be named as a secret, too.
    const words = ['--secrets-dir', teams.project.workspace, '--outputs-dir', teams.output(''), ...(guard === '--isolate' ? [guard] : [guard, teams.policyFile])];
    for (const team of ['a', 'b']) teams.put(`team-${team}/token`, `token-of-${team}`);
    fs.symlinkSync('../team-a/a.txt', path.join(teams.project.workspace, 'team-b/l'));
    fs.symlinkSync('token', path.join(teams.project.workspace, 'team-b/own'));
    teams.declareB({ token: '{file: team-b/l}' });
    const { document, out } = await teams.project.json('apply', words);
    assert.deepEqual(await teams.held(teams.a), { ...OF_A, '/token': sha256('token-of-a') });
    assert.deepEqual(blocked(document, 'b-1'), ['not_allowed file', 'secret_unavailable github_repository'], out);
    assert.equal(await teams.token(), sha256('first'));
    teams.declareB({ token: '{file: team-b/own}' });
    await teams.project.json('apply', words);
    assert.equal(await teams.token(), sha256('token-of-b'));
  });
}

for (const guard of ['--isolate', '--policy']) {
  test(`${guard}: nor one that takes the place of a secret while the daemon runs`, async (t) => {
    const teams = await Teams.start(t);
    teams.policy();
    for (const team of ['a', 'b']) teams.put(`team-${team}/token`, `token-of-${team}`);
    teams.serve('--secrets-dir', teams.project.workspace, '--outputs-dir', teams.output(''), ...(guard === '--isolate' ? [guard] : [guard, teams.policyFile]));
    await until('both are as declared', async () => (await teams.token()) === sha256('token-of-b') && (await teams.held(teams.a))['/a.txt']);
    const token = path.join(teams.project.workspace, 'team-b/token');
    fs.rmSync(token);
    fs.symlinkSync('../team-a/a.txt', token);
    for (const text of ['newer', 'newest']) {
      teams.put('team-a/a.txt', text);
      await until('the other goes on', async () => (await teams.held(teams.a))['/a.txt'] === sha256(text));
    }
    assert.equal(await teams.token(), sha256('token-of-b'));
  });
}

for (const guard of ['--isolate', '--policy']) {
  test(`${guard}: no link of one team's leads to another's file`, async (t) => {
    const teams = await Teams.start(t);
    teams.policy();
    const words = guard === '--isolate' ? [...teams.places(), guard] : teams.words();
    const link = (to, name) => fs.symlinkSync(to, path.join(teams.project.workspace, 'team-b', name));
    link('b.txt', 'own.txt');
    link('../team-a/a.txt', 'stolen.txt');
    link('../team-a', 'theirs');
    const applied = await teams.project.json('apply', words);
    assert.equal(applied.code, 4, applied.out);
    assert.deepEqual(applied.document.sessions[1].blocked.map((one) => `${one.code} ${one.mount_path}`), ['not_allowed /stolen.txt']);
    assert.deepEqual(await teams.held(teams.b), { ...OF_B, '/own.txt': sha256('of b') });

    for (const source of ['team-b/theirs/', 'team-b/theirs/, archive: zip', 'team-b/stolen.txt', 'team-b/theirs/a.txt']) {
      teams.declareB({ source, mount: '/x' });
      const planned = await teams.project.json('plan', words);
      assert.deepEqual(blocked(planned.document, 'b-1'), ['not_allowed file'], source);
      assert.deepEqual(planned.document.sessions[1].actions, [], source);
    }
    teams.declareB({ source: 'team-b/, archive: zip', mount: '/x.zip' });
    assert.deepEqual(blocked((await teams.project.json('plan', words)).document, 'b-1'), ['not_allowed file']);
    // Not even if the directory itself is swapped.
    teams.declareB();
    fs.renameSync(path.join(teams.project.workspace, 'team-b'), path.join(teams.project.dir, 'away'));
    fs.symlinkSync('team-a', path.join(teams.project.workspace, 'team-b'));
    const swapped = await teams.project.json('apply', words);
    assert.equal(swapped.code, 4);
    assert.deepEqual(blocked(swapped.document, 'b-1'), ['not_allowed file']);
    assert.deepEqual(await teams.held(teams.b), { ...OF_B, '/own.txt': sha256('of b') });
  });
}

test('what was mounted before there was a policy stays, and goes on when it is taken away again', async (t) => {
  const teams = await Teams.start(t);
  teams.declareB({ source: './' });
  assert.equal((await teams.project.run('apply', teams.places())).code, 0);
  const before = await teams.held(teams.b);
  assert.deepEqual(Object.keys(before).sort(), ['/team-a/a.txt', '/team-b/b.txt']);
  for (const words of [teams.words(), [...teams.places(), '--isolate']]) {
    teams.policy();
    teams.put('team-b/b.txt', `changed for ${words.at(-1)}`);
    fs.rmSync(path.join(teams.project.workspace, 'team-a/a.txt'), { force: true });
    teams.put('team-a/z.txt', 'z');
    assert.equal((await teams.project.run('apply', words)).code, 4);
    assert.deepEqual(await teams.held(teams.b), before);
  }
  assert.equal((await teams.project.run('apply', teams.places())).code, 0);
  assert.deepEqual(Object.keys(await teams.held(teams.b)).sort(), ['/team-a/z.txt', '/team-b/b.txt']);
});

test('a policy that whoever writes a manifest could write is refused', async (t) => {
  const teams = await Teams.start(t);
  teams.policyFile = path.join(teams.project.manifest, 'policy.yaml');
  teams.policy();
  for (const command of ['run', 'apply', 'plan', 'validate']) {
    const refused = await teams.project.run(command, teams.words());
    assert.equal(refused.code, 64);
    assert.match(refused.err, /--policy: .* lies in the manifest directory/);
  }
  fs.symlinkSync(teams.policyFile, path.join(teams.project.dir, 'link.yaml'));
  teams.policyFile = path.join(teams.project.dir, 'link.yaml');
  assert.equal((await teams.project.run('plan', teams.words())).code, 64);
});
