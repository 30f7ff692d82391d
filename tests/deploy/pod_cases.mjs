// The Kubernetes manifests, run by podman, with the double in the same pod.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import YAML from 'yaml';
import { same, scratch, sh, until, write } from '../e2e/harness.mjs';
import { DEPLOY, TOP } from './common.mjs';
import { DOUBLE, SESSYNC, TO_DOUBLE, equal, mirror, mirrored, readable } from './contained.mjs';
import { merge, render } from './kustomize.mjs';
import { ContainedDouble } from './podman.mjs';

const GIT_SYNC = 'localhost/git-sync:test';
const CONTAINER = 'sessync-pod-0-sessync';

/** What a cluster would have that this test does without: see each line. */
function forPodman(documents, patch) {
  const pod = documents.find((document) => document.kind === 'Deployment');
  const patched = merge(pod, patch);
  for (const container of patched.spec.template.spec.containers) {
    delete container.ports; // would be published on this machine
    delete container.livenessProbe; // podman runs curl in the container
    delete container.readinessProbe;
  }
  // This podman dereferences what may be absent.
  for (const { secret } of patched.spec.template.spec.volumes) if (secret) secret.optional = false;
  const made = Object.entries({ 'sessync-api-key': 'api-key', 'sessync-tokens': 'github-token' }).map(([name, key]) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { [key]: btoa('example') } }));
  const rest = documents.filter((document) => document !== pod && /^(ConfigMap|PersistentVolumeClaim)$/.test(document.kind));
  return [...made, ...rest, patched].map((document) => YAML.stringify(document)).join('---\n');
}

const DOUBLE_BESIDE = { name: 'double', image: DOUBLE, imagePullPolicy: 'Never' };
const BASE_URL = { name: 'ANTHROPIC_BASE_URL', value: TO_DOUBLE };
const patchOf = (containers, volumes = []) => ({ spec: { template: { spec: { containers, volumes } } } });

/** Plays the documents until the end of the test; the double in the pod. */
function play(podman, t, text) {
  const file = path.join(scratch(t), 'pod.yaml');
  fs.writeFileSync(file, text);
  t.after(() => {
    podman.try('pod', 'rm', '--all', '--force', '--time', '0');
    podman.try('volume', 'rm', '--all', '--force');
    podman.try('secret', 'rm', '--all');
  });
  podman.do('play', 'kube', '--build=false', '--network', 'none', file);
  return new ContainedDouble(podman, 'sessync-pod-0-double');
}

/** A repository with a manifest and a file, and a way to push to it. */
function repository(t) {
  const dir = readable(t);
  const checkout = path.join(dir, 'checkout');
  fs.mkdirSync(checkout);
  sh(dir, 'git init -q --bare -b main repo.git && git -C checkout init -q -b main');
  const push = (files) => {
    for (const [name, text] of Object.entries(files)) write(path.join(checkout, name), text);
    sh(checkout, 'git add -A && git commit -qm change && git push -q ../repo.git main');
  };
  return { checkout, bare: path.join(dir, 'repo.git'), push };
}

export function podCases(podman, whole) {
  test('podman play kube runs the Kubernetes base', whole, async (t) => {
    const documents = render(path.join(DEPLOY, 'kubernetes/base'));
    const manifest = documents.find((document) => document.metadata.name === 'sessync-manifest');
    manifest.data['sessync.yaml'] = mirror(null);
    const sessync = { name: 'sessync', image: SESSYNC, env: [BASE_URL] };
    const double = play(podman, t, forPodman(documents, patchOf([sessync, DOUBLE_BESIDE])));
    const session = await until(() => `a session is made; ${podman.logs(CONTAINER)}`, () => double.sessions()[0]?.id);
    await equal(double, session, path.join(DEPLOY, 'kubernetes/base/workspace'), CONTAINER);
    await until('it is ready', () => podman.fetch(CONTAINER, 'http://127.0.0.1:8900/readyz').status === 200);
    assert.match(podman.do('exec', CONTAINER, 'cat', '/proc/1/status'), /^Uid:\s+65532[^]*^CapEff:\s+0+$[^]*^Seccomp:\s+2$/m);
    assert.notEqual(podman.try('exec', CONTAINER, 'touch', '/x').status, 0, 'the root file system is read-only');
  });

  test('podman play kube runs the overlay git-sync: a push is in the session, manifest and files at once', whole, async (t) => {
    podman.build('git-sync', GIT_SYNC, 'tests/deploy/git-sync.Dockerfile', path.join(TOP, 'tests/deploy'));
    const { bare, checkout, push } = repository(t);
    push({ 'sessync.yaml': mirror(null), 'a.txt': 'one' });
    const hostPath = (name, at) => ({ name, hostPath: { path: at } });
    const containers = [
      { name: 'sessync', image: SESSYNC, env: [BASE_URL] },
      DOUBLE_BESIDE,
      { name: 'git-sync', image: GIT_SYNC, imagePullPolicy: 'Never', env: [{ name: 'GITSYNC_REPO', value: 'file:///repo.git' }],
        volumeMounts: [{ name: 'repo', mountPath: '/repo.git', readOnly: true }] },
    ];
    const documents = render(path.join(DEPLOY, 'kubernetes/overlays/git-sync'));
    const double = play(podman, t, forPodman(documents, patchOf(containers, [hostPath('repo', bare)])));
    const session = await until(() => `a session is made; ${podman.logs(CONTAINER)}`, () => double.sessions()[0]?.id);
    await equal(double, session, checkout, CONTAINER);
    push({ 'sessync.yaml': mirror(null).replace('mount_path: /', 'mount_path: /moved'), 'a.txt': 'two', 'b.txt': 'new' });
    await until(() => `the push has arrived; ${podman.logs(CONTAINER)}`, () => same(double.held(session), mirrored(checkout, '/moved')));
  });
}
