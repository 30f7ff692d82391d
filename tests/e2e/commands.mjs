// The commands that the help names, for tests that hold for each of them.
import { spawnSync } from 'node:child_process';

/** The names of all commands, as `sessync --help` lists them. */
export function commandNames() {
  const { stdout } = spawnSync(process.env.SESSYNC_BIN, ['--help'], { encoding: 'utf8' });
  const names = stdout.slice(stdout.indexOf('Subcommands:')).split('\n').slice(1).map((line) => line.match(/^ {2}([a-z][a-z-]*)/)?.[1]);
  const found = names.filter(Boolean);
  if (found.length < 10) throw new Error(`the help names no commands: ${stdout}`);
  return found;
}

/** What a command needs beside the common options to do its work; one that is new needs nothing. */
export function argumentsOf(command, session) {
  const needed = {
    apply: ['--timeout', '1s'],
    completion: ['bash'],
    gc: ['--yes'],
    import: [session],
    reconcile: ['s1'],
    resume: ['s1'],
    suspend: ['s1'],
  };
  return needed[command] ?? [];
}

/** Those that take no options of a project. */
const ALONE = new Set(['completion', 'schema', 'version']);
/** Those that end by themselves; `run` does not. */
export const endingCommands = () => commandNames().filter((name) => name !== 'run');

/** Starts a command as somebody would who works on the project. */
export function beginCommand(project, command, session, env = {}, more = []) {
  const all = [...argumentsOf(command, session), ...(ALONE.has(command) ? [] : more)];
  return ALONE.has(command) ? project.beginAlone(command, all, env) : project.begin(command, all, env);
}
