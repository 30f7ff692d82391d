// What a pass can have to do: a start state, and a change that is to be applied while things go wrong.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { URL } from './world.mjs';

const TREE = '{type: file, source: ./, mount_path: /tree}';
const repository = `{type: github_repository, url: "${URL}", mount_path: /workspace/r, authorization_token: {file: token}}`;
const STARTING_REPOSITORY = {
  resources: [{ type: 'github_repository', url: URL, mount_path: '/workspace/r', authorization_token: 'first' }],
};

/** A session that mirrors a tree of files and was brought up to date. */
const mirrored = (...names) => async (world) => {
  for (const name of names) world.file(name, `the first ${name}`);
  await world.session([TREE]);
};

const apply = (world, env, extra) => world.apply(env, extra);

/** name -> {prepare, change, act}: `prepare` declares, and is followed by an undisturbed act. */
export const SCENARIOS = {
  add: {
    prepare: mirrored('a', 'b'),
    change(world) {
      world.file('c', 'new');
      world.file('d/e', 'new too');
      world.file('f/c', 'new'); // the content of c: one upload for both
    },
    act: apply,
  },
  replace: {
    prepare: mirrored('a', 'b', 'c', 'd'),
    change(world) {
      for (const name of ['a', 'b', 'c']) world.file(name, `the second ${name}`);
    },
    act: apply,
  },
  delete: {
    prepare: mirrored('a', 'b', 'c', 'd'),
    change(world) {
      for (const name of ['b', 'c']) fs.rmSync(path.join(world.project.workspace, name));
    },
    act: apply,
  },
  move: {
    prepare: mirrored('a', 'b', 'c'),
    change(world) {
      fs.renameSync(path.join(world.project.workspace, 'a'), path.join(world.project.workspace, 'z'));
      // A directory takes the place of a file: what is mounted above has to go first.
      fs.rmSync(path.join(world.project.workspace, 'b'));
      world.file('b/inside', 'below');
    },
    act: apply,
  },
  rotate: {
    async prepare(world) {
      await world.token('second-token');
      await world.session([repository], '', STARTING_REPOSITORY);
    },
    change: (world) => world.token('third-token'),
    act: apply,
  },
  create: {
    async prepare(world) {
      await world.token('second-token');
      world.file('a', 'one');
      world.file('b', 'two');
      world.declare('create: {agent: agent_1, environment_id: env_1, title: Made}', [TREE, repository]);
      world.unprepared = true;
    },
    change() {},
    act: apply,
  },
  outputs: {
    async prepare(world) {
      world.file('a', 'one');
      await world.session([TREE], '    outputs: {}\n');
      await world.double.agentWrites(world.id, 'report.md', 'first');
    },
    async change(world) {
      await world.double.agentWrites(world.id, 'report.md', 'the second report');
      await world.double.agentWrites(world.id, 'large.csv', '0123456789abcdef'.repeat(20_000));
      await world.double.agentWrites(world.id, 'empty', '');
    },
    act: apply,
  },
  // The state directory was lost: everything is recognised again, and replaced at the same time.
  'lost state': {
    prepare: mirrored('a', 'b', 'c'),
    change(world) {
      fs.rmSync(world.project.state, { recursive: true });
      world.file('a', 'the second a');
      world.file('d', 'new');
      fs.rmSync(path.join(world.project.workspace, 'c'));
    },
    act: apply,
  },
  run: {
    prepare: mirrored('a', 'b', 'c'),
    change(world) {
      world.file('a', 'the second a');
      world.file('d', 'new');
      fs.rmSync(path.join(world.project.workspace, 'c'));
    },
    act: (world, env) => world.daemon(env), // until it says that it is done
  },
};

/** Brings a world to where a scenario's change waits to be applied. */
export async function bring(world, scenario) {
  await scenario.prepare(world);
  if (!world.unprepared) {
    const first = await world.apply();
    if (first.code !== 0) throw new Error(`the start state was not reached: ${first.out}${first.err}`);
  }
  await scenario.change(world);
}
