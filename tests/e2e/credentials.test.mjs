// Keys and tokens as people leave them: with a byte order mark, blanks and line ends around them.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, sha256, throughPort, until, write } from './harness.mjs';

const KEY = 'the-right-one/0123456789+=';
const TOKEN = 'ghs_0123456789example';
const REPOSITORY = 'https://github.com/example-org/example-repo';

const AROUND = {
  'a newline': (text) => `${text}\n`,
  'two newlines': (text) => `${text}\n\n`,
  'a line end of Windows': (text) => `${text}\r\n`,
  'blanks on both sides': (text) => ` \t${text} `,
  'an empty line before it': (text) => `\r\n${text}`,
  'a byte order mark': (text) => `\ufeff${text}`,
  'all of that': (text) => `\ufeff\n ${text}\t\r\n\n`,
};

const BROKEN = {
  'a line end within it': `${KEY.slice(0, 9)}\n${KEY.slice(9)}`,
  'a blank within it': `Bearer ${KEY}`,
  'a letter that is not ASCII': `${KEY}\u00e9`,
};

async function scene(t, sessionFields = {}) {
  const double = await Double.start(t, ['--api-key', KEY]);
  const project = new Project(t, double);
  const session = await double.createSession(sessionFields);
  project.mirror(session);
  write(path.join(project.workspace, 'a.txt'), 'a');
  write(path.join(project.dir, 'key'), KEY);
  return { double, project, session };
}

/** How a key is given: the arguments and the environment, with `text` as it was written down. */
const WAYS = {
  ANTHROPIC_API_KEY: (project, text) => [[], { ANTHROPIC_API_KEY: text }],
  ANTHROPIC_AUTH_TOKEN: (project, text) => [[], { ANTHROPIC_API_KEY: undefined, ANTHROPIC_AUTH_TOKEN: text }],
  '--api-key-file': (project, text) => {
    write(path.join(project.dir, 'key'), text);
    return [['--api-key-file', path.join(project.dir, 'key')], { ANTHROPIC_API_KEY: undefined }];
  },
};

for (const [way, give] of Object.entries(WAYS)) {
  test(`${way} is taken without what stands around it`, async (t) => {
    const { double, project, session } = await scene(t);
    for (const [name, around] of Object.entries(AROUND)) {
      const [args, env] = give(project, around(KEY));
      const { code, out, err } = await project.run('apply', args, env);
      assert.equal(code, 0, `${name}: ${out}${err}`);
    }
    assert.deepEqual(await double.held(session), new Map([['/a.txt', sha256('a')]]));
  });

  test(`${way} that holds no key is never sent, and nobody says that the API refused it`, async (t) => {
    const { double, project } = await scene(t);
    await double.resetRequests();
    for (const [name, broken] of Object.entries(BROKEN)) {
      for (const command of ['plan', 'apply', 'gc', 'pull', 'run']) {
        const [args, env] = give(project, broken);
        const { code, out, err } = await project.run(command, args, env);
        assert.equal(code, 5, `${command}, ${name}: ${out}${err}`);
        assert.match(err, way.startsWith('--') ? /key: .*(more than one line|not ASCII)/ : new RegExp(`${way} .*not sent`));
        assert.doesNotMatch(out + err, /refused/);
        assert.ok(!(out + err).includes(KEY.slice(0, 9)), 'it is not shown either');
      }
    }
    const { counts } = await double.requests();
    assert.deepEqual(Object.keys(counts).filter((operation) => counts[operation] > 0), []);
  });
}

test('a key variable with nothing but white space is not set', async (t) => {
  const { project } = await scene(t);
  const both = await project.run('apply', [], { ANTHROPIC_API_KEY: ' \n', ANTHROPIC_AUTH_TOKEN: `${KEY}\n` });
  assert.equal(both.code, 0, both.err);
  const none = await project.run('apply', [], { ANTHROPIC_API_KEY: ' \n' });
  assert.equal(none.code, 5);
  assert.match(none.err, /no API key: set ANTHROPIC_API_KEY/);
});

test('the base URL and the workspace id are taken without what stands around them', async (t) => {
  const { double, project } = await scene(t);
  const env = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: `\ufeff ${double.url}\r\n`, ANTHROPIC_WORKSPACE_ID: 'wrkspc_1\n' };
  const { code, err } = await project.run('apply', [], env);
  assert.equal(code, 0, err);
  const split = await project.run('apply', [], { ...env, ANTHROPIC_WORKSPACE_ID: 'wrkspc_1\r\nx-evil: 1' });
  assert.equal(split.code, 64, 'a header cannot be smuggled in');
});

test('an admin token is taken without what stands around it, on both sides', async (t) => {
  const { project } = await scene(t);
  const [ours, theirs] = ['daemon', 'command'].map((name) => path.join(project.dir, `admin-${name}`));
  write(ours, `\ufeff${TOKEN}\r\n`);
  project.start(['--listen', '127.0.0.1:0', '--admin-token-file', ours], { ANTHROPIC_API_KEY: KEY });
  await until('the daemon serves', () => fs.existsSync(path.join(project.state, 'daemon.json')));
  throughPort(project);
  await until('the session is known', async () => (await project.run('status')).out.includes('s1'));
  for (const [name, around] of Object.entries(AROUND)) {
    write(theirs, around(TOKEN));
    const { code, err } = await project.run('reconcile', ['s1', '--admin-token-file', theirs]);
    assert.equal(code, 0, `${name}: ${err}`);
  }
  write(theirs, `${TOKEN} x`);
  assert.equal((await project.run('reconcile', ['s1', '--admin-token-file', theirs])).code, 1);
});

/** How a repository's token is given: the manifest's words, the arguments, the environment. */
const SOURCES_OF_TOKENS = {
  file: (project, text) => {
    fs.writeFileSync(path.join(project.dir, 'github-token'), text, { mode: 0o600 });
    return [{ file: 'github-token' }, [], {}];
  },
  env: (project, text) => [{ env: 'GITHUB_TOKEN' }, ['--allow-env', 'GITHUB_TOKEN'], { GITHUB_TOKEN: text }],
  command: (project, text) => {
    write(path.join(project.dir, 'printed'), text);
    return [{ command: ['cat', path.join(project.dir, 'printed')] }, ['--allow-commands'], {}];
  },
};

for (const [name, give] of Object.entries(SOURCES_OF_TOKENS)) {
  test(`a repository's token from ${name} is taken without what stands around it`, async (t) => {
    const repository = { type: 'github_repository', url: REPOSITORY, mount_path: '/workspace/example-repo', authorization_token: 'first' };
    const { double, project, session } = await scene(t, { resources: [repository] });
    let number = 0;
    for (const [around, write_down] of Object.entries(AROUND)) {
      const token = `${TOKEN}${number++}`;
      const [source, args, env] = give(project, write_down(token));
      project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${session}\n    resources:
      - {type: github_repository, url: ${REPOSITORY}, mount_path: /workspace/example-repo, authorization_token: ${JSON.stringify(source)}}\n`);
      const { code, err } = await project.run('apply', ['--secrets-dir', project.dir, ...args], { ANTHROPIC_API_KEY: KEY, ...env });
      assert.equal(code, 0, `${around}: ${err}`);
      const held = Object.values(await double.call('GET', `/_double/tokens?session_id=${session}`));
      assert.deepEqual(held, [sha256(token)], around);
    }
  });
}
