// A server that repeats what it was sent, and what others sent it: nothing of that is shown or kept. Every command, every
// call of the API, every kind of answer.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { beginCommand, endingCommands } from '../e2e/commands.mjs';
import { CANARY, Double, Project, until, write } from '../e2e/harness.mjs';
import { sample } from '../lib/effort.mjs';
import { Liar, answer } from './liar.mjs';

/** Stands in what the server says, and nowhere else. */
const MARK = 'w0rdsOf5omebodyE1se';
const REPOSITORY = 'https://github.com/example-org/example-repo';
const encoded = [CANARY, encodeURIComponent(CANARY), Buffer.from(CANARY).toString('base64'), JSON.stringify(CANARY)].join(' ');

/** Applies `change` to every object in a value. */
function deeply(value, change) {
  if (Array.isArray(value)) return value.map((one) => deeply(one, change));
  if (value === null || typeof value !== 'object') return value;
  return change(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, deeply(one, change)])));
}

const withUserinfo = (text) => text.replace('https://', `https://x-access-token:${MARK}@`);

/** The true answer with its JSON changed. */
const changed = (change) => async ({ truth }) => {
  const real = await truth();
  const text = real.body.toString();
  let body = text;
  try {
    body = JSON.stringify(deeply(JSON.parse(text), change));
  } catch {} // a content
  return answer(real.status, body, { 'content-type': real.headers['content-type'] });
};

const refusal = (error, more = {}) => JSON.stringify({ type: 'error', error, ...more });

const ANSWERS = {
  'plain text': () => answer(200, `${MARK} ${encoded}`, { 'content-type': 'text/plain' }),
  'a page': () => answer(200, `<html>${MARK} ${encoded}</html>`, { 'content-type': 'text/html' }),
  'fields of other types': () => answer(200, JSON.stringify({ id: { [MARK]: encoded }, data: MARK, resources: MARK, type: [MARK] })),
  'half of it': async ({ truth }) => {
    const { body } = await truth();
    return answer(200, `{"${MARK}": "${encoded}", ${body.subarray(1, Math.max(1, body.length / 2))}`);
  },
  'fields that nobody asked for': changed((object) => ({ ...object, authorization_token: CANARY, echo: MARK })),
  'URLs with a token in them': changed((object) =>
    Object.fromEntries(Object.entries(object).map(([key, one]) => [key, /url$/.test(key) && typeof one === 'string' ? withUserinfo(one) : one])),
  ),
  'a gateway error': () => answer(502, `<html>${MARK} ${encoded}</html>`, { 'content-type': 'text/html' }),
  'a refusal that says more': () => answer(400, refusal({ type: 'invalid_request_error', message: 'no', input: MARK }, { echo: MARK })),
  'a refusal that repeats what was sent': () => answer(400, refusal({ type: 'invalid_request_error', message: `you sent ${encoded}` }), { 'request-id': CANARY }),
  'a redirect': () => answer(302, MARK, { location: `https://user:${MARK}@127.0.0.1:1/${MARK}?token=${MARK}` }),
  'a redirect of its own': () => answer(307, '', { location: `/${MARK}?token=${encodeURIComponent(CANARY)}` }),
};

/** Of a content every 200 is one. */
const answersTo = (route) => Object.entries(ANSWERS).filter(([name]) => !route.path.endsWith('/content') || /error|refusal|redirect/.test(name));

class World {
  static async start(t) {
    const world = new World();
    world.double = await Double.start(t);
    world.liar = await Liar.start(t, world.double);
    world.project = new Project(t, world.double);
    world.env = { ANTHROPIC_BASE_URL: world.liar.url };
    const repository = { type: 'github_repository', url: REPOSITORY, mount_path: '/workspace/example-repo', authorization_token: 'first' };
    world.session = await world.double.createSession({ resources: [repository] });
    world.given = await world.double.upload('given');
    world.project.declare(`version: 1
owner: e2e
sessions:
  - name: s1
    session_id: ${world.session}
    interval: 10s
    max_deletes: 100%
    resources:
      - {type: file, source: ./, mount_path: /}
      - {type: file, file_id: ${world.given}, mount_path: /given}
      - {type: github_repository, url: ${REPOSITORY}, mount_path: /workspace/example-repo, authorization_token: {file: token}}
    outputs: {destination: reports}
  - name: s2
    create: {agent: agent_1, environment_id: env_1, title: made}
    interval: 10s
    resources: []
  - name: made-0
    create: {agent: agent_1, environment_id: env_1}
    interval: 10s
    resources: []
`);
    world.edits = 0;
    await world.edit();
    return world;
  }

  /** Something to do for every kind of call: an add, a replace, a delete, a rotation, an output, a title, a session. */
  async edit() {
    const number = this.edits++;
    const { workspace, dir } = this.project;
    write(path.join(workspace, 'a.txt'), `a ${number}`);
    write(path.join(workspace, `new-${number}.txt`), `new ${number}`);
    fs.rmSync(path.join(workspace, `new-${number - 1}.txt`), { force: true });
    fs.writeFileSync(path.join(dir, 'token'), `${CANARY}${number}\n`, { mode: 0o600 });
    await this.double.agentWrites(this.session, `report-${number}.md`, `report ${number}`);
    this.project.declare(fs.readFileSync(this.project.manifest, 'utf8').replace(/title: .*}/, `title: made ${number}}`).replace(/name: made-\d+/, `name: made-${number}`));
  }

  /** Runs every command that ends by itself; what they printed. */
  async runAll() {
    const printed = [];
    for (const command of endingCommands()) {
      const child = beginCommand(this.project, command, this.session, this.env);
      const { signal } = await child.ended;
      assert.equal(signal, null, `${command} ends by itself`);
      printed.push(`${command}: ${child.out}${child.err}`);
    }
    return printed.join('\n');
  }

  /** Everything that was kept. */
  kept() {
    const { state } = this.project;
    const names = fs.existsSync(state) ? fs.readdirSync(state) : [];
    return names.map((name) => path.join(state, name)).filter((file) => fs.lstatSync(file).isFile()).map((file) => fs.readFileSync(file, 'latin1')).join('\n');
  }

  /** The canary is looked for by the project itself, in whatever it printed and kept. */
  assertSilent(what, text) {
    for (const [where, all] of [['printed', text], ['kept', this.kept()]]) {
      const at = all.indexOf(MARK);
      assert.equal(at, -1, `${what}: ${where}: ${all.slice(Math.max(0, at - 300), at + 60)}`);
    }
    this.project.searchForSecrets();
  }
}

/** Whether a request is the call of a route, whose pattern has a * for each id. */
const isFor = (route) => (request) => {
  const pattern = new RegExp(`^${route.path.split('*').map((part) => part.replace(/[.?]/g, '\\$&')).join('[^/]+')}$`);
  return request.method === route.method && pattern.test(request.target.split('?')[0]);
};

const nameOf = (route) => `${route.method} ${route.path}`;

test('no command shows or keeps what an answer repeats', { concurrency: 4 }, async (t) => {
  const { double } = await World.start(t);
  const routes = (await double.call('GET', '/_double/routes')).filter((route) => route.path);
  const asked = new Set();
  const all = routes.map((route) =>
    t.test(nameOf(route), async (t) => {
      const world = await World.start(t);
      for (const [name, tell] of sample(answersTo(route), 3)) {
        world.liar.honest();
        await world.project.begin('apply', ['--timeout', '20s', '--list-grace', '500ms'], world.env).ended;
        await world.edit();
        world.liar.lie({ about: isFor(route), tell });
        const before = world.liar.told;
        const printed = await world.runAll();
        world.assertSilent(name, printed);
        if (world.liar.told === before) break;
        asked.add(nameOf(route));
      }
    }),
  );
  await Promise.all(all);
  // What no command asks for in an ordinary run (README.md: "never"), only while lists lag, or only after an hour.
  const others = [
    '/events/stream', '/archive', 'DELETE /v1/sessions/*', 'POST /v1/sessions/*/events',
    'GET /v1/sessions/*/resources/*', 'GET /v1/files/*', 'DELETE /v1/files/*',
  ];
  const missed = routes.map(nameOf).filter((name) => !asked.has(name) && !others.some((one) => (one.startsWith('/') ? name.endsWith(one) : name === one)));
  assert.deepEqual(missed, [], 'every other call was lied about');
});

/** A daemon, and what it shows. */
class Served extends World {
  static async start(t) {
    const world = Object.assign(new Served(), await World.start(t));
    const { project } = world;
    project.start(['--listen', '127.0.0.1:0', '--list-grace', '500ms', '--request-timeout', '2s'], world.env);
    const file = path.join(project.state, 'daemon.json');
    await until('the daemon serves', () => fs.existsSync(file));
    world.url = `http://${JSON.parse(fs.readFileSync(file, 'utf8')).listen}`;
    await world.converged();
    return world;
  }

  async get(target) {
    return (await fetch(this.url + target)).text();
  }

  async surfaces() {
    const texts = await Promise.all(['/', '/readyz', '/livez', '/metrics', '/api/v1/status'].map((target) => this.get(target)));
    return [...texts, this.project.daemon.err, this.project.daemon.out].join('\n');
  }

  async passes() {
    return JSON.parse(await this.get('/api/v1/status')).sessions.map((one) => one.last_pass_at).join();
  }

  /** Everything of the last edit has arrived. */
  async converged() {
    const newest = `/new-${this.edits - 1}.txt`;
    await until(
      () => `${newest} is in the session; ${this.project.daemon.err.slice(-1500)}`,
      async () => {
        const held = await this.double.held(this.session);
        return held.has(newest) && !held.has(`/new-${this.edits - 2}.txt`);
      },
    );
  }
}

test('no surface of the daemon shows what an answer repeats', async (t) => {
  const world = await Served.start(t);
  const routes = (await world.double.call('GET', '/_double/routes')).filter((route) => route.path);
  const used = new Map();
  world.liar.lie({
    about: (request) => {
      const route = routes.find((one) => isFor(one)(request));
      if (route) used.set(nameOf(route), route);
      return false;
    },
  });
  await world.edit();
  await world.converged();
  assert.ok(used.size >= 4, [...used.keys()].join());
  for (const route of used.values()) {
    for (const [name, tell] of sample(answersTo(route), 3)) {
      const [told, passes] = [world.liar.told, await world.passes()];
      world.liar.lie({ about: isFor(route), tell });
      await world.edit();
      await until(`${nameOf(route)} is asked for`, () => world.liar.told > told);
      await until('a pass has ended', async () => (await world.passes()) !== passes);
      world.assertSilent(`${nameOf(route)}, ${name}`, await world.surfaces());
      world.liar.honest();
      // What was refused is not tried again, what is new is.
      await world.edit();
      await world.converged();
    }
  }
  assert.deepEqual(await world.project.stop(), { code: 0, signal: null });
  world.assertSilent('at the end', world.project.daemon.err);
});
