// The unit's SystemCallFilter= as a seccomp profile, so that a container can be run under it: no test has systemd.
import { run, source } from './common.mjs';

/** The system calls of systemd's groups and names. */
function expand(names) {
  return names.flatMap((name) => {
    if (!name.startsWith('@')) return [name];
    const lines = run('systemd-analyze', ['syscall-filter', name]).stdout.split('\n').slice(1);
    return expand(lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')));
  });
}

/** In the form that container engines read. */
export function seccompProfile() {
  const allowed = new Set();
  for (const [, without, names] of source('systemd/sessync.service').matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const name of expand(names.split(/\s+/))) {
      if (without) allowed.delete(name);
      else allowed.add(name);
    }
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1, // EPERM, as the unit has it
    syscalls: [{ names: [...allowed].sort(), action: 'SCMP_ACT_ALLOW' }],
  };
}
