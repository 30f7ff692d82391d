// What goes wrong is seen on every surface: page, status, events, metrics, probes, log.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, until, write } from './harness.mjs';

/** The daemon of a project, and what its surfaces say. */
class Watched {
  static async start(t, double = undefined, key = undefined) {
    const watched = new Watched();
    watched.double = double ?? (await Double.start(t));
    watched.project = new Project(t, watched.double);
    watched.session = await watched.double.createSession();
    watched.project.mirror(watched.session);
    write(path.join(watched.project.workspace, 'a.txt'), 'one');
    watched.project.start(['--listen', '127.0.0.1:0', '--log-format', 'json'], key && { ANTHROPIC_API_KEY: key });
    watched.url = await until('the daemon serves', () => {
      const { daemon } = watched.project;
      if (daemon.over) throw new Error(`the daemon ended: ${daemon.err}`);
      const file = path.join(watched.project.state, 'daemon.json');
      return fs.existsSync(file) && `http://${JSON.parse(fs.readFileSync(file, 'utf8')).listen}`;
    });
    return watched;
  }

  async get(target) {
    const response = await fetch(this.url + target);
    return { status: response.status, text: await response.text() };
  }
  async status() {
    return JSON.parse((await this.get('/api/v1/status')).text);
  }
  async condition(type) {
    const { sessions } = await this.status();
    return sessions[0]?.conditions.find((one) => one.type === type);
  }
  logged() {
    const lines = this.project.daemon.err.split('\n');
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  /** Waits until each surface says it; how many milliseconds after `since` each did. */
  async everywhere(since, surfaces) {
    const begun = Date.now();
    const seen = await Promise.all(
      Object.entries(surfaces).map(async ([name, check]) => {
        await until(`${name} says so`, check);
        return `${name} ${Date.now() - begun + (begun - since)} ms`;
      }),
    );
    return seen.join(', ');
  }
}

/** Collects the events of a daemon as text. */
async function follow(t, url) {
  const events = { text: '' };
  const request = http.get(`${url}/api/v1/events`);
  t.after(() => request.destroy());
  const [response] = await once(request, 'response');
  response.on('data', (chunk) => { events.text += chunk; });
  response.on('error', () => {}); // it is cut off in the end
  return events;
}

test('a broken manifest is seen everywhere, while the last good one stays in force', async (t) => {
  const watched = await Watched.start(t);
  await until('ready', async () => (await watched.get('/readyz')).status === 200);
  const events = await follow(t, watched.url);
  const good = fs.readFileSync(watched.project.manifest, 'utf8');
  fs.writeFileSync(watched.project.manifest, good.replace('resources:', 'resourcez:'));
  const names = /sessync\.yaml:\d+:\d+: error: .*resourcez/;
  const delays = await watched.everywhere(Date.now(), {
    status: async () => names.test((await watched.status()).manifest.errors.join()),
    condition: async () => (await watched.condition('Stalled')).reason === 'ManifestInvalid',
    readyz: async () => names.test((await watched.get('/readyz')).text),
    metrics: async () => /^sessync_manifest_last_reload_successful 0$/m.test((await watched.get('/metrics')).text),
    page: async () => (await watched.get('/')).text.includes('resourcez'),
    events: () => events.text.includes('resourcez'),
    log: () => watched.logged().some((line) => line.level === 'error' && names.test(line.msg)),
  });
  t.diagnostic(`after the edit: ${delays}`);
  assert.equal((await watched.get('/readyz')).status, 200);
  assert.equal((await watched.get('/livez')).status, 200);

  // What the last good one declares goes on being mirrored.
  write(path.join(watched.project.workspace, 'b.txt'), 'two');
  await watched.project.equal(watched.session);
  fs.writeFileSync(watched.project.manifest, good);
  await watched.everywhere(Date.now(), {
    status: async () => (await watched.status()).manifest.valid,
    condition: async () => (await watched.condition('Stalled')).status === 'False',
    metrics: async () => /^sessync_manifest_last_reload_successful 1$/m.test((await watched.get('/metrics')).text),
    page: async () => !(await watched.get('/')).text.includes('resourcez'),
  });
});

test('a wrong API key is seen everywhere, and neither probe fails for it', async (t) => {
  const double = await Double.start(t, ['--api-key', 'the-right-one']);
  const begun = Date.now();
  const watched = await Watched.start(t, double);
  const delays = await watched.everywhere(begun, {
    status: async () => (await watched.condition('Ready'))?.reason === 'AuthenticationFailed',
    readyz: async () => /AuthenticationFailed/.test((await watched.get('/readyz')).text),
    metrics: async () =>
      /sessync_condition\{reason="AuthenticationFailed",session="s1",type="Stalled"\} 1/.test((await watched.get('/metrics')).text),
    requests: async () => /sessync_api_requests_total\{code="401",/.test((await watched.get('/metrics')).text),
    page: async () => (await watched.get('/')).text.includes('AuthenticationFailed'),
    log: () => watched.logged().some((line) => line.reason === 'AuthenticationFailed' && line.session === 's1'),
  });
  t.diagnostic(`after the start: ${delays}`);
  assert.match((await watched.condition('Ready')).message, /check ANTHROPIC_API_KEY or --api-key-file/);
  assert.equal((await watched.get('/readyz')).status, 200);
  assert.equal((await watched.get('/livez')).status, 200);
});

test('an API that is gone is seen everywhere, and neither probe fails for it', async (t) => {
  const watched = await Watched.start(t);
  await until('ready', async () => (await watched.condition('Ready'))?.status === 'True');
  await watched.double.stop();
  write(path.join(watched.project.workspace, 'b.txt'), 'two');
  await watched.everywhere(Date.now(), {
    status: async () => (await watched.condition('Ready')).status === 'False',
    page: async () => (await watched.get('/')).text.includes((await watched.condition('Ready')).reason),
    retries: async () => /^sessync_workqueue_retries_total [1-9]/m.test((await watched.get('/metrics')).text),
    readyz: async () => /s1: /.test((await watched.get('/readyz')).text),
  });
  assert.equal((await watched.get('/readyz')).status, 200);
  assert.equal((await watched.get('/livez')).status, 200);
});

test('no answer of the daemon shows a secret', async (t) => {
  const watched = await Watched.start(t);
  await watched.project.equal(watched.session);
  for (const target of ['/', '/metrics', '/api/v1/status', '/readyz']) {
    assert.ok(!(await watched.get(target)).text.includes('cAnArY'), target);
  }
});
