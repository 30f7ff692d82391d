// Answers to writes that are about something else, come too early, or claim what was not done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, answer, changing, saying } from './liar.mjs';
import { Scene } from './scene.mjs';
import { sha256, until } from '../e2e/harness.mjs';

const row = (fields) => JSON.stringify({ id: 'sesrsc_invented', type: 'file', file_id: 'file_invented', mount_path: '/c.txt', ...fields });

/** An add that is done, but answered with `fields` changed. */
const changed = (fields) => changing((body) => ({ ...body, ...fields }));

const ADDS = {
  'a row on another path': [changed({ mount_path: '/mnt/session/uploads/elsewhere' }), /another mount path/],
  'a row without an id': [changed({ id: '' }), /`id` is missing/],
  'a resource of another type': [changed({ type: 'github_repository', url: 'https://github.com/a/b' }), /not a file resource/],
  'an id that is not its own': [changed({ id: 'sesrsc_foreign' })],
  'an HTML page': [saying(answer(200, '<html>ok</html>')), /not JSON/],
  'a row that was never made': [({ request }) => answer(200, row({ mount_path: JSON.parse(request.body).mount_path }))],
  'a gateway error after it was done': [
    async ({ truth }) => {
      await truth();
      return answer(504, 'gateway timeout');
    },
    /HTTP 504/,
  ],
};

test('an add is answered with', { concurrency: 4 }, async (t) => {
  const all = Object.entries(ADDS).map(([name, [tell, says]]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t);
      await scene.survives({ about: about.add(scene.first), tell }, { says });
    }),
  );
  await Promise.all(all);
});

test("an add is answered with the other session's row", async (t) => {
  const scene = await Scene.start(t);
  const tell = async ({ truth, request }) => {
    await truth();
    const wanted = JSON.parse(request.body).mount_path;
    const theirs = (await scene.double.rows(scene.second)).find((one) => one.mount_path.endsWith(wanted));
    return answer(200, JSON.stringify(theirs ?? { id: 'sesrsc_none', type: 'file', file_id: 'f', mount_path: wanted }));
  };
  const before = await scene.double.rows(scene.second);
  await scene.survives({ about: about.add(scene.first), tell }, {});
  const kept = (await scene.double.rows(scene.second)).map((one) => one.id);
  assert.ok(kept.includes(before.find((one) => one.mount_path.endsWith('/b.txt')).id), 'the other session keeps its row');
});

const UPLOADS = {
  'an empty id': [changed({ id: '' }), /`id` is missing/],
  'another size': [changed({ size_bytes: 4711 }), /size is not that/],
  'an id that does not exist': [changed({ id: 'file_invented' })],
  "another upload's answer": [changed({ filename: `sessync.e2e.${'0'.repeat(32)}.a.txt` }), /file name is not that/],
  "somebody's file": [changed({ id: 'file_foreign', filename: 'report.pdf' }), /file name is not that/],
};

test('an upload is answered with', { concurrency: 4 }, async (t) => {
  const all = Object.entries(UPLOADS).map(([name, [tell, says]]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t);
      await scene.survives({ about: about.upload(), tell }, { says, others: false });
    }),
  );
  await Promise.all(all);
});

/** The answer is there before the content is. */
const early = (status, body) => ({ about: about.upload(), early: true, close: true, tell: saying(answer(status, body)) });

const EARLY = {
  'a success': [200, JSON.stringify({ id: 'file_early', filename: 'x', size_bytes: 24_000_000 }), /before all was sent|cannot be used/],
  'a gateway error': [503, 'overloaded', /HTTP 503/],
};

test('an upload is answered before it was sent with', { concurrency: 2 }, async (t) => {
  const all = Object.entries(EARLY).map(([name, [status, body, says]]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t, { timeout: '20s' });
      scene.liar.lie(early(status, body));
      scene.write('big', Buffer.alloc(24_000_000, 'x'));
      await until(() => `the daemon says ${says}; ${scene.log.slice(-1000)}`, async () => says.test(scene.log));
      await scene.assertKept();
      scene.liar.honest();
      await scene.converged();
      assert.equal((await scene.double.held(scene.first)).get('/big'), sha256(Buffer.alloc(24_000_000, 'x')));
      scene.assertBounded();
      await scene.stop();
    }),
  );
  await Promise.all(all);
});

test('a refusal before the content was sent concerns that file alone', async (t) => {
  const scene = await Scene.start(t, { timeout: '20s' });
  scene.liar.lie(early(413, '<html>too large</html>'));
  scene.write('big', Buffer.alloc(24_000_000, 'x'));
  await until(() => `the daemon says that it was refused; ${scene.log.slice(-1000)}`, async () => /413|refused/.test(scene.log));
  scene.liar.honest();
  scene.write('small', 'small');
  await until('the small file arrives', async () => (await scene.double.held(scene.first)).has('/small'));
  await scene.assertKept();
  scene.write('big', 'not so big any more');
  await scene.converged();
  await scene.stop();
});

test('a session that is answered with another one is not taken for archived', async (t) => {
  const scene = await Scene.start(t);
  const other = await scene.double.createSession();
  await scene.double.call('POST', `/v1/sessions/${other}/archive`, {});
  const archived = JSON.stringify(await scene.double.call('GET', `/v1/sessions/${other}`));
  const asked = (r) => r.method === 'GET' && r.target === `/v1/sessions/${scene.first}`;
  const add = about.add(scene.first);
  const tell = ({ request }) => (asked(request) ? answer(200, archived) : answer(400, '{"error":{"type":"invalid_request_error","message":"no"}}'));
  await scene.survives({ about: (r) => asked(r) || add(r), tell }, { says: /add failed/, times: 3 });
  assert.doesNotMatch(scene.log, /archived/);
});
