// What left is remembered for a day, and no longer: neither the state nor the daemon's memory grows with what ever was.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, until, write } from '../e2e/harness.mjs';

const SHIM = process.env.SESSYNC_CLOCK_SHIM;
const skip = SHIM ? false : 'SESSYNC_CLOCK_SHIM is not set: tests/torture/run.sh builds it';
const HOURS = 3600;
const GRACE = ['--list-grace', '100ms']; // the double's lists never lag
const WRITES = ['upload', 'add_resource', 'delete_resource', 'delete_file', 'create_session', 'rotate_token'];

/** Two sessions with outputs, of which each can leave the manifest; and a clock. */
class World extends Project {
  static async make(t) {
    const world = new World(t, await Double.start(t));
    world.clock = path.join(world.dir, 'clock');
    world.ahead(0);
    write(path.join(world.workspace, 'a.txt'), 'a');
    world.ids = { stays: await world.double.createSession(), leaves: await world.double.createSession() };
    for (const [name, id] of Object.entries(world.ids)) await world.double.agentWrites(id, 'report.md', `of ${name}`);
    world.declareOnly('stays', 'leaves');
    return world;
  }

  declareOnly(...names) {
    const entry = (name) => `  - name: ${name}
    session_id: ${this.ids[name]}
    max_deletes: 100%
    resources: [{type: file, source: ./, mount_path: /tree}]
    outputs: {}
`;
    write(`${this.manifest}.new`, `version: 1\nowner: day\nsessions:\n${names.map(entry).join('')}`);
    fs.renameSync(`${this.manifest}.new`, this.manifest);
  }

  /** By so many seconds every clock of sessync is ahead from now on. */
  ahead(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    // In its place: it is mapped.
    const file = fs.openSync(this.clock, fs.constants.O_RDWR | fs.constants.O_CREAT);
    fs.writeSync(file, bytes, 0, 8, 0);
    fs.closeSync(file);
  }

  get shifted() {
    return { LD_PRELOAD: SHIM, CLOCK_AHEAD: this.clock };
  }

  async apply() {
    await this.double.resetRequests();
    const { code, out, err } = await this.run('apply', ['--outputs-dir', path.join(this.dir, 'outputs'), ...GRACE], this.shifted);
    assert.equal(code, 0, out + err);
  }

  /** What the state holds of something, whether a daemon has it open or not. */
  recorded(sql) {
    const { status, stdout, stderr } = spawnSync('sqlite3', ['-readonly', path.join(this.state, 'state.db'), sql], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim().split('\n').filter(Boolean);
  }

  /** The tables of the state that know a session. */
  tablesWith(id) {
    const tables = this.recorded(`SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'session_id'`);
    assert.ok(tables.length > 5, tables.join(' '));
    return tables.filter((table) => this.recorded(`SELECT 1 FROM "${table}" WHERE session_id = '${id}'`).length > 0);
  }

  copy(name) {
    return path.join(this.dir, 'outputs', name, 'report.md');
  }
}

test('a session that left the manifest over a day ago is in no table of the state', { skip }, async (t) => {
  const w = await World.make(t);
  await w.apply();
  assert.ok(w.tablesWith(w.ids.leaves).length > 2);
  w.declareOnly('stays');
  await w.apply();
  w.ahead(23 * HOURS);
  await w.apply();
  assert.ok(w.tablesWith(w.ids.leaves).includes('output'), 'it is remembered within the day');
  w.ahead(25 * HOURS);
  await w.apply();
  assert.deepEqual(w.tablesWith(w.ids.leaves), []);
  assert.ok(w.tablesWith(w.ids.stays).length > 2, 'what stays is remembered');
  assert.equal(await w.double.count(...WRITES), 0, 'it was let go, not taken away');
  assert.ok((await w.double.held(w.ids.leaves)).has('/tree/a.txt'));
});

test('a session that comes back within the day has what it had, and its day begins anew when it leaves again', { skip }, async (t) => {
  const w = await World.make(t);
  await w.apply();
  fs.rmSync(w.copy('leaves'));
  for (const hours of [0, 30]) {
    w.ahead(hours * HOURS);
    w.declareOnly('stays');
    await w.apply();
    w.ahead((hours + 23) * HOURS);
    w.declareOnly('stays', 'leaves');
    await w.apply();
    assert.equal(await w.double.count(...WRITES, 'download_file'), 0, 'nothing is done again');
    assert.ok(!fs.existsSync(w.copy('leaves')), 'an output that was fetched and taken away stays away');
  }
  assert.deepEqual(w.recorded('SELECT * FROM gone_session'), []);
});

test('a session that comes back after the day is met like a new one: nothing is mounted twice', { skip }, async (t) => {
  const w = await World.make(t);
  await w.apply();
  fs.rmSync(w.copy('leaves'));
  w.declareOnly('stays');
  await w.apply();
  w.ahead(25 * HOURS);
  await w.apply();
  w.declareOnly('stays', 'leaves');
  await w.apply();
  assert.equal(await w.double.count('download_file'), 1, 'its output is fetched again');
  assert.ok(fs.existsSync(w.copy('leaves')));
  assert.equal(await w.double.count(...WRITES), 0);
});

test('the record of an output that is gone goes after a day, and what is still there is not fetched again', { skip }, async (t) => {
  const w = await World.make(t);
  const gone = await w.double.agentWrites(w.ids.stays, 'gone.md', 'soon gone');
  await w.apply();
  const outputs = () => w.recorded(`SELECT name FROM output WHERE session_id = '${w.ids.stays}' ORDER BY name`);
  assert.deepEqual(outputs(), ['gone.md', 'report.md']);
  await w.double.call('DELETE', `/v1/files/${gone.id}`);
  fs.rmSync(w.copy('stays'));
  await w.apply();
  w.ahead(23 * HOURS);
  await w.apply();
  assert.deepEqual(outputs(), ['gone.md', 'report.md'], 'a list can leave something out');
  w.ahead(25 * HOURS);
  await w.apply();
  assert.deepEqual(outputs(), ['report.md']);
  assert.deepEqual(w.recorded('SELECT * FROM gone_output'), []);
  assert.equal(await w.double.count('download_file'), 0);
  assert.ok(!fs.existsSync(w.copy('stays')));
  assert.ok(fs.existsSync(path.join(w.dir, 'outputs', 'stays', 'gone.md')), 'what was fetched stays');
});

/** A daemon that goes on after the clock was put ahead. */
async function goesOn(w, text) {
  write(path.join(w.workspace, 'a.txt'), text);
  await w.equal(w.ids.stays, { mount: '/tree' });
}

test('a daemon that has run for days has neither a series nor a record of a session that left', { skip }, async (t) => {
  const w = await World.make(t);
  w.start(['--listen', '127.0.0.1:0', '--outputs-dir', path.join(w.dir, 'outputs'), '--settle', '10ms', ...GRACE], w.shifted);
  const url = await addressOf(w);
  const series = async (name) => (await (await fetch(`${url}/metrics`)).text()).split('\n').filter((line) => line.includes(`session="${name}"`));
  for (const id of Object.values(w.ids)) await w.equal(id, { mount: '/tree' });
  await until('passes of it are counted', async () => (await series('leaves')).some((line) => line.startsWith('sessync_reconcile_total')));
  w.declareOnly('stays');
  await until('no series names it', async () => (await series('leaves')).length === 0);
  w.ahead(1 * HOURS);
  await goesOn(w, 'an hour later');
  await until('it is known since when it is gone', () => w.recorded('SELECT session_id FROM gone_session').includes(w.ids.leaves));
  w.ahead(26 * HOURS);
  await goesOn(w, 'a day later');
  await until(() => `it is forgotten, not known to ${w.tablesWith(w.ids.leaves)}`, () => w.tablesWith(w.ids.leaves).length === 0);
  assert.deepEqual(await series('leaves'), []);
  assert.ok((await series('stays')).length > 0);
  assert.ok(w.tablesWith(w.ids.stays).length > 2);
  assert.deepEqual(await w.stop(), { code: 0, signal: null }, w.daemon.err);
});
