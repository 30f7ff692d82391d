// The daemon under churn and faults for a long time. See run.sh.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Double, Project, filesBelow, same, until, write } from '../e2e/harness.mjs';
import { SEED } from '../lib/seed.mjs';
import { Churn, manifest, mountOf, random } from './churn.mjs';
import { sample, secondHalf, slopePerHour, table } from './usage.mjs';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 30);
const SESSIONS = 4;
const SAMPLE_EVERY = 5_000;
const CHURN_EVERY = 150;
const MANIFEST_EVERY = 45_000;

/** Of the second half of the run. A pass has a new piece of memory now and then; what is in use at any time must not grow. */
const MOST_KIB_PER_HOUR = 4096;
/**
 * An upload is remembered for an hour after it was needed last, a digest for up to forty minutes: until then there are more
 * and more of them. A run that goes on for longer must be flat.
 */
const KIB_PER_CHANGE = 1.2;
const MINUTES_UNTIL_FLAT = 150;
/** Shorter runs are all warming up: a few hundred KiB in a minute are megabytes an hour. */
const MINUTES_FOR_A_SLOPE = 15;
/** A session that failed often is tried again after so long, and a rate that was learned from refusals rises slowly. */
const LONGEST_BACKOFF = 20 * 60_000;
/** Connections come and go; a leak in a hundred thousand changes is far above this. */
const MORE_FDS = 8;

/** One call in twenty goes wrong, in all the ways there are. */
function faults() {
  const kinds = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 529 },
    { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
    { kind: 'status', status: 503, html: true },
    { kind: 'status', status: 409 },
    { kind: 'status_after', status: 500 },
    { kind: 'status_after', status: 504 },
    { kind: 'cut_before' },
    { kind: 'cut_after' },
    { kind: 'late_effect', delay_ms: 2000 },
    { kind: 'not_sent' },
    { kind: 'slow', delay_ms: 1500 },
    { kind: 'truncated_body' },
    { kind: 'not_json' },
    { kind: 'huge_body' },
    // It holds one call for as long as an answer may take, ten minutes: more of them would stop the churn.
    { kind: 'endless_body', times: 1 },
    { kind: 'empty_page' },
    { kind: 'repeated_cursor' },
  ];
  return kinds.map((fault, i) => ({ probability: 0.05 / kinds.length, seed: SEED * 1000 + i, ...fault }));
}

/** What every session holds is what its directory holds. */
async function unequal(double, churn, version) {
  const wrong = [];
  for (const [i, session] of churn.sessions.entries()) {
    const wanted = new Map([...filesBelow(churn.directory(session), mountOf(i, version))]);
    const held = await double.held(session);
    if (!same(held, wanted)) wrong.push(`${session}: ${held.size} held, ${wanted.size} wanted`);
  }
  return wrong;
}

test(`${MINUTES} minutes of churn and faults`, { timeout: (MINUTES + 30) * 60_000 }, async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const sessions = [];
  for (let i = 0; i < SESSIONS; i++) sessions.push(await double.createSession());
  const churn = new Churn(project.workspace, sessions, random(SEED));
  for (const session of sessions) fs.mkdirSync(churn.directory(session), { recursive: true });
  for (let i = 0; i < 100; i++) churn.step();
  let version = 0;
  project.declare(manifest(sessions, version));
  const daemon = project.start(['--log-level', 'warn']);
  await until('the first sync', async () => (await unequal(double, churn, version)).length === 0);
  await double.faults(faults());

  const begin = Date.now();
  const samples = [];
  const totals = {};
  let next = { sample: begin, manifest: begin + MANIFEST_EVERY };
  while (Date.now() < begin + MINUTES * 60_000) {
    assert.ok(!daemon.over, `the daemon ended: ${daemon.err.slice(-3000)}`);
    churn.step();
    if (Date.now() >= next.sample) {
      samples.push(sample(daemon.pid, begin));
      next.sample += SAMPLE_EVERY;
      for (const [name, count] of Object.entries((await double.requests()).counts)) totals[name] = (totals[name] ?? 0) + count;
      await double.resetRequests();
    }
    if (Date.now() >= next.manifest) {
      version++;
      write(project.manifest, version % 5 === 0 ? 'version: 1\nowner: [\n' : manifest(sessions, version));
      next.manifest += MANIFEST_EVERY;
    }
    await pause(CHURN_EVERY);
  }

  const { fired } = await double.call('POST', '/_double/faults', []);
  version = 0;
  project.declare(manifest(sessions, version));
  // Every session gets an event, and with it a pass without its backoff.
  for (const session of sessions) write(`${churn.directory(session)}/last`, 'the end');
  const stopped = Date.now();
  let wrong = [];
  await until(() => `everything is equal: ${wrong.join('; ')}; ${daemon.err.slice(-3000)}`, async () => {
    wrong = await unequal(double, churn, version);
    return wrong.length === 0;
  }, LONGEST_BACKOFF);
  const took = (Date.now() - stopped) / 1000;
  samples.push(sample(daemon.pid, begin));

  const slope = slopePerHour(secondHalf(samples));
  const [first, last] = [samples[0], samples.at(-1)];
  for (const line of table(samples)) t.diagnostic(line);
  t.diagnostic(`${churn.count} changes, ${Object.values(totals).reduce((a, b) => a + b, 0)} calls, ${fired} faults; equal ${took.toFixed(1)} s after the faults ended`);
  t.diagnostic(`RSS ${(slope / 1024).toFixed(2)} MiB an hour over the second half; fds ${first.fds} -> ${last.fds}; watches ${first.watches} -> ${last.watches}`);

  const directories = 1 + sessions.reduce((sum, session) => sum + 1 + fs.readdirSync(churn.directory(session), { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory()).length, 0);
  assert.ok(last.watches <= directories + 8, `${last.watches} watches for ${directories} directories`);
  assert.ok(last.fds <= first.fds + MORE_FDS, `descriptors grew: ${first.fds} -> ${last.fds}`);
  const remembered = MINUTES < MINUTES_UNTIL_FLAT ? (churn.count * KIB_PER_CHANGE * 60) / MINUTES : 0;
  if (MINUTES >= MINUTES_FOR_A_SLOPE) assert.ok(slope <= MOST_KIB_PER_HOUR + remembered, `memory grows by ${slope.toFixed(0)} KiB an hour`);
  assert.equal((await project.stop()).code, 0);
});
