// The Kubernetes manifests: what kustomize makes of them, and what must be true of it.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import YAML from 'yaml';
import { DEPLOY, needs, run } from './common.mjs';
import { render } from './kustomize.mjs';
import { blocks, commands } from './readme.mjs';

const KUBERNETES = path.join(DEPLOY, 'kubernetes');

/** What an installation of somebody's adds to ours, in a directory beside it. */
function installation(t, text) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-kustomize-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  fs.cpSync(KUBERNETES, path.join(dir, 'kubernetes'), { recursive: true });
  fs.mkdirSync(path.join(dir, 'mine'));
  fs.writeFileSync(path.join(dir, 'mine/kustomization.yaml'), text);
  return path.join(dir, 'mine');
}

const ALL = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../kubernetes/overlays/git-sync]
components: [../kubernetes/components/admin-token, ../kubernetes/components/prometheus-operator]
`;

const ways = {
  base: () => path.join(KUBERNETES, 'base'),
  'git-sync': () => path.join(KUBERNETES, 'overlays/git-sync'),
  'everything at once': (t) => installation(t, ALL),
};

const of = (documents, kind) => documents.filter((document) => document.kind === kind);
const podOf = (documents) => of(documents, 'Deployment')[0].spec.template.spec;
const sessyncOf = (documents) => podOf(documents).containers.find((container) => container.name === 'sessync');
const envOf = (container) => Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

function checkPod(documents) {
  const deployment = of(documents, 'Deployment')[0];
  assert.equal(deployment.spec.replicas, 1);
  assert.equal(deployment.spec.strategy.type, 'Recreate');
  const pod = podOf(documents);
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.enableServiceLinks, false, 'SESSYNC_PORT of a Service would be taken for an option');
  assert.ok(pod.terminationGracePeriodSeconds > 10);
  const { runAsNonRoot, runAsUser, fsGroup, seccompProfile } = pod.securityContext;
  assert.deepEqual({ runAsNonRoot, runAsUser, fsGroup, seccompProfile }, {
    runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' },
  });
  for (const container of pod.containers) checkContainer(pod, container);
}

function checkContainer(pod, container) {
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
  });
  assert.ok(container.resources.requests.memory && container.resources.limits.memory);
  const volumes = pod.volumes.map((volume) => volume.name);
  for (const mount of container.volumeMounts) assert.ok(volumes.includes(mount.name), `${mount.name} is a volume`);
}

function checkProbesAndService(documents) {
  const container = sessyncOf(documents);
  assert.equal(container.livenessProbe.httpGet.path, '/livez');
  assert.equal(container.readinessProbe.httpGet.path, '/readyz');
  const ports = container.ports.map((port) => port.name);
  for (const probe of ['livenessProbe', 'readinessProbe']) assert.ok(ports.includes(container[probe].httpGet.port));
  assert.ok(ports.includes(of(documents, 'Service')[0].spec.ports[0].targetPort));
}

function checkSecrets(documents) {
  assert.deepEqual(of(documents, 'Secret'), [], 'secrets are referred to, never part of it');
  const container = sessyncOf(documents);
  const mountOf = (volume) => container.volumeMounts.find(({ name }) => name === volume)?.mountPath;
  const key = container.args.find((arg) => arg.startsWith('--api-key-file=')).split('=')[1];
  assert.equal(path.dirname(key), mountOf('api-key'));
  assert.equal(envOf(container).SESSYNC_SECRETS_DIR, mountOf('tokens'));
  const admin = envOf(container).SESSYNC_ADMIN_TOKEN_FILE;
  assert.equal(admin && path.dirname(admin), mountOf('admin-token'));
  const secrets = podOf(documents).volumes.filter(({ secret }) => secret).map(({ secret }) => secret.secretName);
  assert.equal(new Set(secrets).size, secrets.length, 'whoever may ask for a token finds no key beside it');
  for (const [name, value] of Object.entries(envOf(container))) assert.ok(!/KEY|TOKEN$/.test(name), `${name}=${value}`);
}

function checkSelectors(documents) {
  const labels = of(documents, 'Deployment')[0].spec.template.metadata.labels;
  const selectors = [
    of(documents, 'Deployment')[0].spec.selector.matchLabels,
    of(documents, 'Service')[0].spec.selector,
    of(documents, 'NetworkPolicy')[0].spec.podSelector.matchLabels,
    ...of(documents, 'PodMonitor').map((monitor) => monitor.spec.selector.matchLabels),
  ];
  for (const selector of selectors) {
    for (const [name, value] of Object.entries(selector)) assert.equal(labels[name], value);
  }
}

/** Metadata servers of clouds, clusters and networks of one's own, and others. */
const CLOSED = ['169.254.169.254', '169.254.170.2', '10.96.0.1', '172.20.0.1', '192.168.1.1', '100.64.0.1', '127.0.0.1', '::1', 'fe80::1', 'fd00:ec2::254', 'fc00::1'];
const OPEN = ['160.79.104.10', '140.82.121.6', '2607:6bc0::10'];

function holds(cidr, address) {
  const [network, length] = cidr.split('/');
  if (net.isIPv4(network) !== net.isIPv4(address)) return false;
  const list = new net.BlockList();
  list.addSubnet(network, Number(length), net.isIPv4(network) ? 'ipv4' : 'ipv6');
  return list.check(address, net.isIPv4(address) ? 'ipv4' : 'ipv6');
}

const leadsTo = (rule, address) =>
  rule.to.some(({ ipBlock }) => ipBlock && holds(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((without) => holds(without, address)));

function checkNetwork(documents) {
  const { policyTypes, ingress, egress } = of(documents, 'NetworkPolicy')[0].spec;
  assert.deepEqual(policyTypes, ['Ingress', 'Egress']);
  assert.deepEqual(egress.flatMap((rule) => rule.ports.map((port) => port.port)), [53, 53, 443]);
  for (const address of CLOSED) assert.ok(!egress.some((rule) => leadsTo(rule, address)), `${address} cannot be reached`);
  for (const address of OPEN) assert.ok(egress.some((rule) => leadsTo(rule, address)), `${address} can be reached`);
  assert.ok(ingress.every((rule) => rule.from.length > 0), 'nobody is let in from everywhere');
  assert.deepEqual(ingress.flatMap((rule) => rule.ports.map((port) => port.port)), [8900]);
}

for (const [name, directory] of Object.entries(ways)) {
  test(`${name}: is what it should be`, (t) => {
    const documents = render(directory(t));
    for (const document of documents) {
      assert.ok(document.apiVersion && document.kind && document.metadata.name);
      assert.equal(document.metadata.namespace, undefined, 'whoever installs it says where');
    }
    checkPod(documents);
    checkProbesAndService(documents);
    checkSecrets(documents);
    checkSelectors(documents);
    checkNetwork(documents);
  });

  test(`${name}: kubectl renders the same`, needs('kubectl'), (t) => {
    const dir = directory(t);
    const rendered = YAML.parseAllDocuments(run('kubectl', ['kustomize', dir]).stdout).map((d) => d.toJS());
    const sort = (documents) => [...documents].sort((a, b) => (a.kind + a.metadata.name < b.kind + b.metadata.name ? -1 : 1));
    assert.deepEqual(sort(rendered), sort(render(dir)));
  });
}

test('base: every file of the ConfigMaps is mounted where sessync looks', () => {
  const documents = render(ways.base());
  const container = sessyncOf(documents);
  const mounts = Object.fromEntries(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
  assert.deepEqual(Object.keys(of(documents, 'ConfigMap').find((c) => c.metadata.name === 'sessync-manifest').data), ['sessync.yaml']);
  // The image's defaults.
  const image = fs.readFileSync(path.join(DEPLOY, 'Dockerfile'), 'utf8');
  assert.equal(mounts.manifest, path.dirname(image.match(/SESSYNC_MANIFEST=(\S+)/)[1]));
  assert.equal(mounts.workspace, image.match(/SESSYNC_WORKSPACE=(\S+)/)[1]);
  assert.equal(mounts.state, image.match(/SESSYNC_STATE_DIR=(\S+)/)[1]);
});

test('git-sync: manifest and workspace lie behind one link, and nothing else is left of the ConfigMaps', () => {
  const documents = render(ways['git-sync']());
  const env = envOf(sessyncOf(documents));
  const gitSync = podOf(documents).containers.find((container) => container.name === 'git-sync');
  const argument = (name) => gitSync.args.find((arg) => arg.startsWith(`--${name}=`)).split('=')[1];
  assert.equal(env.SESSYNC_WORKSPACE, `${argument('root')}/${argument('link')}`);
  assert.equal(path.dirname(env.SESSYNC_MANIFEST), env.SESSYNC_WORKSPACE);
  assert.deepEqual(of(documents, 'ConfigMap'), []);
  assert.doesNotMatch(JSON.stringify(documents), /configMap/);
  const readOnly = sessyncOf(documents).volumeMounts.find((mount) => mount.name === 'git');
  assert.equal(readOnly.readOnly, true);
});

test('the renderer refuses what it does not know', (t) => {
  assert.throws(() => render(installation(t, 'namePrefix: mine-\n')), /namePrefix/);
});

/** `kubectl ...` of the README, as far as it can be run without a cluster; what it printed. */
function runShown(words, dir, documents) {
  const [program, ...args] = words;
  assert.equal(program, 'kubectl');
  const options = { cwd: dir };
  if (args[0] === 'kustomize') return run(program, args, options).stdout;
  if (args[0] === 'apply') return run(program, ['kustomize', args[args.indexOf('-k') + 1]], options).stdout;
  if (args.includes('create')) return run(program, [...args, '--dry-run=client', '-o', 'yaml'], options).stdout;
  // The rest needs a cluster: it must be about what is there.
  assert.ok(args.some((arg) => ['rollout', 'exec', 'port-forward'].includes(arg)), words.join(' '));
  assert.ok(args.includes('deployment/sessync'), words.join(' '));
  assert.equal(args[args.indexOf('-n') + 1], of(documents, 'Deployment')[0].metadata.namespace);
  return '';
}

test("the README's kubectl commands fit what is there", needs('kubectl'), (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sessync-kustomize-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  fs.cpSync(KUBERNETES, path.join(dir, 'deploy/kubernetes'), { recursive: true });
  const production = path.join(dir, 'deploy/kubernetes/production');
  fs.mkdirSync(production);
  fs.writeFileSync(path.join(production, 'kustomization.yaml'), blocks('Kubernetes', 'yaml')[0]);
  for (const key of ['api-key', 'github-token', 'admin-token']) fs.writeFileSync(path.join(dir, key), 'a secret');
  const documents = YAML.parseAllDocuments(run('kubectl', ['kustomize', production]).stdout).map((d) => d.toJS());
  const printed = commands('Kubernetes').map((line) => runShown(line.split(/\s+/), dir, documents));

  const secrets = printed.flatMap((text) => YAML.parseAllDocuments(text).map((d) => d.toJS())).filter((d) => d?.kind === 'Secret');
  const made = Object.fromEntries(secrets.map(({ metadata, data }) => [metadata.name, Object.keys(data)]));
  assert.deepEqual(made, { 'sessync-api-key': ['api-key'], 'sessync-tokens': ['github-token'], 'sessync-admin-token': ['admin-token'] });
  const mounted = podOf(documents).volumes.filter(({ secret }) => secret).map(({ secret }) => secret.secretName);
  assert.deepEqual(mounted.sort(), Object.keys(made).sort());
  assert.ok(documents.every((document) => document.metadata.namespace === 'sessync'));
  assert.equal(sessyncOf(documents).image, 'registry.example.org/sessync:0.1.0');
  const gitSync = podOf(documents).containers.find((container) => container.name === 'git-sync');
  assert.equal(envOf(gitSync).GITSYNC_REPO, 'https://git.example.org/team/sessions');
  assert.equal(envOf(gitSync).GITSYNC_REF, 'main', 'the rest of it is kept');
  checkPod(documents);
});
