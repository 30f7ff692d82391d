// What the tests of deploy/ share.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

export const TOP = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
export const DEPLOY = path.join(TOP, 'deploy');
export const source = (name) => fs.readFileSync(path.join(DEPLOY, name), 'utf8');

export const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** The options of a test that needs these programs: it is skipped, saying what is missing. */
export function needs(...programs) {
  const missing = programs.filter((program) => !has(program));
  return missing.length > 0 ? { skip: `not installed: ${missing.join(', ')}` } : {};
}

const endOf = (text) => (text ?? '').slice(-3000);

/** Runs a program to its end; throws, with the end of what it said, unless it exits 0. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (result.status !== 0) {
    const how = result.error ?? `exit ${result.status}`;
    throw new Error(`${program} ${args.join(' ')}: ${how}\n${endOf(result.stdout)}${endOf(result.stderr)}`);
  }
  return result;
}
