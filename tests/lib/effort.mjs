// How much of what could be tried is tried: SESSYNC_EFFORT is `quick` (each behaviour once), `usual` (as much as a
// test run has time for) or `full` (as much as it takes to be sure).
import { createHash } from 'node:crypto';
import { SEED } from './seed.mjs';

const EFFORT = process.env.SESSYNC_EFFORT || 'usual';

/** The one of these that goes with the effort. */
export function byEffort(choices) {
  if (!(EFFORT in choices)) throw new Error(`SESSYNC_EFFORT is one of ${Object.keys(choices).join(', ')}`);
  return choices[EFFORT];
}

export const isFull = byEffort({ quick: false, usual: false, full: true });

/** The numbers 1..count. */
export const upTo = (count) => Array.from({ length: count }, (unused, i) => i + 1);

/** One in so many is taken, if it is one in `step` usually. */
const stepOf = (step) => byEffort({ quick: 4 * step, usual: step, full: 1 });

/** What was taken of `cases`; one that the seed decides, if that is nothing. */
const orOne = (taken, cases) => (taken.length > 0 ? taken : cases.slice(SEED % cases.length).slice(0, 1));

/** Every `step`-th of the cases, from an offset that the seed decides; all of them in a full run. */
export function sample(cases, step) {
  return orOne(cases.filter((unused, i) => (i + 1 + SEED) % stepOf(step) === 0), cases);
}

/** One in `step` of unlike cases, as the seed decides; all of them in a full run. */
export function some(cases, step) {
  const lot = (i) => createHash('sha256').update(`${SEED} ${i}`).digest().readUInt32BE();
  return orOne(cases.filter((unused, i) => lot(i) % stepOf(step) === 0), cases);
}
