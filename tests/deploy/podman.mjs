// Containers without a registry and without a trace: podman and buildah with storage of their own below one
// directory, which is removed with everything in it.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { TOP, has, run } from './common.mjs';

const PROGRAMS = ['podman', 'buildah', 'runc', 'conmon', 'nsenter', 'curl'];
const BASE = 'localhost/debian:bookworm-slim';

// Limits that can be set without CAP_SYS_RESOURCE; runc, because crun refuses hybrid cgroups.
const settings = (dir) => `[containers]
default_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "${dir}/tmp"
[network]
network_backend = "netavark"
network_config_dir = "${dir}/networks"
`;

/** Why no container can be built here; null if one can. */
export function obstacle() {
  if (process.getuid() !== 0) return 'containers are built and run by root only';
  const missing = PROGRAMS.filter((program) => !has(program));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  const kinds = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork'];
  const apart = spawnSync('unshare', [...kinds, 'mount', '-t', 'tmpfs', 'none', '/mnt'], { encoding: 'utf8' });
  if (apart.status !== 0) return `no namespaces and mounts for containers: ${apart.stderr ?? apart.error}`;
  const rootfs = spawnSync(path.join(TOP, 'tests/lib/rootfs.sh'), { encoding: 'utf8' });
  return rootfs.status === 0 ? null : `no root file system: ${rootfs.stderr ?? rootfs.error}`;
}

/** Where compiled objects are kept from one run to the next; shared with the builds outside of containers. */
function objectCache() {
  const home = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  const dir = process.env.CCACHE_DIR ?? path.join(process.env.SESSYNC_CACHE_DIR ?? home, 'sessync-ccache');
  fs.mkdirSync(dir, { recursive: true });
  return dir;
}

export class Podman {
  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-pod-'));
    fs.writeFileSync(path.join(this.dir, 'containers.conf'), settings(this.dir));
    this.storage = ['--root', path.join(this.dir, 'root'), '--runroot', path.join(this.dir, 'run')];
    this.options = {
      cwd: fs.mkdtempSync(path.join(this.dir, 'empty-')),
      env: { ...process.env, CONTAINERS_CONF: path.join(this.dir, 'containers.conf'), TMPDIR: this.dir },
    };
  }

  /** podman ARGS; what it printed. */
  do(...args) {
    return run('podman', [...this.storage, ...args], this.options).stdout.trim();
  }

  /** podman ARGS, which may fail. */
  try(...args) {
    return spawnSync('podman', [...this.storage, ...args], { ...this.options, encoding: 'utf8' });
  }

  /** The image that stands for debian:bookworm-slim. */
  importBase() {
    const tarball = run(path.join(TOP, 'tests/lib/rootfs.sh'), []).stdout.trim();
    this.do('import', tarball, BASE);
  }

  /** Builds a Dockerfile up to `target`, by default ours from this checkout. */
  build(target, tag, file = 'deploy/Dockerfile', context = TOP) {
    const args = ['bud', '--isolation', 'chroot', '--pull-never', '--network', 'host', '--format', 'docker', '--layers',
      '--build-arg', `BASE=${BASE}`, '--build-arg', 'PRESET=ci', '--volume', `${objectCache()}:/root/.cache/ccache`,
      '--target', target, '--tag', tag, '--file', path.join(TOP, file), context];
    return run('buildah', [...this.storage, ...args], this.options);
  }

  /** The end of what a container logged. */
  logs(container) {
    return this.try('logs', container).stderr.slice(-2000);
  }

  /** Removes containers one after the other: one whose network another shares goes after that one. */
  discard(...containers) {
    for (const container of containers) this.try('rm', '--force', '--volumes', '--time', '0', container);
  }

  /** What `inspect` says of a container. */
  inspect(container) {
    return JSON.parse(this.do('container', 'inspect', container))[0];
  }

  /** An HTTP request to what listens in the container: {status, text}. */
  fetch(container, url, { method = 'GET', headers = {}, body } = {}) {
    const args = ['-t', String(this.inspect(container).State.Pid), '-n', 'curl', '-sS', '--max-time', '20', '--noproxy', '*',
      '-X', method, '-w', '\n%{http_code}', url];
    for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`);
    if (body !== undefined) args.push('--data-binary', body);
    const result = spawnSync('nsenter', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (result.status !== 0) return { status: 0, text: result.stderr };
    const end = result.stdout.lastIndexOf('\n');
    return { status: Number(result.stdout.slice(end + 1)), text: result.stdout.slice(0, end) };
  }

  /** Monitors of commands that ran in a container stay for minutes after it. */
  endMonitors() {
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      try {
        const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (line.includes('conmon') && line.includes(this.dir)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }

  /** Nothing is left: no container, no process, no mount, no file. */
  remove() {
    if (!fs.existsSync(this.dir)) return;
    this.try('pod', 'rm', '--all', '--force', '--time', '0');
    this.try('rm', '--all', '--force', '--time', '0');
    this.try('volume', 'rm', '--all', '--force');
    this.endMonitors();
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4]);
    for (const mount of mounts.filter((at) => at?.startsWith(this.dir)).reverse()) spawnSync('umount', ['-l', mount]);
    run('rm', ['-rf', this.dir]); // a root file system or four: node takes minutes
  }
}

const HEADERS = {
  'x-api-key': 'example',
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'managed-agents-2026-04-01',
};

/** The API double in a container, seen from within its network. */
export class ContainedDouble {
  constructor(podman, container) {
    Object.assign(this, { podman, container });
  }

  call(method, target, body) {
    const headers = body === undefined ? HEADERS : { ...HEADERS, 'content-type': 'application/json' };
    const options = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
    const { status, text } = this.podman.fetch(this.container, `http://127.0.0.1:8901${target}`, options);
    if (status < 200 || status > 299) throw new Error(`${method} ${target}: ${status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  createSession() {
    return this.call('POST', '/v1/sessions', { agent: 'agent_1', environment_id: 'env_1' }).id;
  }

  sessions() {
    return this.call('GET', '/v1/sessions').data;
  }

  /** What the session holds: path below the uploads directory -> sha256. */
  held(session) {
    const held = this.call('GET', `/_double/held?session_id=${session}`);
    const list = Array.isArray(held) ? held : held.data ?? held.held;
    return new Map(list.map((row) => [row.mount_path.replace(/^\/mnt\/session\/uploads/, ''), row.sha256]));
  }

  count(operation) {
    return this.call('GET', '/_double/requests').counts[operation] ?? 0;
  }
}
