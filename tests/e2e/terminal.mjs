// Runs sessync with a real terminal as its standard error, by means of script(1).
import * as fs from 'node:fs';
import * as path from 'node:path';
import { spawn } from 'node:child_process';

export const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Begins a command of `project` whose standard error is a terminal of `columns` columns; its standard
 * output goes to the file `stdout`. `out` is what the terminal was sent.
 */
export function terminal(project, command, extra = [], env = {}, columns = 100) {
  const stdout = path.join(project.dir, 'stdout');
  const pid = path.join(project.dir, 'pid');
  const words = [process.env.SESSYNC_BIN, ...project.args(command, extra)].map(quoted).join(' ');
  const line = `stty cols ${columns}; echo $$ >${quoted(pid)}; exec ${words} >${quoted(stdout)}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'],
    { env: { ...project.env(env), SHELL: '/bin/sh' }, cwd: project.dir, stdio: ['pipe', 'pipe', 'pipe'] });
  child.out = '';
  child.err = '';
  child.stdout.on('data', (data) => (child.out += data));
  child.stderr.on('data', (data) => (child.err += data));
  child.ended = new Promise((resolve) => child.on('close', (code) => resolve({ code })));
  child.interrupt = () => process.kill(Number(fs.readFileSync(pid, 'utf8')), 'SIGTERM');
  child.printed = () => fs.readFileSync(stdout, 'utf8');
  project.t.after(() => child.exitCode === null && child.interrupt());
  return project.keep(child);
}
