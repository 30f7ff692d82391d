// manifest/README.md says of each key what the schemas say: that it exists, whether it must be
// there, its default and its choices.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '../..');
const text = readFileSync(join(top, 'manifest/README.md'), 'utf8');
const schemaOf = (...kind) => JSON.parse(
  execFileSync(process.env.SESSYNC_BIN ?? 'sessync', ['schema', ...kind], { encoding: 'utf8' }));
const schema = schemaOf();
const policy = schemaOf('policy');

/** The rows of the first table of a section: key to the other cells. */
const rows = (section) => {
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(lines.map((line) => {
    const [key, type, byDefault, meaning] = line.slice(2, -2).split(' | ');
    return [key.replaceAll('`', ''), { type, byDefault, meaning }];
  }));
};

const sections = new Map(text.split(/^## /m).slice(1).map((section) => {
  const [heading] = section.split('\n', 1);
  return [heading.replaceAll('`', ''), rows(section)];
}));

/** The schemas' objects and the headings they are described under. */
const objects = new Map([['The file', schema], ['A policy', policy], ['A rule', policy.$defs.rule]]);
for (const [name, definition] of Object.entries(schema.$defs)) {
  if (!definition.properties) continue;
  const isType = definition.properties.type?.const === name && name !== 'agent';
  const heading = { session: 'A session', resource: 'resources' }[name] ?? name;
  objects.set(isType ? `type: ${name}` : heading, definition);
}

const resolve = (property) => property.$ref
  ? { ...(schema.$defs[property.$ref.replace('#/$defs/', '')] ?? {}), ...property } : property;

/** Must be there, in this object or, for a session's create, after the defaults were merged. */
const isRequired = (heading, object, key) =>
  object.required?.includes(key) || (heading === 'create' && ['agent', 'environment_id'].includes(key));

test('every object of the schema has a section, and no other has a table', () => {
  const described = [...sections].filter(([, table]) => table.size > 0).map(([heading]) => heading);
  assert.deepEqual(described.sort(), [...objects.keys()].sort());
});

for (const [heading, object] of objects) {
  test(`${heading}: every key is described, and no other`, () => {
    const keys = [...(sections.get(heading) ?? new Map()).keys()];
    assert.deepEqual(keys.sort(), Object.keys(object.properties).sort());
  });

  test(`${heading}: defaults and choices are those of the schema`, () => {
    for (const [key, row] of sections.get(heading)) {
      const property = resolve(object.properties[key]);
      const value = property.default;
      const shown = value === undefined ? '-' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
      assert.equal(row.byDefault, isRequired(heading, object, key) ? 'required' : shown, key);
      if (row.meaning.startsWith('As in a session')) continue;
      for (const choice of property.enum ?? [property.const ?? []].flat()) {
        assert.ok(row.meaning.includes(`\`${choice}\``), `${key}: ${choice}`);
      }
    }
  });

  test(`${heading}: every key has a description for editors`, () => {
    for (const [key, property] of Object.entries(object.properties)) {
      assert.ok(resolve(property).description, key);
    }
  });
}
