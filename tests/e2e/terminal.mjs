// Runs sessync on a real terminal, by means of script(1).
import * as fs from 'node:fs';
import * as path from 'node:path';
import { spawn } from 'node:child_process';

export const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** Begins `words` on a terminal of `columns` columns. `out` is what the terminal was sent. */
function onTerminal(project, words, env, columns) {
  const pid = path.join(project.dir, 'pid');
  const line = `stty cols ${columns}; echo $$ >${quoted(pid)}; exec ${words}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'],
    { env: { ...project.env(env), SHELL: '/bin/sh' }, cwd: project.dir, stdio: ['pipe', 'pipe', 'pipe'] });
  child.out = '';
  child.err = '';
  child.stdout.on('data', (data) => (child.out += data));
  child.stderr.on('data', (data) => (child.err += data));
  child.ended = new Promise((resolve) => child.on('close', (code) => resolve({ code })));
  child.interrupt = () => process.kill(Number(fs.readFileSync(pid, 'utf8')), 'SIGTERM');
  project.t.after(() => child.exitCode === null && child.interrupt());
  return project.keep(child);
}

const wordsOf = (project, command, extra) => [process.env.SESSYNC_BIN, ...project.args(command, extra)].map(quoted).join(' ');

/** Begins a command of `project` whose standard error is a terminal; printed() is what its standard output got. */
export function terminal(project, command, extra = [], env = {}, columns = 100) {
  const stdout = path.join(project.dir, 'stdout');
  const child = onTerminal(project, `${wordsOf(project, command, extra)} >${quoted(stdout)}`, env, columns);
  child.printed = () => fs.readFileSync(stdout, 'utf8');
  return child;
}

/** Begins a command of `project` that has nothing but the terminal. */
export const screen = (project, command, extra = []) => onTerminal(project, wordsOf(project, command, extra), { TERM: 'xterm' }, 160);
