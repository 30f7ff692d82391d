// What the server says reaches no terminal raw: not from names, not from messages, not from headers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Project } from '../e2e/harness.mjs';
import { about, answer, changing } from './liar.mjs';
import { Scene, assertHarmless } from './scene.mjs';

const EVIL = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n\u0000\u007f\u202etxt';

const rows = [
  { id: `sesrsc_1${EVIL}`, type: 'file', file_id: `file_1${EVIL}`, mount_path: `/mnt/session/uploads/${EVIL}` },
  { id: `sesrsc_2${EVIL}`, type: `hologram${EVIL}`, mount_path: `/h${EVIL}` },
  { id: `sesrsc_3${EVIL}`, type: 'github_repository', url: `https://github.com/a/${EVIL}`, mount_path: `/w${EVIL}` },
  { type: 'memory_store', memory_store_id: `memstore_1${EVIL}`, access: 'read_only', mount_path: `/m${EVIL}`, instructions: EVIL },
];
const file = (i, more) => ({ id: `file_${i}${EVIL}`, filename: EVIL + i, size_bytes: 3, created_at: '2026-11-20T10:00:00Z', ...more });

/** Every list and session is full of traps. */
const tell = async ({ truth, request }) => {
  if (request.method !== 'GET') return answer(400, JSON.stringify({ error: { type: EVIL, message: EVIL } }), { 'request-id': 'req_\x1b[31m' });
  if (request.target.includes('/resources')) return changing((body) => ({ data: [...(body.data ?? []), ...rows] }))({ truth, request });
  if (request.target.includes('/content')) return answer(200, 'abc');
  if (request.target.startsWith('/v1/files?ids')) return answer(200, JSON.stringify({ data: [] }));
  if (request.target.startsWith('/v1/files?')) return answer(200, JSON.stringify({ data: [file(1), file(2, { downloadable: true })] }));
  if (request.target.startsWith('/v1/files/')) return answer(404, JSON.stringify({ error: { type: 'not_found_error', message: EVIL } }));
  return changing((body) => ({ ...body, title: EVIL, metadata: { [EVIL]: EVIL } }))({ truth, request });
};

test('no command and no log line shows what a terminal would obey', async (t) => {
  const scene = await Scene.start(t);
  scene.write('new.txt', 'new');
  const other = new Project(t, scene.double);
  other.declare(`version: 1
owner: other
sessions:
  - name: s1
    session_id: ${scene.first}
    prune: all
    resources: [{type: file, source: ./, mount_path: /}]
    outputs: {destination: ./outputs}
`);
  scene.liar.lie({ about: about.anything(), tell });
  const commands = [
    ['plan', ['-v']],
    ['plan', ['-o', 'json']],
    ['apply', ['--timeout', '2s']],
    ['gc', []],
    ['pull', []],
    ['import', [scene.first]],
    ['apply', ['-o', 'json', '--timeout', '2s']],
  ];
  for (const [command, more] of commands) {
    const child = other.begin(command, more, scene.env);
    const { signal } = await child.ended;
    assert.equal(signal, null, `${command} ends by itself`);
    assert.ok(child.out.length + child.err.length > 0, `${command} says something`);
    assertHarmless(child.out);
    assertHarmless(child.err);
  }
  await scene.stop();
});
