// What the tests of running containers share: workspaces that the container's user can read, and waiting.
import * as fs from 'node:fs';
import { filesBelow, same, scratch, until } from '../e2e/harness.mjs';

export const SESSYNC = 'localhost/sessync:test';
export const DOUBLE = 'localhost/sessync-double:test';
export const LOCKED_UP = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--pids-limit', '256',
  '--memory', '512m'];
/** A container beside sessync's, on the same loopback. */
export const TO_DOUBLE = 'http://127.0.0.1:8901';

/** A directory that user 65532 can read. */
export function readable(t) {
  const dir = scratch(t);
  fs.chmodSync(dir, 0o755);
  return dir;
}

/** A manifest that mirrors the workspace into a session; without an id: into one that it makes. */
export const mirror = (session) => `version: 1
owner: deploy
sessions:
  - name: s
    ${session ? `session_id: ${session}` : 'create: {agent: agent_demo, environment_id: env_demo}'}
    max_deletes: 100%
    resources: [{type: file, source: ./, mount_path: /}]
`;

/** The files that a session must hold for this directory: the manifest is none of them. */
export const mirrored = (dir, mount = '') => filesBelow(dir, mount, (name) => ['.git', 'sessync.yaml'].includes(name));

/** Waits until the session holds the files of the directory. */
export async function equal(double, session, dir, container) {
  let held;
  const said = () => `the session equals ${dir}; it holds ${[...(held?.keys() ?? [])]}; ${double.podman.logs(container)}`;
  await until(said, () => {
    held = double.held(session);
    return same(held, mirrored(dir));
  });
}

/** Waits until the double in this container answers. */
export const answers = (double) =>
  until('the double answers', () => double.podman.fetch(double.container, `${TO_DOUBLE}/`).status > 0);
