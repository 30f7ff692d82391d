// What the official client library does, the double must answer: what it cannot do is the double's
// mistake.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import { createHash } from 'node:crypto';
import test from 'node:test';
import Anthropic, { toFile } from '@anthropic-ai/sdk';

globalThis.File ??= File; // no global in Node 18

const SDK = { apiKey: 'test-key', baseURL: process.env.DOUBLE_URL, maxRetries: 0 };
const MANAGED_AGENTS = ['managed-agents-2026-04-01'];
const client = new Anthropic(SDK);
const { sessions, files: betaFiles } = client.beta;
const { files } = client;

const upload = async (name, text) => files.upload({ file: await toFile(Buffer.from(text), name) });
const newSession = (fields = {}) =>
  sessions.create({ agent: 'agent_1', environment_id: 'env_1', ...fields });

/** Awaits a refusal and returns it. */
async function refusal(promise, type, status) {
  const error = await promise.then(
    () => assert.fail('the call was accepted'),
    (reason) => reason,
  );
  assert.ok(error instanceof type, `${error}`);
  assert.equal(error.status, status);
  return error;
}

async function all(list) {
  const rows = [];
  for await (const row of list) rows.push(row);
  return rows;
}

async function control(method, path, body) {
  const response = await fetch(`${process.env.DOUBLE_URL}/_double/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.ok(response.ok, await response.clone().text());
  return response.json();
}

test('a file is uploaded, found, listed and deleted', async () => {
  const file = await upload('grüße.csv', '1,2,3');
  assert.equal(file.type, 'file');
  assert.equal(file.filename, 'grüße.csv');
  assert.equal(file.size_bytes, 5);
  assert.equal(file.downloadable, false);
  assert.ok(Date.parse(file.created_at) > 0);
  assert.deepEqual(await files.retrieveMetadata(file.id), file);
  const [first] = (await files.list({ limit: 1 })).data;
  assert.equal(first.id, file.id, 'newest first');
  assert.deepEqual(await files.delete(file.id), { id: file.id, type: 'file_deleted' });
  await refusal(files.retrieveMetadata(file.id), Anthropic.NotFoundError, 404);
});

test('files are listed by page and by id', async () => {
  const made = [];
  for (let i = 0; i < 5; i++) made.push((await upload(`page${i}`, `${i}`)).id);
  const listed = (await all(files.list({ limit: 2 }))).map((file) => file.id);
  for (const id of made) assert.ok(listed.includes(id));
  const found = await all(files.list({ ids: [made[0], 'file_gone', made[3]] }));
  assert.deepEqual(new Set(found.map((file) => file.id)), new Set([made[0], made[3]]));
  for (const id of made) await files.delete(id);
});

test('only outputs are downloaded', async () => {
  const session = await newSession();
  const original = await upload('a.txt', 'x');
  const error = await refusal(files.download(original.id), Anthropic.BadRequestError, 400);
  assert.equal(error.error.error.details.error_code, 'file_not_downloadable');
  const output = await control('POST', 'outputs', {
    session_id: session.id,
    filename: 'report.md',
    text: 'done',
  });
  assert.equal(await (await files.download(output.id)).text(), 'done');
});

test('outputs may have any name and size, and expire', async () => {
  const session = await newSession();
  const names = ['../../etc/passwd', 'a/b\n\u0000.txt', '\u202Egpj.exe', ''];
  for (const filename of names) {
    await control('POST', 'outputs', { session_id: session.id, filename, size: 100_000 });
  }
  const scoped = await all(betaFiles.list({ scope_id: session.id, betas: MANAGED_AGENTS }));
  assert.deepEqual(scoped.map((file) => file.filename).reverse(), names);
  assert.ok(scoped.every((file) => file.downloadable && file.size_bytes === 100_000));
  const bytes = Buffer.from(await (await files.download(scoped[0].id)).arrayBuffer());
  assert.equal(bytes.length, 100_000);
  await control('POST', 'expire', { file_id: scoped[0].id });
  const error = await refusal(files.download(scoped[0].id), Anthropic.NotFoundError, 404);
  assert.equal(error.error.error.details.error_code, 'file_expired');
});

test('a create that is refused says why, and makes nothing', async () => {
  const url = 'https://github.com/acme/app';
  const repository = (fields) => ({ type: 'github_repository', url, ...fields });
  const store = (fields) => ({ type: 'memory_store', memory_store_id: 'memstore_1', ...fields });
  const before = (await control('GET', 'sessions')).length;
  const refused = [
    [404, [{ type: 'file', file_id: 'file_gone' }], /One or more files not found\..*: file_gone/],
    [400, [{ type: 'file', file_id: 'gone' }], /Invalid file resource: invalid file_id: /],
    [404, [store({ memory_store_id: 'memstore_missing' })], /Memory store `memstore_missing` not found\./],
    [400, [store({ memory_store_id: 'memstore_archived' })], /archived/],
    [400, [store(), store()], /resources contains duplicate memory_store_id: memstore_1/],
    [400, [store({ access: 'write' })], /resources\[0\]\.access: .*expected one of read_only, read_write/],
    [400, [store({ instructions: 'é'.repeat(4097) })], /resources\.0\.memory_store\.instructions: must be at most/],
    [400, [repository({ url: `${url}.git` })], /with no \.git suffix/],
    [400, [repository({ url: 'https://user@github.com/acme/app' })], /invalid github_repository url/],
    [400, [repository({ authorization_token: '' })], /resources\.0\.github_repository\.authorization_token: value is required/],
    [400, [repository({ mount_path: '/a' }), repository({ mount_path: '/a/b' })], /`mount_path` overlaps another resource: \/a\/b and \/a;/],
  ];
  for (const [status, resources, message] of refused) {
    const type = status === 404 ? Anthropic.NotFoundError : Anthropic.BadRequestError;
    assert.match((await refusal(newSession({ resources }), type, status)).error.error.message, message);
  }
  const selfHosted = newSession({ environment_id: 'env_selfhosted', resources: [repository()] });
  const error = await refusal(selfHosted, Anthropic.BadRequestError, 400);
  assert.match(error.message, /`resources` are not supported with self-hosted environments\./);
  assert.equal(error.headers.get('anthropic-organization-id'), 'org_double');
  assert.equal((await control('GET', 'sessions')).length, before);
});

test('an agent without the read tool takes no files', async () => {
  const file = await upload('a', 'x');
  const resources = [{ type: 'file', file_id: file.id }];
  const refused = [
    () => newSession({ agent: 'agent_noread', resources }),
    async () => sessions.resources.add((await newSession({ agent: 'agent_noread' })).id, resources[0]),
  ];
  for (const call of refused) {
    const error = await refusal(call(), Anthropic.BadRequestError, 400);
    assert.match(error.message, /Missing required tool: file resources require the read tool/);
  }
});

test('an agent is named by id, or by id and version', async () => {
  const pinned = await newSession({ agent: { type: 'agent', id: 'agent_2', version: 3 } });
  assert.deepEqual([pinned.agent.id, pinned.agent.version], ['agent_2', 3]);
  const latest = await newSession({ agent: 'agent_2', vault_ids: ['vlt_1'] });
  assert.deepEqual(latest.vault_ids, ['vlt_1']);
  const listed = await all(sessions.list({ agent_id: 'agent_2', agent_version: 3 }));
  assert.deepEqual(listed.map((one) => one.id), [pinned.id]);
});

test('memory stores are mounted by their names', async () => {
  await control('POST', 'memory_stores', { id: 'memstore_named', name: 'Team Notes', description: 'd' });
  const [store] = (
    await newSession({ resources: [{ type: 'memory_store', memory_store_id: 'memstore_named' }] })
  ).resources;
  assert.equal(store.name, 'Team Notes');
  assert.equal(store.description, 'd');
  assert.equal(store.mount_path, '/mnt/memory/team-notes');
  assert.equal(store.access, 'read_write');
  assert.ok(!('instructions' in store));
});

test('a session is created with every type of resource', async () => {
  const file = await upload('notes.md', '# notes');
  const session = await newSession({
    title: 'research',
    metadata: { team: 'data' },
    resources: [
      { type: 'file', file_id: file.id, mount_path: '/notes.md' },
      {
        type: 'github_repository',
        url: 'https://github.com/acme/app',
        authorization_token: 'secret-1',
        checkout: { type: 'branch', name: 'main' },
      },
      { type: 'memory_store', memory_store_id: 'memstore_1', access: 'read_only' },
    ],
  });
  assert.equal(session.status, 'idle');
  assert.equal(session.archived_at, null);
  const [mounted, repository, memory] = session.resources;
  assert.notEqual(mounted.file_id, file.id);
  assert.equal(mounted.mount_path, '/mnt/session/uploads/notes.md');
  assert.equal(repository.mount_path, '/workspace/app');
  assert.deepEqual(repository.checkout, { type: 'branch', name: 'main' });
  assert.equal(memory.memory_store_id, 'memstore_1');
  assert.equal(memory.id, undefined);
  assert.ok(!JSON.stringify(session).includes('secret-1'));
  assert.deepEqual(await sessions.retrieve(session.id), session);
});

test('a file is added, listed, found by scope and removed', async () => {
  const session = await newSession();
  const file = await upload('data.csv', 'a;b');
  const added = await sessions.resources.add(session.id, {
    type: 'file',
    file_id: file.id,
    mount_path: '/data.csv',
  });
  assert.equal(added.type, 'file');
  assert.notEqual(added.file_id, file.id);
  const fetched = await sessions.resources.retrieve(added.id, { session_id: session.id });
  assert.deepEqual(fetched, added);
  assert.deepEqual(await all(sessions.resources.list(session.id)), [added]);
  const scoped = await all(betaFiles.list({ scope_id: session.id, betas: MANAGED_AGENTS }));
  assert.deepEqual(scoped.map((copy) => [copy.id, copy.filename]), [[added.file_id, 'data.csv']]);
  assert.deepEqual(scoped[0].scope, { type: 'session', id: session.id });
  const unscoped = (await all(files.list())).map((one) => one.id);
  assert.ok(unscoped.includes(file.id) && !unscoped.includes(added.file_id));
  assert.deepEqual(await sessions.resources.delete(added.id, { session_id: session.id }), {
    id: added.id,
    type: 'session_resource_deleted',
  });
  const gone = sessions.resources.retrieve(added.id, { session_id: session.id });
  const error = await refusal(gone, Anthropic.NotFoundError, 404);
  assert.match(error.message, /Resource not found: sesrsc_/);
});

test('what is mounted is what was uploaded', async () => {
  const session = await newSession();
  const file = await upload('a', 'exact bytes');
  await sessions.resources.add(session.id, { type: 'file', file_id: file.id });
  const [held] = await control('GET', `held?session_id=${session.id}`);
  assert.equal(held.mount_path, `/mnt/session/uploads/${file.id}`);
  assert.equal(held.filename, 'a');
  assert.equal(held.size, 11);
});

test('resources are listed by page, oldest first', async () => {
  const session = await newSession();
  const file = await upload('many', 'x');
  const made = [];
  for (let i = 0; i < 5; i++) {
    const mount_path = `/many/${i}`;
    made.push(await sessions.resources.add(session.id, { type: 'file', file_id: file.id, mount_path }));
  }
  const page = await sessions.resources.list(session.id, { limit: 2 });
  assert.equal(page.data.length, 2);
  assert.ok(page.hasNextPage());
  const listed = await all(sessions.resources.list(session.id, { limit: 2 }));
  assert.deepEqual(listed, made);
});

test('only repositories take a token, and never show it', async () => {
  const session = await newSession({
    resources: [{ type: 'github_repository', url: 'https://github.com/acme/app' }],
  });
  const [repository] = session.resources;
  const update = { session_id: session.id, authorization_token: 'secret-2' };
  const before = await control('GET', `tokens?session_id=${session.id}`);
  const rotated = await sessions.resources.update(repository.id, update);
  assert.equal(rotated.id, repository.id);
  assert.ok(!JSON.stringify(rotated).includes('secret-2'));
  const after = await control('GET', `tokens?session_id=${session.id}`);
  assert.notEqual(after[repository.id], before[repository.id]);
  const [held] = await control('GET', `repositories?session_id=${session.id}`);
  assert.equal(held.resource_id, repository.id);
  assert.equal(held.token_sha256, createHash('sha256').update('secret-2').digest('hex'));
  assert.equal(held.rotations, 1);
  const file = await upload('a', 'x');
  const mounted = await sessions.resources.add(session.id, { type: 'file', file_id: file.id });
  const error = await refusal(
    sessions.resources.update(mounted.id, update),
    Anthropic.BadRequestError,
    400,
  );
  assert.match(error.message, /Only github_repository resources support token updates/);
});

test('a session is updated, listed, archived and deleted', async () => {
  const session = await newSession({ metadata: { a: '1', b: '2' } });
  const updated = await sessions.update(session.id, { title: 'new', metadata: { a: null, c: '3' } });
  assert.equal(updated.title, 'new');
  assert.deepEqual(updated.metadata, { b: '2', c: '3' });
  const listed = await all(sessions.list({ limit: 2, order: 'asc', agent_id: 'agent_1' }));
  assert.ok(listed.some((one) => one.id === session.id));
  const archived = await sessions.archive(session.id);
  assert.equal(archived.status, 'terminated');
  assert.ok(Date.parse(archived.archived_at) > 0);
  const live = await all(sessions.list({ statuses: ['idle', 'running'] }));
  assert.ok(!live.some((one) => one.id === session.id));
  const every = await all(sessions.list({ include_archived: true }));
  assert.ok(every.some((one) => one.id === session.id));
  await refusal(sessions.update(session.id, { title: 'x' }), Anthropic.BadRequestError, 400);
  assert.deepEqual(await sessions.delete(session.id), { id: session.id, type: 'session_deleted' });
  await refusal(sessions.retrieve(session.id), Anthropic.NotFoundError, 404);
});

test('events are sent, listed and streamed', async () => {
  const session = await newSession();
  const stream = await sessions.events.stream(session.id);
  const content = [{ type: 'text', text: 'hello' }];
  await sessions.events.send(session.id, { events: [{ type: 'user.message', content }] });
  const [listed] = await all(sessions.events.list(session.id, { types: ['user.message'] }));
  assert.deepEqual(listed.content, content);
  for await (const event of stream) {
    assert.equal(event.id, listed.id);
    break;
  }
});

test('session errors are listed by type and time', async () => {
  const session = await newSession();
  const repository_url = 'https://github.com/acme/app';
  const add = (type, url) =>
    control('POST', 'session_errors', { session_id: session.id, type, repository_url: url });
  const first = await add('repository_clone_error', repository_url);
  await control('POST', 'clock', { advance_ms: 1 });
  const second = await add('repository_authentication_error', '');
  await control('POST', 'status', { session_id: session.id, status: 'rescheduling' });
  assert.equal((await sessions.retrieve(session.id)).status, 'rescheduling');
  const list = async (query) =>
    (await all(sessions.events.list(session.id, { types: ['session.error'], ...query }))).map((event) => event.id);
  assert.deepEqual(await list({ order: 'asc', limit: 1 }), [first.id, second.id]);
  assert.deepEqual(await list({ order: 'desc' }), [second.id, first.id]);
  assert.equal(first.created_at, undefined);
  const at = first.processed_at;
  assert.deepEqual(await list({ 'created_at[gt]': at }), [second.id]);
  assert.deepEqual((await list({ 'created_at[gte]': at })).length, 2);
  assert.deepEqual(await list({ 'created_at[lt]': second.processed_at }), [first.id]);
  assert.deepEqual((await list({ 'created_at[lte]': second.processed_at })).length, 2);
  const [event] = await all(sessions.events.list(session.id, { types: ['session.error'], limit: 1 }));
  assert.equal(event.error.type, 'repository_clone_error');
  assert.equal(event.error.repository_url, repository_url);
  assert.deepEqual(event.error.retry_status, { type: 'retrying' });
});

test('a running session is neither archived nor deleted', async () => {
  const session = await newSession();
  await control('POST', 'status', { session_id: session.id, status: 'running' });
  await refusal(sessions.archive(session.id), Anthropic.BadRequestError, 400);
  await refusal(sessions.delete(session.id), Anthropic.BadRequestError, 400);
  await sessions.update(session.id, { title: 'while running' });
  await control('POST', 'status', { session_id: session.id, status: 'idle' });
  await sessions.archive(session.id);
});

test('an error has its type, status and request id', async () => {
  const error = await refusal(sessions.retrieve('sesn_gone'), Anthropic.NotFoundError, 404);
  assert.equal(error.type, 'not_found_error');
  assert.match(error.requestID, /^req_/);
  assert.equal(error.error.request_id, error.requestID);
  const unknown = newSession({ nonsense: true });
  const refused = await refusal(unknown, Anthropic.BadRequestError, 400);
  assert.match(refused.message, /unknown field \\?"nonsense/);
});

test('the library retries what the double says may be retried', async () => {
  const retrying = new Anthropic({ ...SDK, maxRetries: 2 });
  const headers = { 'retry-after-ms': '1' };
  const fault = { operation: 'list_sessions', status: 429, times: 2, headers };
  await control('POST', 'faults', fault);
  assert.ok(Array.isArray((await retrying.beta.sessions.list()).data));
  await control('POST', 'faults', { operation: 'list_sessions', status: 529, times: 1 });
  await refusal(sessions.list(), Anthropic.InternalServerError, 529);
  await control('DELETE', 'faults');
});
