// Uploads that the manifest names by id, on servers that answer a search by id in other ways than the API's documents say.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, sha256, write } from './harness.mjs';

const SERVERS = {
  'knows ids[]': {},
  'refuses ids[] as unknown': { file_ids: 'unknown' },
  'ignores ids[]': { file_ids: 'ignored' },
  'refuses a malformed id': { malformed_id: '400' },
  'knows no ids[] and refuses a malformed id': { file_ids: 'unknown', malformed_id: '400' },
};

async function start(t, switches) {
  const double = await Double.start(t);
  await double.switches(switches);
  await double.upload('somebody else');
  const project = new Project(t, double);
  const session = await double.createSession();
  return { double, project, session };
}

function declare(project, session, files) {
  const entries = Object.entries(files).map(([mount, what]) => `      - {type: file, ${what}, mount_path: ${mount}}\n`);
  project.declare(`version: 1\nowner: e2e\nsessions:\n  - name: s1\n    session_id: ${session}\n    resources:\n${entries.join('')}`);
}

for (const [name, switches] of Object.entries(SERVERS)) {
  test(`an id that is malformed or unknown concerns its own entry, on a server that ${name}`, async (t) => {
    const { double, project, session } = await start(t, switches);
    const given = await double.upload('given');
    write(path.join(project.workspace, 'a.txt'), 'a');
    declare(project, session, {
      '/a.txt': 'source: a.txt',
      '/given': `file_id: ${given}`,
      '/malformed': 'file_id: file_not-an-id',
      '/unknown': 'file_id: file_0123456789',
    });
    const { code, document } = await project.json('apply', ['--timeout', '20s']);
    assert.equal(code, 4);
    assert.deepEqual(await double.held(session), new Map([['/a.txt', sha256('a')], ['/given', sha256('given')]]));
    const [{ blocked, error }] = document.sessions;
    assert.equal(error, null);
    assert.deepEqual(blocked.map((one) => [one.mount_path, one.code]), [['/malformed', 'file_not_found'], ['/unknown', 'file_not_found']]);
    if (switches.malformed_id) assert.match(blocked[0].reason, /"file_not-an-id" is not a valid file id/);
    const plan = await project.json('plan', ['--detailed-exitcode']);
    assert.equal(plan.code, 4, 'nothing is left to do');
  });

  test(`a content that comes back is not uploaded again, on a server that ${name}`, async (t) => {
    const { double, project, session } = await start(t, switches);
    project.mirror(session);
    for (const text of ['one', 'two']) {
      write(path.join(project.workspace, 'a.txt'), text);
      assert.equal((await project.run('apply')).code, 0);
    }
    await double.resetRequests();
    write(path.join(project.workspace, 'a.txt'), 'one');
    assert.equal((await project.run('apply')).code, 0);
    assert.deepEqual(await double.held(session), new Map([['/a.txt', sha256('one')]]));
    assert.equal(await double.count('upload'), 0);
  });
}
