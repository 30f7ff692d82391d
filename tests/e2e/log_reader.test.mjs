// Who reads standard error, or does not, is no matter of what the daemon does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, scratch, sh, until, write } from './harness.mjs';

const SESSYNC = process.env.SESSYNC_BIN;

/** A FIFO that is open for reading, of which nothing is read before `read` is called. */
function unreadPipe(t) {
  const fifo = path.join(scratch(t), 'log');
  sh('/', `mkfifo ${fifo}`);
  const reading = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const writing = fs.openSync(fifo, fs.constants.O_WRONLY);
  // Full to the last byte.
  const filler = fs.openSync(fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  let size = 65536;
  for (; size > 0; ) {
    try {
      fs.writeSync(filler, '\n'.repeat(size));
    } catch {
      size >>= 1;
    }
  }
  fs.closeSync(filler);
  t.after(() => fs.closeSync(reading));
  const read = () => {
    let text = '';
    for (const buffer = Buffer.alloc(65536); ; ) {
      try {
        const count = fs.readSync(reading, buffer);
        if (count === 0) return text;
        text += buffer.subarray(0, count);
      } catch {
        return text;
      }
    }
  };
  return { writing, read };
}

async function begun(t, extra = []) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  const session = await double.createSession();
  write(path.join(project.workspace, 'a.txt'), 'first');
  project.mirror(session);
  const pipe = unreadPipe(t);
  const child = spawn(SESSYNC, project.args('run', ['--listen', '127.0.0.1:0', '--log-format', 'json', ...extra]), {
    stdio: ['ignore', 'ignore', pipe.writing],
    env: project.env(),
    cwd: project.dir,
  });
  fs.closeSync(pipe.writing);
  child.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  t.after(() => child.kill('SIGKILL'));
  await project.equal(session);
  const file = path.join(project.state, 'daemon.json');
  const { listen } = await until('it left its address', () => fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')));
  return { project, session, pipe, child, url: `http://${listen}` };
}

const metric = async (url) => Number((await (await fetch(`${url}/metrics`)).text()).match(/^sessync_log_lines_lost_total (\d+)/m)?.[1]);

test('a daemon whose log nobody reads goes on, and SIGTERM ends it', async (t) => {
  const { project, session, child, url } = await begun(t);
  write(path.join(project.workspace, 'b.txt'), 'second');
  await project.equal(session);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await fetch(`${url}/api/v1/sessions/s1/suspend`, { method: 'POST' })).status, 200);
  child.kill('SIGTERM');
  assert.deepEqual(await child.ended, { code: 0, signal: null });
});

test('lines that nobody reads in time are counted, and who reads again is told how many', async (t) => {
  const { project, session, pipe, child, url } = await begun(t, ['--log-level', 'debug', '--rescan', '100ms']);
  // Each asks for a line in the log, with a long word of its own.
  const word = 'x'.repeat(150);
  await until('lines are lost', async () => {
    const asked = Array.from({ length: 200 }, () =>
      fetch(`${url}/api/v1/sessions/s1/reconcile`, { method: 'POST', body: JSON.stringify({ allow_deletes: word }) }));
    await Promise.all(asked);
    return (await metric(url)) > 0;
  }, 180_000);
  let text = '';
  const told = await until('it tells', () => {
    text += pipe.read();
    return text.match(/"msg":"lines of the log were lost[^"]*","lost":(\d+)/);
  });
  assert.ok(Number(told[1]) > 0);
  // From here on nothing is missing, and no line was cut.
  write(path.join(project.workspace, 'c.txt'), 'third');
  await project.equal(session);
  await until('the add is logged', () => {
    text += pipe.read();
    return text.includes('"mount_path":"/c.txt"');
  });
  for (const line of text.split('\n').slice(0, -1)) if (line !== '') JSON.parse(line);
  child.kill('SIGTERM');
  assert.deepEqual(await child.ended, { code: 0, signal: null });
  assert.match(text + pipe.read(), /"msg":"stopped"/);
});
