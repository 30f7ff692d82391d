// kill -9 at a hundred random moments while a session is brought up to date; then a restart.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Double, Project, until, write } from './harness.mjs';

const LANES = 10;
const KILLS = 10;

/** Deterministic random numbers in [0, 1): a failure can be repeated. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function change(project, next) {
  for (let i = 0; i < 12; i++) {
    const file = path.join(project.workspace, `d${i % 3}/f${Math.floor(next() * 20)}`);
    if (next() < 0.25) fs.rmSync(file, { force: true });
    else write(file, `content ${Math.floor(next() * 1000)}`);
  }
}

test('kill -9 at a hundred random moments, then a restart: equal, no duplicate, no pile of uploads', async (t) => {
  const double = await Double.start(t, ['--latency-ms', '2']);
  const lanes = Array.from({ length: LANES }, (unused, lane) => lane);
  await Promise.all(
    lanes.map((lane) =>
      t.test(`lane ${lane}`, async (t) => {
        const next = random(lane + 1);
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
      }),
    ),
  );
});
