// plan right after apply is empty: under every combination of the answers that the API leaves open for files,
// under each of them for everything that a session can hold.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { byEffort } from '../lib/effort.mjs';
import { CANARY, Double, Project, SOURCES, write } from './harness.mjs';

const OPEN_QUESTIONS = {
  duplicate_mount: ['reject', 'shadow'],
  copy_on_delete: ['kept', 'removed'],
  mutate_while_running: ['ok', '400', '409'],
  archived: ['400', '409'],
  mount_echo: ['resolved', 'as_sent'],
  repo_delete: ['400', 'ok'],
  updated_at_on_rotate: [true, false],
};
/** And what has no bearing on a session that holds files of the workspace only. */
const MORE_QUESTIONS = {
  ...OPEN_QUESTIONS,
  metadata_update: ['merged', 'replaced'],
  default_mount: ['said', 'omitted'],
  optional: ['said', 'omitted'],
  file_ids: ['known', 'unknown', 'ignored'],
  malformed_id: ['absent', '400'],
};

function* combinations(questions) {
  const [first, ...rest] = questions;
  if (first === undefined) return yield {};
  for (const answer of first[1]) for (const others of combinations(rest)) yield { [first[0]]: answer, ...others };
}

/** The first answer to every question, and each other answer alone. */
function* oneAtATime(questions) {
  const usual = Object.fromEntries(questions.map(([name, answers]) => [name, answers[0]]));
  yield usual;
  for (const [name, answers] of questions) for (const answer of answers.slice(1)) yield { ...usual, [name]: answer };
}

/** Puts an example's workspace and its manifest, with `values` for its ${NAMES}, into the project. */
function place(project, example, owner, values) {
  const dir = path.join(SOURCES, 'examples', example);
  fs.cpSync(path.join(dir, 'workspace'), project.workspace, { recursive: true });
  const text = fs.readFileSync(path.join(dir, 'sessync.yaml'), 'utf8');
  const filled = text.replace(/\$\{(\w+)\}/g, (_, name) => values[name]);
  project.declare(filled.replace(/owner: .*/, `owner: ${owner}`));
}

async function succeeds(project, what, command, args = []) {
  const result = await project.run(command, args);
  assert.equal(result.code, 0, `${what}: ${result.out}${result.err}`);
}

/** Apply, an empty plan, an edit, apply, an empty plan; what somebody else put into `session` stays. */
async function staysEqual(project, what, session) {
  const theirs = await project.double.somebodyAdds(session, '/not-ours.txt', 'precious');
  const anywhere = await project.double.somebodyAdds(session, undefined, 'precious as well');
  await succeeds(project, what, 'apply');
  await succeeds(project, what, 'plan', ['--detailed-exitcode']);

  const file = fs.readdirSync(project.workspace, { recursive: true, withFileTypes: true }).find((e) => e.isFile());
  write(path.join(file.parentPath ?? file.path, file.name), `edited ${what}`);
  await succeeds(project, what, 'apply');
  await succeeds(project, what, 'plan', ['--detailed-exitcode']);

  const rows = await project.double.rows(session);
  for (const { id } of [theirs, anywhere]) assert.ok(rows.some((row) => row.id === id), `${what}: what is not ours is gone`);
  assert.equal(new Set(rows.map((row) => row.mount_path)).size, rows.length, `${what}: duplicate mounts`);
}

test('quickstart: plan right after apply is empty, whatever the API answers', async (t) => {
  const choose = byEffort({ quick: oneAtATime, usual: combinations, full: combinations });
  const waiting = choose(Object.entries(OPEN_QUESTIONS));
  let number = 0;
  const lane = async () => {
    const double = await Double.start(t);
    for (const answers of waiting) {
      await double.switches(answers);
      const project = new Project(t, double);
      const session = await double.createSession();
      place(project, 'quickstart', `o${number++}`, { SESSION: session });
      await staysEqual(project, JSON.stringify(answers), session);
    }
  };
  await Promise.all([lane(), lane()]);
});

test('everything: plan right after apply is empty, whatever the API answers', async (t) => {
  const double = await Double.start(t);
  const url = 'https://github.com/example-org/example-repo';
  const repository = { type: 'github_repository', url, mount_path: '/workspace/example-repo', authorization_token: 'x' };
  let number = 0;
  for (const answers of oneAtATime(Object.entries(MORE_QUESTIONS))) {
    await double.switches(answers);
    const project = new Project(t, double);
    const coding = await double.createSession({ resources: [repository] });
    const values = { REVIEWING: await double.createSession(), CODING: coding, REFERENCE: await double.upload('reference') };
    place(project, 'everything', `o${number++}`, values);
    write(path.join(project.workspace, 'corpus/1.txt'), 'one');
    write(path.join(project.workspace, 'corpus/2.txt'), 'two');
    write(path.join(project.dir, 'github-token'), `${CANARY}\n`);
    await staysEqual(project, JSON.stringify(answers), coding);
  }
});
