// The power goes at each call that changes something: what was not synced is gone. State and outputs lie on a disk of
// their own, an image file, of which a copy at that moment is what a real disk would then hold: what the file system
// keeps in memory is not in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { sample, upTo } from '../lib/effort.mjs';
import { SEED } from '../lib/seed.mjs';
import { assertSame, inWorld, runAll, skip, undisturbed } from './cases.mjs';
import { SCENARIOS } from './scenarios.mjs';

const STEP = 9;
const SIZE = 24 * 1024 * 1024;
// Nothing is written before it has to be: no early allocation on rename, no commit of the journal by time, and data
// after the metadata that names it.
const OPTIONS = 'loop,noauto_da_alloc,commit=600,data=writeback';

function root(command, ...args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** A file system in a file. */
class Disk {
  constructor(dir) {
    this.image = path.join(dir, 'disk');
    this.mount = path.join(dir, 'mount');
    fs.mkdirSync(this.mount);
    fs.closeSync(fs.openSync(this.image, 'w'));
    fs.truncateSync(this.image, SIZE);
    root('mkfs.ext4', '-q', '-E', 'lazy_itable_init=1', this.image);
    this.attach();
  }

  attach() {
    root('mount', '-o', OPTIONS, this.image, this.mount);
    this.mounted = true;
  }

  detach() {
    if (this.mounted) root('umount', this.mount);
    this.mounted = false;
  }

  sync() {
    root('sync', '-f', this.mount);
  }

  losePower() {
    root('cp', '--sparse=always', this.image, `${this.image}.then`);
    this.detach();
    fs.renameSync(`${this.image}.then`, this.image);
    this.attach();
  }
}

function onDisk(world, ending) {
  world.disk = new Disk(world.dir);
  ending.after(() => world.disk.detach());
  world.project.state = path.join(world.disk.mount, 'state');
  world.outputs = path.join(world.disk.mount, 'outputs');
}

async function lose({ name, n }, expected) {
  const work = async (world, scenario) => {
    world.disk.sync();
    await scenario.act(world, world.fault(`kill:change:${n}`)).catch(() => {});
    world.disk.losePower();
    const hit = world.calls().at(-1);
    const again = await scenario.act(world);
    assert.equal(again.code, 0, `after ${hit}: ${again.out}${again.err}`);
    if (name !== 'run') assert.equal(again.err, '', `after ${hit}`);
    await assertSame(world, expected);
  };
  await inWorld(name, 'shadow', work, onDisk);
}

/** Why there can be no such disk here. */
function unable() {
  const dir = fs.mkdtempSync('/tmp/sessync-disk-');
  try {
    const disk = new Disk(dir);
    fs.writeFileSync(path.join(disk.mount, 'kept'), 'x');
    disk.sync();
    fs.writeFileSync(path.join(disk.mount, 'lost'), 'x');
    disk.losePower();
    const left = fs.readdirSync(disk.mount);
    disk.detach();
    return left.includes('kept') && !left.includes('lost') ? false : `a copied image has ${left}`;
  } catch (error) {
    return `no loop device that can be mounted: ${error.message}`;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

const why = skip || unable();
for (const name of Object.keys(SCENARIOS)) {
  test(`C2 power loss at every call: ${name}`, { skip: why }, async (t) => {
    const { calls, world } = await undisturbed(name);
    const cases = sample(upTo(calls.length), STEP).map((n) => ({ name, n }));
    await runAll(cases, (one) => lose(one, world));
    t.diagnostic(`${cases.length} power losses left over nothing (seed ${SEED})`);
  });
}
