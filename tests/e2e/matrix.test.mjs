// plan right after apply is empty: for every example, under every combination of the answers that the
// API leaves open.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, SOURCES, write } from './harness.mjs';

const OPEN_QUESTIONS = {
  duplicate_mount: ['reject', 'shadow'],
  copy_on_delete: ['kept', 'removed'],
  mutate_while_running: ['ok', '400', '409'],
  archived: ['400', '409'],
  mount_echo: ['resolved', 'as_sent'],
  repo_delete: ['400', 'ok'],
  updated_at_on_rotate: [true, false],
};

function* combinations(questions) {
  const [first, ...rest] = questions;
  if (first === undefined) return yield {};
  for (const answer of first[1]) for (const others of combinations(rest)) yield { [first[0]]: answer, ...others };
}

/** The examples that are a manifest beside a workspace. */
function examples() {
  const root = path.join(SOURCES, 'examples');
  return fs
    .readdirSync(root)
    .filter((name) => fs.existsSync(path.join(root, name, 'sessync.yaml')))
    .map((name) => ({ name, dir: path.join(root, name) }));
}

function place(project, example, session, owner) {
  fs.cpSync(path.join(example.dir, 'workspace'), project.workspace, { recursive: true });
  const text = fs.readFileSync(path.join(example.dir, 'sessync.yaml'), 'utf8');
  project.declare(text.replace(/session_id: .*/, `session_id: ${session}`).replace(/owner: .*/, `owner: ${owner}`));
}

test('there are examples', () => assert.ok(examples().length > 0));

for (const example of examples()) {
  test(`${example.name}: plan right after apply is empty, whatever the API answers`, async (t) => {
    const double = await Double.start(t);
    let number = 0;
    for (const answers of combinations(Object.entries(OPEN_QUESTIONS))) {
      const what = JSON.stringify(answers);
      await double.switches(answers);
      const project = new Project(t, double);
      const session = await double.createSession();
      const theirs = await double.somebodyAdds(session, '/not-ours.txt', 'precious');
      place(project, example, session, `o${number++}`);

      const applied = await project.run('apply');
      assert.equal(applied.code, 0, `${what}: ${applied.out}${applied.err}`);
      const planned = await project.run('plan', ['--detailed-exitcode']);
      assert.equal(planned.code, 0, `${what}: ${planned.out}${planned.err}`);

      const file = fs.readdirSync(project.workspace, { recursive: true, withFileTypes: true }).find((e) => e.isFile());
      write(path.join(file.parentPath ?? file.path, file.name), `edited ${number}`);
      const edited = await project.run('apply');
      assert.equal(edited.code, 0, `${what}: ${edited.out}${edited.err}`);
      assert.equal((await project.run('plan', ['--detailed-exitcode'])).code, 0, what);

      const rows = await double.rows(session);
      assert.ok(rows.some((row) => row.id === theirs.id), `${what}: what is not ours is gone`);
      assert.equal(new Set(rows.map((row) => row.mount_path)).size, rows.length, `${what}: duplicate mounts`);
    }
  });
}
