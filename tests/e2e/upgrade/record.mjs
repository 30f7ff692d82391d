// Writes recorded.json and state.sql: what a version leaves behind that has mounted the world of world.mjs.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Double, Project, scratch } from '../harness.mjs';
import { REPOSITORY, ROWS, TOKEN, VARIABLE, manifestOf, writeWorkspace } from './world.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const ends = [];
const t = { after: (end) => ends.unshift(end) };
const project = new Project(t, await Double.start(t), scratch(t));
writeWorkspace(project.workspace);
const ids = {};
for (const row of ROWS) {
  ids[row.name] = await project.double.createSession({ resources: row.repository ? [REPOSITORY] : [] });
  for (const [name, text] of Object.entries(row.outputs ?? {})) await project.double.agentWrites(ids[row.name], name, text);
}
project.declare(manifestOf(ids));

const words = ['--secrets-dir', project.workspace, '--outputs-dir', path.join(project.dir, 'outputs'), '--list-grace', '1s', '--timeout', '5m'];
for (let look = 0; look < 2; ++look) {
  const { code, out, err } = await project.run('apply', words, { [VARIABLE]: TOKEN });
  if (code !== 0) throw new Error(`apply ended with ${code}: ${out}${err}`);
  await pause(1_500); // after that nothing of the session can be hidden
}

await project.beginAlone('version').ended;
const recorded = { version: project.children.at(-1).out.trim(), sessions: {}, uploads: {} };
for (const [name, id] of Object.entries(ids)) {
  const { data: files } = await project.double.call('GET', `/v1/files?scope_id=${id}`);
  const nameOf = (row) => files.find((file) => file.id === row.file_id)?.filename;
  const rows = (await project.double.rows(id)).map((row) => ({ id: row.id, copy: row.file_id, mount: row.mount_path, filename: nameOf(row) }));
  const copies = new Set(rows.map((row) => row.copy));
  const outputs = files.filter((file) => !copies.has(file.id)).map((file) => ({ id: file.id, filename: file.filename }));
  recorded.sessions[name] = { id, rows, outputs };
}
for (const { id, filename } of (await project.double.call('GET', '/v1/files')).data) recorded.uploads[filename] = id;
recorded.fingerprintKey = fs.readFileSync(path.join(project.state, 'fingerprint.key')).toString('hex');
fs.writeFileSync(path.join(here, 'recorded.json'), `${JSON.stringify(recorded, null, 1)}\n`);

const query = (...commands) => {
  const { status, stdout, stderr } = spawnSync('sqlite3', [path.join(project.state, 'state.db'), ...commands], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};
// Digests go with this machine's files.
const lines = query('.dump').split('\n').filter((line) => !line.startsWith('INSERT INTO digest '));
fs.writeFileSync(path.join(here, 'state.sql'), `${lines.join('\n')}PRAGMA user_version = ${query('PRAGMA user_version').trim()};\n`);
for (const end of ends) await end();
