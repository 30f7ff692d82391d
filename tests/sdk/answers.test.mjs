// Every answer of the double is held to the types of the official client library: each call that it answers, with
// everything that a session can have, and each error. Webhooks are not among them: the double sends none.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import { after, test } from 'node:test';
import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { Double } from '../e2e/harness.mjs';
import { callOf, faults, faultsOfAnswer } from './judge.mjs';
import { calls, oldFileList } from './types.mjs';

globalThis.File ??= File; // no global in Node 18

const MANAGED_AGENTS = 'managed-agents-2026-04-01';
const HEADERS = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01', 'anthropic-beta': MANAGED_AGENTS };
const STATUSES = [400, 401, 402, 403, 404, 409, 413, 429, 500, 504, 529];

const { url: DOUBLE } = await Double.start({ after });
const served = await control('GET', 'routes');
const routes = served.map(({ method, path }) => `${method} ${path}`);
const answered = []; // { call, status, body, event }

/** As fetch, and remembers the answer. */
async function recording(url, init = {}) {
  const response = await fetch(url, init);
  if (!String(url).startsWith(DOUBLE)) return response; // the library tries out what its fetch can do
  const call = callOf(init.method ?? 'GET', String(url), routes);
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  if (!isStream) answered.push({ call, status: response.status, body: await response.clone().text() });
  return response;
}

const client = new Anthropic({ apiKey: 'k', baseURL: DOUBLE, maxRetries: 0, fetch: recording });
const { sessions } = client.beta;
const { files } = client;

const raw = (method, path, body, headers = {}) =>
  recording(DOUBLE + path, { method, headers: { ...HEADERS, ...headers }, body: body && JSON.stringify(body) });

async function control(method, path, body) {
  const response = await fetch(`${DOUBLE}/_double/${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(response.ok, await response.clone().text());
  return response.json();
}

const upload = async (name, text, more = {}) => files.upload({ file: await toFile(Buffer.from(text), name), ...more });
const create = (fields = {}) => sessions.create({ agent: 'agent_1', environment_id: 'env_1', ...fields });

async function all(list) {
  const rows = [];
  for await (const row of list) rows.push(row);
  return rows;
}

let judged = 0;

/** None of the answers since the last time may have a fault. */
function judge() {
  const fresh = answered.slice(judged);
  judged = answered.length;
  const bad = fresh.flatMap(({ call, status, body }) =>
    faultsOfAnswer(call, status, body).map((fault) => `${call} ${status}: ${fault}\n    ${body.slice(0, 400)}`),
  );
  assert.deepEqual(bad, []);
}

test('every call that the double answers is one of the library', () => {
  assert.ok(routes.length > 0);
  for (const route of routes) assert.ok(calls.has(route), `the library has no ${route}`);
});

test('files, with all that they can have, are as the types say', async () => {
  const file = await upload('a.csv', '1,2');
  await upload('b.csv', '1,2', { expires_in_seconds: 3600 });
  await files.retrieveMetadata(file.id);
  await all(files.list({ limit: 1 }));
  await files.list({ ids: [file.id, 'file_gone'] });
  const session = await create({ resources: [{ type: 'file', file_id: file.id }] });
  const output = await control('POST', 'outputs', { session_id: session.id, filename: 'out', text: 'x' });
  await client.beta.files.list({ scope_id: session.id, betas: [MANAGED_AGENTS] });
  await client.beta.files.retrieveMetadata(output.id);
  await (await files.download(output.id)).text();
  await files.delete(file.id);
  judge();
});

test('the list of before pages had cursors is as it was', async () => {
  const old = { 'anthropic-beta': 'files-api-2025-04-14' };
  for (const query of ['', '?limit=1']) {
    const response = await fetch(`${DOUBLE}/v1/files${query}`, { headers: { ...HEADERS, ...old } });
    assert.deepEqual(faults(await response.json(), oldFileList), []);
  }
});

/** A session that has everything. */
async function fullest() {
  const file = await upload('notes.md', '# notes');
  const tools = [{ type: 'agent_toolset_20260401' }];
  return create({
    agent: { type: 'agent_with_overrides', id: 'agent_1', version: 2, system: 'Be brief.', tools, model: 'claude-double' },
    title: 'research',
    metadata: { team: 'data' },
    vault_ids: ['vlt_1'],
    budget: { type: 'limit', max_list_cost: { amount: '5', currency: 'USD' } },
    initial_events: [{ type: 'user.message', content: [{ type: 'text', text: 'hello' }] }],
    resources: [
      { type: 'file', file_id: file.id, mount_path: '/notes.md' },
      { type: 'github_repository', url: 'https://github.com/acme/app', checkout: { type: 'branch', name: 'main' } },
      { type: 'github_repository', url: 'https://github.com/acme/lib', checkout: { type: 'commit', sha: 'a'.repeat(40) } },
      { type: 'github_repository', url: 'https://github.com/acme/doc' },
      { type: 'memory_store', memory_store_id: 'memstore_1', access: 'read_only', instructions: 'Prefer it.' },
      { type: 'memory_store', memory_store_id: 'memstore_2' },
    ],
  });
}

test('sessions and resources, with all that they can have, are as the types say', async () => {
  const session = await fullest();
  await sessions.retrieve(session.id);
  await all(sessions.list({ limit: 1 }));
  await sessions.update(session.id, { title: null, metadata: { team: null, other: 'x' } });
  const names = [{ name: 'read', enabled: true }, { name: 'bash', permission_policy: { type: 'always_ask' } }];
  await sessions.update(session.id, { agent: { tools: [{ type: 'agent_toolset_20260401', configs: names }] }, budget: null });
  await all(sessions.resources.list(session.id, { limit: 2 }));
  const scope = { session_id: session.id };
  for (const { id } of session.resources.filter((one) => one.id)) await sessions.resources.retrieve(id, scope);
  const repository = session.resources.find((one) => one.type === 'github_repository');
  await sessions.resources.update(repository.id, { ...scope, authorization_token: 't' });
  const added = await sessions.resources.add(session.id, { type: 'file', file_id: (await upload('b', 'b')).id });
  await sessions.resources.delete(added.id, scope);
  await sessions.archive(session.id);
  await sessions.delete(session.id);
  judge();
});

test('what is left out where the API may leave it out is still what the types say', async () => {
  await control('POST', 'switches', { optional: 'omitted' });
  const session = await fullest();
  await client.beta.files.list({ scope_id: session.id, betas: [MANAGED_AGENTS] });
  await control('POST', 'switches', { optional: 'said' });
  judge();
});

const REPOSITORY_ERRORS = ['authentication', 'forbidden', 'not_found', 'checkout', 'clone'].map((one) => `repository_${one}_error`);
const OTHER_ERRORS = ['model_overloaded_error', 'model_rate_limited_error', 'model_request_failed_error', 'unknown_error'];

test('events are as the types say, in the list, when they are sent, and in the stream', async () => {
  const session = await create();
  const stream = await raw('GET', `/v1/sessions/${session.id}/events/stream`);
  await sessions.events.send(session.id, { events: [{ type: 'user.message', content: [{ type: 'text', text: 'x' }] }, { type: 'user.interrupt' }] });
  for (const type of REPOSITORY_ERRORS) await control('POST', 'session_errors', { session_id: session.id, type, repository_url: 'https://github.com/acme/app' });
  for (const type of [...REPOSITORY_ERRORS, ...OTHER_ERRORS]) await control('POST', 'session_errors', { session_id: session.id, type });
  await sessions.update(session.id, { title: 'new' });
  await sessions.archive(session.id);
  const listed = await all(sessions.events.list(session.id, { limit: 3 }));
  assert.ok(listed.length >= 2 + 2 * REPOSITORY_ERRORS.length + OTHER_ERRORS.length + 2);
  for (const body of await eventsOf(stream, listed.length)) answered.push({ call: 'GET /v1/sessions/*/events/stream', status: 200, body });
  judge();
});

/** The data of the first `count` events. */
async function eventsOf(response, count) {
  let text = '';
  const found = () => [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1]);
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString();
    if (found().length >= count) break;
  }
  return found();
}

/** Calls one call in every way that is refused. */
async function beRefused({ method, path, operation }) {
  const { id } = await create();
  const target = path.replace('*', path.startsWith('/v1/sessions') ? id : 'file_gone').replace('*', 'sesrsc_gone');
  const ask = async (where, body, headers) => {
    const response = await raw(method, where, method === 'POST' ? body : undefined, headers);
    await response.body?.cancel();
    return response.status;
  };
  for (const status of STATUSES) {
    await control('POST', 'faults', { operation, status, times: 1 });
    assert.equal(await ask(target, {}), status);
  }
  await control('DELETE', 'faults');
  await ask(target.replace(id, 'sesn_gone'), { nonsense: true });
  await ask(target, {}, { 'anthropic-version': '' });
  await ask(target, {}, { 'x-api-key': '' });
  await ask(`${target}?nonsense=1`, { nonsense: true });
}

test('every refusal of every call is an error as the types say', async () => {
  for (const route of served) await beRefused(route);
  const session = await create();
  const output = await control('POST', 'outputs', { session_id: session.id, filename: 'out', text: 'x' });
  await control('POST', 'expire', { file_id: output.id });
  assert.equal((await raw('GET', `/v1/files/${output.id}/content`)).status, 404);
  assert.equal((await raw('GET', `/v1/files/${(await upload('u', 'u')).id}/content`)).status, 400);
  judge();
});

test('every call was answered, and refused', () => {
  for (const route of routes) {
    const statuses = answered.filter((one) => one.call === route).map((one) => one.status);
    assert.ok(statuses.some((status) => status < 300), `${route} was never answered`);
    assert.ok(statuses.some((status) => status >= 400), `${route} was never refused`);
  }
});
