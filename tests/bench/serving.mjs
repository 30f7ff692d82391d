// What it costs a sync of many sessions that somebody asks for metrics and status, or follows the events.
//
// Each run starts a double and a daemon with empty state and lets it add ten files to each session. The runs of the
// cases are interleaved, so what else the machine does falls on all of them. Of each case the means are shown of the
// time until every session holds its files, of the processor time of the daemon, and of what of that the threads took
// that serve. The first two differ from run to run by more than serving costs. The last is exact and bounds the cost:
// with one processor and no priorities, the sync would take longer by as much.
//
// The clients run at the lowest priority: what they cost is not the daemon's, and there may be no third core for them.
// They take gzip, as Prometheus and browsers do; the double answers after 20 ms, as an API that is not on this machine.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const REPETITIONS = Number(process.argv[2] ?? 5);
const SESSIONS = Number(process.argv[3] ?? 1000);
const REQUESTS = 10_000;
const STREAMS = 100;
const HEADERS = {
  'x-api-key': 'bench',
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'managed-agents-2026-04-01',
  'content-type': 'application/json',
};

async function until(check) {
  for (;;) {
    const value = await check();
    if (value) return value;
    await pause(20);
  }
}

async function startDouble() {
  const child = spawn(process.env.SESSYNC_DOUBLE_BIN, ['--port', '0', '--latency-ms', '20'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => (out += data));
  const url = await until(() => out.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0]);
  return { child, url };
}

async function createSessions(url) {
  const ids = [];
  while (ids.length < SESSIONS) {
    const body = JSON.stringify({ agent: 'agent_1', environment_id: 'env_1' });
    const answers = await Promise.all(
      Array.from({ length: Math.min(20, SESSIONS - ids.length) }, () =>
        fetch(`${url}/v1/sessions`, { method: 'POST', headers: HEADERS, body }).then((answer) => answer.json()),
      ),
    );
    ids.push(...answers.map((answer) => answer.id));
  }
  return ids;
}

function declare(dir, ids) {
  const session = (id, i) =>
    `  - {name: s${i}, session_id: ${id}, resources: [{type: file, source: ./, mount_path: /}]}\n`;
  fs.mkdirSync(path.join(dir, 'workspace'));
  for (let i = 0; i < 10; ++i) fs.writeFileSync(path.join(dir, 'workspace', `${i}.txt`), `${i}`);
  fs.writeFileSync(path.join(dir, 'sessync.yaml'), `version: 1\nowner: bench\nsessions:\n${ids.map(session).join('')}`);
}

function startDaemon(dir, url) {
  const args = ['-m', 'sessync.yaml', '-w', 'workspace', '--state-dir', 'state', '--log-level', 'error'];
  return spawn(process.env.SESSYNC_BIN, ['run', ...args, '--listen', '127.0.0.1:0'], {
    cwd: dir,
    env: { ...process.env, ANTHROPIC_API_KEY: 'bench', ANTHROPIC_BASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function addressOf(dir) {
  const file = path.join(dir, 'state', 'daemon.json');
  return until(() => fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')).listen);
}

/** Seconds of processor time that a process has used: in all, and in the threads that serve status. */
function processorTime(pid) {
  const time = { used: 0, serving: 0 };
  for (const thread of fs.readdirSync(`/proc/${pid}/task`)) {
    const seconds = Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
    time.used += seconds;
    if (fs.readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').startsWith('status')) time.serving += seconds;
  }
  return time;
}

/** Starts the clients of a case at the lowest priority; they say when they are done. */
function startClients(kind, address) {
  if (kind === 'nothing') return { stop: async () => '' };
  const child = spawn('nice', ['-n', '19', process.execPath, path.join(import.meta.dirname, 'clients.mjs'), kind, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data) => (out += data));
  const ended = new Promise((resolve) => child.on('close', resolve));
  return {
    stop: async () => {
      child.stdin.end();
      await ended;
      return out.trim();
    },
  };
}

const countsOf = async (url) => (await (await fetch(`${url}/_double/requests`, { headers: HEADERS })).json()).counts;

async function run(kind) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-bench-'));
  const double = await startDouble();
  declare(dir, await createSessions(double.url));
  const start = performance.now();
  const daemon = startDaemon(dir, double.url);
  const clients = startClients(kind, await addressOf(dir));
  await until(async () => ((await countsOf(double.url)).add_resource ?? 0) >= SESSIONS * 10);
  const took = (performance.now() - start) / 1000;
  const { used, serving } = processorTime(daemon.pid);
  const done = await clients.stop();
  for (const child of [daemon, double.child]) {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.on('close', resolve));
  }
  fs.rmSync(dir, { recursive: true });
  return { took, used, serving, done };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Of a mean; nothing is known of a single value. */
const standardError = (values) => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
};

const cases = { nothing: [], requests: [], streams: [] };
for (let i = 0; i < REPETITIONS; ++i) {
  for (const kind of Object.keys(cases)) {
    const result = await run(kind);
    cases[kind].push(result);
    console.log(`${kind.padEnd(9)} ${result.took.toFixed(2)} s, processor ${result.used.toFixed(2)} s, serving ${result.serving.toFixed(3)} s  ${result.done}`);
  }
}
const of = (kind, what) => cases[kind].map((result) => result[what]);
const percent = (value, whole) => ((value / whole) * 100).toFixed(1);

/** What was measured with a case beyond what was measured with nobody asking right before it. */
function more(kind, what) {
  const usual = mean(of('nothing', what));
  const differences = of(kind, what).map((value, i) => value - of('nothing', what)[i]);
  return `${percent(mean(differences), usual)} % (± ${percent(standardError(differences), usual)})`;
}

function cost(kind) {
  const serving = mean(of(kind, 'serving'));
  const bound = `serving took ${serving.toFixed(2)} s, ${percent(serving, mean(of('nothing', 'took')))} % of the time`;
  return `${bound}; measured ${more(kind, 'took')} more time, ${more(kind, 'used')} more processor time`;
}

console.log(`${SESSIONS} sessions, 10 files each, mean of ${REPETITIONS}: ${mean(of('nothing', 'took')).toFixed(2)} s with nobody asking`);
console.log(`${REQUESTS} requests: ${cost('requests')}`);
console.log(`${STREAMS} streams: ${cost('streams')}`);
