// Whatever the types call optional or nullable can be missing from any answer: each example is run as often as there are
// such properties in the answers that it is given, each time without one of them. It must come to the same end: every
// apply succeeds, and the last plan is empty. What the client does not read is left out together (all of it one at a
// time with SESSYNC_EFFORT=full).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, SOURCES } from '../e2e/harness.mjs';
import { byEffort, isFull, sample } from '../lib/effort.mjs';
import { wire } from './reads.mjs';
import { Thinner, keyOf } from './thinner.mjs';

const HERE = path.join(SOURCES, 'tests/sdk');
const EXAMPLES = path.join(SOURCES, 'examples');
const examples = fs.readdirSync(EXAMPLES).filter((name) => fs.existsSync(path.join(EXAMPLES, name, 'run.sh')));

/** What means something by not being there. An example that declares otherwise must say so, and in these words. */
const MEANS = {
  // The API gives both when nothing else was asked for.
  'BetaManagedAgentsMemoryStoreResource.access absent': /its access is read_write/,
  'BetaManagedAgentsMemoryStoreResource.access null': /its access is read_write/,
  // Answers have instructions only if some were given (observed), so that adding some later needs a new session.
  'BetaManagedAgentsMemoryStoreResource.instructions absent': /it has other instructions/,
  'BetaManagedAgentsMemoryStoreResource.instructions null': /it has other instructions/,
  // The recorded way of saying that no checkout was asked for. Left out, it is not held to be another one.
  'BetaManagedAgentsGitHubRepositoryResource.checkout null': /it has the default branch/,
  // A session without a title, which is given one; the types have no session that does not say.
  'BetaManagedAgentsSession.title null': /~ session \w+ \(title|update done/,
};

const isRead = (() => {
  const read = new Set(wire().flatMap((one) => one.in.map(({ type, property }) => `${type}.${property}`)));
  return ({ type, property }) => read.has(`${type}.${property}`);
})();

/** Runs an example behind a server that leaves out `changes`. */
async function run(example, changes) {
  const stops = [];
  const double = await Double.start({ after: (stop) => stops.push(stop) });
  const thinner = await Thinner.start(double.url, changes);
  const env = { ...process.env, GIVEN_DOUBLE_URL: thinner.url, SESSYNC_DOUBLE_BIN: path.join(HERE, 'given-double.sh') };
  if (changes.some((change) => keyOf(change) in MEANS)) env.SESSYNC_EXAMPLE_PATIENCE = '10';
  for (const name of Object.keys(env)) if (/^ANTHROPIC_|^SESSYNC_PRESET$|_proxy$/i.test(name)) delete env[name];
  const child = spawn(path.join(EXAMPLES, example, 'run.sh'), { env });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (out += data));
  const code = await new Promise((ended) => child.on('close', ended));
  thinner.stop();
  for (const stop of stops) await stop();
  return { code, out, thinner };
}

/** What can be missing in the answers that an example is given, as lists of what is missing together. */
function casesOf(seen) {
  const all = [...seen.values()].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  if (isFull) return all.map((one) => [one]);
  const rest = ['absent', 'null'].map((way) => all.filter((one) => one.way === way && !isRead(one)));
  return [...all.filter(isRead).map((one) => [one]), ...rest.filter((group) => group.length > 0)];
}

/** `out` ends as every example does. */
const isEqual = ({ code, out }) => code === 0 && /^Plan: 0 to add, 0 to replace, 0 to rotate, 0 to delete; 0 blocked.*$(?![^]*^Plan)/m.test(out);

/**
 * Runs an example without `changes`. A daemon that is overtaken by an edit asks for other things than one that is not, so
 * what nothing was left out of is run again for as long as an honest run is given what is to be left out.
 */
async function runWithout(example, changes) {
  for (let tries = 1; ; ++tries) {
    const result = await run(example, changes);
    if (result.thinner.changed > 0) return result;
    const { seen } = (await run(example, [])).thinner;
    if (!changes.some((change) => seen.has(keyOf(change)))) return result;
    assert.ok(tries < 10, `${changes.map(keyOf).join(', ')}: nothing was left out`);
  }
}

async function staysEqual(example) {
  const honest = await run(example, []);
  assert.deepEqual(honest.thinner.faults, [], 'the double answers what the types do not have');
  assert.ok(isEqual(honest), honest.out);
  for (const changes of sample(casesOf(honest.thinner.seen), byEffort({ quick: 2, usual: 1, full: 1 }))) {
    const result = await runWithout(example, changes);
    const names = changes.map(keyOf).join(', ');
    const meant = changes.some((change) => MEANS[keyOf(change)]?.test(result.out));
    assert.ok(isEqual(result) || meant, `${example} without ${names} (exit ${result.code}): ${result.out.slice(-3000)}`);
  }
}

test('an example comes to the same end without what need not be there', { concurrency: 3 }, (t) =>
  Promise.all(examples.map((example) => t.test(example, () => staysEqual(example)))));
