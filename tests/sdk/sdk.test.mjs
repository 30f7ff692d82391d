// What the official client library does, the double must answer: what it cannot do is the double's
// mistake.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
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
