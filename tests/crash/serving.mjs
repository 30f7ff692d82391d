// A daemon whose state cannot be written, and who must say so.
import assert from 'node:assert/strict';
import { until } from '../e2e/harness.mjs';

/** A daemon that serves its status, and the ways to look at that. */
export async function serving(world, env = {}) {
  const daemon = world.project.start(world.flags(['--listen', '127.0.0.1:0']), env);
  const url = await until(() => `it serves: ${daemon.err}`, () => {
    assert.ok(!daemon.over, `it ended: ${daemon.err}`);
    return daemon.err.match(/serving status +listen=(\S+)/)?.[1];
  });
  const get = async (where) => {
    const answer = await fetch(`http://${url}${where}`);
    return { status: answer.status, text: await answer.text() };
  };
  const stalled = async () => {
    const [session] = JSON.parse((await get('/api/v1/status')).text).sessions;
    return session?.conditions.find((one) => one.type === 'Stalled' && one.status === 'True' && one.reason === 'StateUnavailable');
  };
  return { daemon, get, stalled };
}

const NO_ROOM = /full|No space left|make room/;

/** It says everywhere that its state cannot be written, for this reason. `ready`: it could be when it began. */
export async function assertSaid(world, { get, stalled }, ready, why = NO_ROOM) {
  await until('the condition says so', stalled);
  assert.match((await stalled()).message, why);
  // Of the daemon as a whole: no session need have met it.
  const probe = await until('readiness says so', async () => {
    const seen = await get('/readyz');
    return /^StateUnavailable: /m.test(seen.text) && seen;
  });
  assert.match(probe.text, why);
  assert.equal(probe.status, ready ? 200 : 503, probe.text);
  assert.equal((await get('/livez')).status, 200);
  await until('the metric says so', async () => /sessync_condition\{reason="StateUnavailable",session="s",type="Stalled"\} 1/.test((await get('/metrics')).text));
  if (ready) assert.match(JSON.stringify(await conditionOf(world)), why); // otherwise it left no address
}

/** What the command says of it. */
async function conditionOf(world) {
  const { document } = await world.project.json('status');
  return document.sessions[0].conditions.find((one) => one.reason === 'StateUnavailable');
}

export async function assertGoesOn(world, { daemon, get, stalled }) {
  await until(() => `it has caught up: ${daemon.err}`, async () => !(await stalled()) && /reason=Succeeded/.test(daemon.err));
  // A pass that met the failure may end only after it is over.
  await until('readiness says no more of it', async () => {
    const { status, text } = await get('/readyz');
    return status === 200 && !/StateUnavailable/.test(text);
  });
  await until('no metric says so', async () => !/reason="StateUnavailable"[^}]*\} 1/.test((await get('/metrics')).text));
  await until('the commands find it', async () => (await world.project.run('status')).code === 0);
  await until('nor does the command', async () => (await conditionOf(world)) === undefined);
  await world.project.stop();
}
