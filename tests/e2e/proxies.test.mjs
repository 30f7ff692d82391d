// The password of a proxy, however it is written and whatever libcurl makes of it, is shown by no command and on no
// surface of the daemon.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { beginCommand, endingCommands } from './commands.mjs';
import { Double, Project, until, write } from './harness.mjs';
import { some } from '../lib/effort.mjs';

const FIRST = 'aPr0xyPa55';
const SECOND = 'w0rdOfM1ne';
const HOST = '127.0.0.1:1';

/** A proxy's URL whose password has `middle` in it. */
const around = (middle) => `http://someone:${FIRST}${middle}${SECOND}@${HOST}`;

const SPELLINGS = {
  'a good one': { https_proxy: around('') },
  'percent-encoded': { https_proxy: around('%2F%23') },
  'a slash in it': { https_proxy: around('/') },
  'a hash in it': { https_proxy: around('#') },
  'a question mark in it': { https_proxy: around('?') },
  'an at sign in it': { https_proxy: around('@') },
  'a blank in it': { https_proxy: around(' ') },
  'a colon in it': { https_proxy: around(':') },
  'a backslash in it': { https_proxy: around('\\') },
  'a quote in it': { https_proxy: around('"') },
  'a percent sign in it': { https_proxy: around('%') },
  'a port that there is not': { https_proxy: `http://someone:${FIRST}${SECOND}@127.0.0.1:99999` },
  'a port that is no number': { https_proxy: `http://someone:${FIRST}${SECOND}@127.0.0.1:http` },
  'a scheme that there is not': { https_proxy: `htp://someone:${FIRST}${SECOND}@${HOST}` },
  'no scheme': { https_proxy: `someone:${FIRST}/${SECOND}@${HOST}` },
  'no user': { https_proxy: `http://${FIRST}#${SECOND}@${HOST}` },
  'no host': { https_proxy: `http://someone:${FIRST}${SECOND}@` },
  'a name that does not resolve': { https_proxy: `http://someone:${FIRST}${SECOND}@proxy.invalid:3128` },
  'socks': { https_proxy: `socks5h://someone:${FIRST}${SECOND}@${HOST}` },
  'upper case': { HTTPS_PROXY: around('/') },
  'for all, in upper case': { ALL_PROXY: around('#') },
  'for all, in lower case': { all_proxy: around('?') },
  'one that is good and one that is not': { https_proxy: around(''), HTTP_PROXY: around('/'), ALL_PROXY: around('@') },
};

const NONE = Object.fromEntries(
  ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'].map((name) => [name, undefined]),
);
/** Loopback, but by https, which goes through a proxy. */
const envOf = (spelling) => ({ ...NONE, ANTHROPIC_BASE_URL: 'https://127.0.0.1:1', ...spelling });

/** The two parts of the password as they are, and inside of base64 at each of its alignments. */
const TRACES = [FIRST, SECOND].flatMap((part) => [
  part,
  ...[0, 1, 2].map((skip) => Buffer.from(part.slice(skip)).toString('base64').replace(/=+$/, '').slice(0, -1)),
]);

function assertSilent(what, text) {
  for (const trace of TRACES) {
    const at = text.indexOf(trace);
    assert.equal(at, -1, `${what}: ${text.slice(Math.max(0, at - 200), at + 60)}`);
  }
}

function project(t) {
  const project = new Project(t);
  project.mirror('sesn_01');
  write(path.join(project.workspace, 'a.txt'), 'a');
  return project;
}

function kept({ state }) {
  const names = fs.existsSync(state) ? fs.readdirSync(state) : [];
  const files = names.map((name) => path.join(state, name)).filter((file) => fs.statSync(file).isFile());
  return files.map((file) => fs.readFileSync(file, 'latin1')).join('\n');
}

test('no command shows the password of a proxy, with', { concurrency: 4 }, async (t) => {
  const all = some(Object.entries(SPELLINGS), 1).map(([name, spelling]) =>
    t.test(name, async (t) => {
      const one = project(t);
      for (const command of endingCommands()) {
        for (const more of [[], ['--log-level', 'debug']]) {
          const child = beginCommand(one, command, 'sesn_01', envOf(spelling), more);
          const { signal } = await child.ended;
          assert.equal(signal, null, `${command} ends by itself`);
          assertSilent(command, child.out + child.err);
        }
      }
      assertSilent('what was kept', kept(one));
    }),
  );
  await Promise.all(all);
});

test('no surface of the daemon shows the password of a proxy, with', { concurrency: 4 }, async (t) => {
  const all = some(Object.entries(SPELLINGS), 1).map(([name, spelling]) =>
    t.test(name, async (t) => {
      const one = project(t);
      one.start(['--listen', '127.0.0.1:0', '--log-level', 'debug'], envOf(spelling));
      const file = path.join(one.state, 'daemon.json');
      await until('the daemon serves', () => fs.existsSync(file));
      const url = `http://${JSON.parse(fs.readFileSync(file, 'utf8')).listen}`;
      const get = async (target) => (await fetch(url + target)).text();
      await until('a pass has failed', async () => /"code":\s*"api_error"|"status":"False"/.test(await get('/api/v1/status')));
      const problem = /answer|connect|proxy/i;
      await until(() => `the daemon says why; ${one.daemon.err}`, async () => problem.test(await get('/readyz')));
      for (const target of ['/', '/readyz', '/livez', '/metrics', '/api/v1/status']) assertSilent(target, await get(target));
      assert.deepEqual(await one.stop(), { code: 0, signal: null });
      assertSilent('the log', one.daemon.err + one.daemon.out);
      assertSilent('what was kept', kept(one));
    }),
  );
  await Promise.all(all);
});

test('what a token command says of its proxy is shown without the password', async (t) => {
  const repository = { type: 'github_repository', url: 'https://github.com/a/b', mount_path: '/workspace/b', authorization_token: 'first' };
  const double = await Double.start(t);
  const session = await double.createSession({ resources: [repository] });
  const one = new Project(t, double);
  const command = ['sh', '-c', 'echo "fatal: proxy $https_proxy refuses" >&2; exit 1'];
  one.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${session}\n    resources:
      - {type: github_repository, url: "https://github.com/a/b", mount_path: /workspace/b, authorization_token: {command: ${JSON.stringify(command)}}}\n`);
  for (const spelling of [around(''), around('/'), around(' '), `someone:${FIRST}@${HOST}`]) {
    const { code, out, err } = await one.run('apply', ['--allow-commands', '--log-level', 'debug'], { https_proxy: spelling });
    assert.equal(code, 4);
    assert.match(out, /failed with exit code 1/);
    assert.match(err, /fatal: proxy .* refuses/);
    assertSilent('apply', out + err);
  }
});

test('a proxy that libcurl cannot read is named by its variable, with what to do', async (t) => {
  const one = project(t);
  for (const [spelling, words] of [
    [{ https_proxy: around('/') }, /proxy in https_proxy: .*percent-encode/],
    [{ ALL_PROXY: around('#') }, /proxy in ALL_PROXY: .*percent-encode/],
    [{ HTTPS_PROXY: `htp://someone:${FIRST}@${HOST}` }, /proxy in HTTPS_PROXY: its scheme is none of/],
  ]) {
    const { code, out } = await one.run('plan', [], envOf(spelling));
    assert.equal(code, 1);
    assert.match(out, words);
  }
  const good = await one.run('plan', [], envOf({ https_proxy: around('') }));
  assert.match(good.out, /127\.0\.0\.1 port 1/, 'where the connection failed is said');
});
