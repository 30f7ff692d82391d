// As much of kustomize as deploy/kubernetes uses, so that the manifests are tested where kubectl is absent. Where
// it is there, its output must be the same (see kubernetes.test.mjs).
import * as fs from 'node:fs';
import * as path from 'node:path';
import YAML from 'yaml';

// Kubernetes speaks YAML 1.1: 0440 is octal.
const read = (file) => YAML.parseAllDocuments(fs.readFileSync(file, 'utf8'), { version: '1.1' }).map((d) => d.toJS());

/** By what the elements of a list are known to be the same, where they are not replaced as a whole. */
const MERGE_KEYS = { containers: 'name', volumes: 'name', env: 'name', volumeMounts: 'mountPath', ports: 'containerPort' };

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** The patch's elements come first, in its order. */
function mergeLists(name, base, patch) {
  const key = MERGE_KEYS[name];
  if (key === undefined) return patch;
  const old = new Map(base.map((element) => [element[key], element]));
  const merged = patch.map((element) => (old.has(element[key]) ? merge(old.get(element[key]), element) : element));
  for (const element of patch) old.delete(element[key]);
  return [...merged.filter((element) => element.$patch !== 'delete'), ...old.values()];
}

/** A strategic merge: maps by key, lists by the keys above. */
export function merge(base, patch) {
  const result = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (isMap(value) && isMap(base[name])) result[name] = merge(base[name], value);
    else if (Array.isArray(value) && Array.isArray(base[name])) result[name] = mergeLists(name, base[name], value);
    else if (value === null) delete result[name];
    else result[name] = value;
  }
  return result;
}

function generate(dir, generator, options) {
  const data = generator.files.map((file) => [path.basename(file), fs.readFileSync(path.join(dir, file), 'utf8')]);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: generator.name, labels: options.labels },
    data: Object.fromEntries(data),
  };
}

function patched(documents, patch) {
  const is = (document) => document.kind === patch.kind && document.metadata.name === patch.metadata.name;
  if (!documents.some(is)) throw new Error(`a patch for ${patch.kind} ${patch.metadata.name}, which is not there`);
  if (patch.$patch === 'delete') return documents.filter((document) => !is(document));
  return documents.map((document) => (is(document) ? merge(document, patch) : document));
}

const KNOWN = ['apiVersion', 'kind', 'resources', 'components', 'configMapGenerator', 'generatorOptions', 'patches'];

/** The documents of a kustomization: of `dir`, on top of `documents` if it is a component. */
export function render(dir, documents = []) {
  const [kustomization] = read(path.join(dir, 'kustomization.yaml'));
  for (const name of Object.keys(kustomization)) {
    if (!KNOWN.includes(name)) throw new Error(`${dir}: ${name} is not known here`);
  }
  let result = [...documents];
  for (const resource of kustomization.resources ?? []) {
    const file = path.join(dir, resource);
    result.push(...(fs.statSync(file).isDirectory() ? render(file) : read(file)));
  }
  for (const generator of kustomization.configMapGenerator ?? []) {
    result.push(generate(dir, generator, kustomization.generatorOptions ?? {}));
  }
  for (const component of kustomization.components ?? []) result = render(path.join(dir, component), result);
  for (const { path: file } of kustomization.patches ?? []) {
    for (const patch of read(path.join(dir, file))) result = patched(result, patch);
  }
  return result;
}
