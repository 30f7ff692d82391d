// kill -9 at a hundred random moments while a session is brought up to date; then a restart.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SEED } from '../lib/seed.mjs';
import { Double, Project, until, write } from './harness.mjs';

const LANES = 10;
const KILLS = 10;
const CHANGES = 12; // files between two kills, so at most as many uploads under way at one

/** Deterministic random numbers in [0, 1): a failure can be repeated. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function change(project, next) {
  for (let i = 0; i < CHANGES; i++) {
    const file = path.join(project.workspace, `d${i % 3}/f${Math.floor(next() * 20)}`);
    if (next() < 0.25) fs.rmSync(file, { force: true });
    else write(file, `content ${Math.floor(next() * 1000)}`);
  }
}

async function uploadsMadeAgain(double, owner) {
  const names = [];
  for (let page = ''; page !== null; ) {
    const answer = await double.call('GET', `/v1/files?limit=1000${page && `&page=${page}`}`);
    names.push(...answer.data.map((file) => file.filename).filter((name) => name.startsWith(`sessync.${owner}.`)));
    page = answer.next_page ?? null;
  }
  const contents = new Set(names.map((name) => name.split('.')[2]));
  return names.length - contents.size;
}

test('kill -9 at a hundred random moments, then a restart: equal, no duplicate, no pile of uploads', async (t) => {
  const double = await Double.start(t, ['--latency-ms', '2']);
  const lanes = Array.from({ length: LANES }, (unused, lane) => lane);
  await Promise.all(
    lanes.map((lane) =>
      t.test(`lane ${lane}`, async (t) => {
        const next = random(SEED * LANES + lane);
        const project = new Project(t, double);
        const session = await double.createSession();
        const theirs = await double.somebodyAdds(session, '/theirs', 'precious');
        project.declare(`version: 1
owner: lane-${lane}
sessions:
  - name: s
    session_id: ${session}
    max_files: 500
    max_deletes: 100%
    resources:
      - {type: file, source: ./, mount_path: /}
`);
        // A list of the double never lags, so it is trusted soon; the default only makes this slower.
        const grace = ['--list-grace', '500ms'];
        for (let kill = 0; kill < KILLS; kill++) {
          change(project, next);
          const daemon = project.start(grace);
          await pause(next() * 120);
          daemon.kill('SIGKILL');
          await daemon.ended;
        }
        project.start(grace);
        const extra = new Map([['/theirs', (await double.held(session)).get('/theirs')]]);
        await project.equal(session, { extra });
        await until('the daemon is done', async () => /reason=Succeeded/.test(project.daemon.err));

        const rows = await double.rows(session);
        assert.equal(new Set(rows.map((row) => row.mount_path)).size, rows.length, 'no duplicate mount');
        assert.ok(rows.some((row) => row.id === theirs.id), 'what is not ours is still there');
        assert.deepEqual(await project.stop(), { code: 0, signal: null });

        // An upload that was under way at a kill is not recorded, so its content is uploaded again. All
        // others are known to the state and made once.
        const again = await uploadsMadeAgain(double, `lane-${lane}`);
        t.diagnostic(`${again} uploads left over by ${KILLS} kills (seed ${SEED})`);
        assert.ok(again <= KILLS * CHANGES, `${again} uploads were made more than once`);
      }),
    ),
  );
});
