// Runs $SESSYNC_BIN under load and before an audience for some seconds, then lets it converge and ends it.
//
//   node load.mjs [SECONDS [SESSIONS]]
import { setTimeout as pause } from 'node:timers/promises';
import { Double, Project } from '../e2e/harness.mjs';
import { SEED } from '../lib/seed.mjs';
import { Audience } from './audience.mjs';
import { Churn } from './churn.mjs';

const [seconds = 60, sessions = 4] = process.argv.slice(2).map(Number);
const endings = [];
const t = { after: (end) => endings.unshift(end) };

try {
  const double = await Double.start(t, ['--latency-ms', '2']);
  const project = new Project(t, double);
  const churn = new Churn(project, double, { sessions, seed: SEED });
  await churn.prepare();
  project.start(['--listen', '127.0.0.1:0', '--list-grace', '1s', '--settle', '20ms', '--rescan', '2s', '--secrets-dir', project.dir]);
  const audience = await Audience.of(project);
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end && !project.daemon.over) {
    await churn.step();
    await pause(100); // the pace of the load
  }
  await audience.end();
  await churn.settle();
  project.daemon.kill('SIGHUP');
  const { code, signal } = await project.stop();
  const { total, writes } = await double.requests();
  console.log(`${churn.round} rounds, ${total} requests, ${writes} writes, ${audience.requests} looked at; ended with ${signal ?? `exit code ${code}`}`);
  process.exitCode = code === 0 ? 0 : 1;
} finally {
  for (const end of endings) await end();
}
