// One corpus of manifests, judged by `sessync validate` and by the schema that `sessync schema`
// prints: both accept the same ones, and the schema refuses all that a schema can refuse.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseDocument } from 'yaml';

const sessync = process.env.SESSYNC_BIN ?? 'sessync';
const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'schema-'));
after(() => rmSync(scratch, { recursive: true }));

const schemaOf = (...kind) => JSON.parse(execFileSync(sessync, ['schema', ...kind], { encoding: 'utf8' }));
// Strict, so that a misspelt keyword is an error; parts of a rule may stand apart from the type.
const lenient = { strictRequired: false, strictTypes: false, strictTuples: false };
const compile = (schema) => new Ajv2020({ allErrors: true, strict: true, ...lenient }).compile(schema);
const MANIFEST = { matches: compile(schemaOf()), words: (path) => ['-m', path] };
// A manifest without sessions asks for nothing that a policy could refuse.
const empty = join(scratch, 'empty.yaml');
writeFileSync(empty, 'version: 1\nowner: data-prod\nsessions: []\n');
const POLICY = { matches: compile(schemaOf('policy')), words: (path) => ['-m', empty, '--policy', path] };

const validate = (path, { words } = MANIFEST) => {
  const ran = spawnSync(sessync, ['validate', '-o', 'json', ...words(path)], { encoding: 'utf8' });
  const codes = JSON.parse(ran.stdout).filter((p) => p.severity === 'error').map((p) => p.code);
  return { status: ran.status, codes };
};

/** What a schema's editor sees: a document that is no YAML never reaches the schema. */
const refusals = (text, { matches } = MANIFEST) => {
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  if (document.errors.length > 0) return document.errors.map((error) => error.message);
  let value;
  try {
    value = document.toJS();
  } catch (fault) {
    return [fault.message];
  }
  return matches(value) ? [] : matches.errors.map((e) => `${e.instancePath} ${e.message}`);
};

const corpus = (kind) => readdirSync(join(here, 'corpus', kind)).sort();

for (const [folder, kind] of [['accepted', MANIFEST], ['policy_accepted', POLICY]]) for (const name of corpus(folder)) {
  test(`${folder}: ${name}`, () => {
    const path = join(here, 'corpus', folder, name);
    assert.deepEqual(validate(path, kind), { status: 0, codes: [] });
    assert.deepEqual(refusals(readFileSync(path, 'utf8'), kind), []);
  });
}

for (const [folder, kind] of [['refused', MANIFEST], ['policy_refused', POLICY]]) for (const name of corpus(folder)) {
  test(`${folder}: ${name}`, () => {
    const path = join(here, 'corpus', folder, name);
    const text = readFileSync(path, 'utf8');
    const claim = /^# refused: (\w+); schema: (yes|no)\n/.exec(text);
    assert.ok(claim, 'line 1 says why it is refused and whether a schema can say so');
    const { status, codes } = validate(path, kind);
    assert.equal(status, 3);
    assert.ok(codes.includes(claim[1]), `refused as ${codes}`);
    assert.equal(refusals(text, kind).length > 0, claim[2] === 'yes', refusals(text, kind).join('\n'));
  });
}

/** Examples hold ${VARIABLES}, for ids that only their scripts know. */
const filled = (text) => text.replace(/\$\{(\w+)\}/g, (_, name) => `id-${name.toLowerCase()}`);

const accepts = (text) => {
  const kind = /^rules:/m.test(text) ? POLICY : MANIFEST;
  const path = join(scratch, 'sessync.yaml');
  writeFileSync(path, text);
  assert.deepEqual(validate(path, kind), { status: 0, codes: [] });
  assert.deepEqual(refusals(text, kind), []);
};

for (const name of readdirSync(join(top, 'examples')).filter((folder) => folder !== 'lib')) {
  const files = readdirSync(join(top, 'examples', name), { recursive: true }).filter((file) => /^(manifests\/)?[\w-]+\.yaml$/.test(file));
  test(`example: ${name}`, () => {
    assert.ok(files.length > 0);
    for (const file of files) accepts(filled(readFileSync(join(top, 'examples', name, file), 'utf8')));
  });
}

for (const page of ['README.md', 'manifest/README.md']) {
  const blocks = readFileSync(join(top, page), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms);
  for (const [index, [, text]] of [...blocks].entries()) {
    if (!/^version: 1$/m.test(text)) continue;
    test(`${page}: manifest ${index + 1}`, () => accepts(text));
  }
}
