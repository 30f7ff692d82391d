// What every random search of the tests begins with; see seed.sh, which makes a number of it for what run.sh starts.
import { randomInt } from 'node:crypto';

const said = process.env.SESSYNC_SEED || '1';
export const SEED = said === 'new' ? randomInt(1, 2 ** 29) : Number(said);
if (!Number.isSafeInteger(SEED) || SEED < 1) throw new Error('SESSYNC_SEED is a number from 1, or new');
