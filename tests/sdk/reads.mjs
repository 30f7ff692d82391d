// What our client reads of the API's answers, found in its source: every field, in which type, and whether it insists.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { alternatives, calls, definitions } from './types.mjs';

const API = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../daemon/api');

const pages = [...calls.values()].flat().filter((one) => one.schema?.$ref?.includes('Page'));

/** The types of the library that a function of wire.cpp reads from. A function that is not here must read nothing. */
const TYPES = {
  to_file_row: ['BetaManagedAgentsFileResource'],
  to_repository_row: ['BetaManagedAgentsGitHubRepositoryResource'],
  to_memory_store_row: ['BetaManagedAgentsMemoryStoreResource'],
  to_resource: alternatives(definitions.BetaManagedAgentsSession.properties.resources.items).map((one) => one.name),
  to_opaque_row: ['BetaManagedAgentsFileResource', 'BetaManagedAgentsGitHubRepositoryResource'], // and types to come
  to_file: ['FileMetadata', 'BetaFileMetadata'],
  to_session: ['BetaManagedAgentsSession'],
  parse_created_session: ['BetaManagedAgentsSession'],
  to_fault: ['BetaManagedAgentsSessionErrorEvent'],
  to_page: pages.flatMap((one) => alternatives(one.schema)).map((one) => one.name),
  parse_error_body: ['ErrorResponse'],
};

const ACCESS = 'text|required_text|optional_text|required_count|flag|object|required_array';

/** The functions of a source, as [name, body]. */
function functionsOf(text) {
  return [...text.matchAll(/^[^\s/#}][^;{}]*?(\w+)\([^;{}]*\) \{\n(.*?)^\}/gms)].map((match) => [match[1], match[2]]);
}

/** The fields that one function reads: where from its argument (`error.type`), and whether it must be there. */
function fieldsOf(body) {
  const places = new Map([['json', []], ['*json', []]]); // a variable -> where in the answer it points to
  const found = [];
  const read = (place, name, insists) => found.push({ at: [...place, name], insists });
  const statements = body.matchAll(
    new RegExp(
      String.raw`Fields (?<declared>\w+)\((?<of>\*?\w+)\);` +
        String.raw`|(?:Json\* const (?<bound>\w+) = )?(?<from>\w+|Fields\(\*\w+\))\.(?<how>${ACCESS})\("(?<name>\w+)"\)` +
        String.raw`|is_without\(json, "(?<without>\w+)"\)|json\.contains\("(?<contains>\w+)"\)`,
      'g',
    ),
  );
  for (const { groups: it } of statements) {
    if (it.declared) places.set(it.declared, places.get(it.of) ?? places.get(it.of.replace('*', '')));
    else if (it.name) {
      const place = places.get(it.from.replace(/^Fields\(\*(\w+)\)$/, '$1'));
      if (!place) throw new Error(`where does ${it.from} come from? ${body}`);
      read(place, it.name, it.how.startsWith('required'));
      if (it.bound) places.set(it.bound, [...place, it.name]);
    } else read([], it.without ?? it.contains, false);
  }
  return found;
}

/** The same place as [type, property]: one for each alternative that has it. Empty if none has. */
function resolve(types, at) {
  let schemas = types.map((name) => ({ name, schema: definitions[name] }));
  for (const step of at.slice(0, -1)) {
    schemas = schemas.flatMap(({ schema }) => (schema.properties?.[step] ? alternatives(schema.properties[step]) : []));
  }
  const last = at.at(-1);
  return schemas.filter(({ schema }) => schema.properties?.[last]).map(({ name, schema }) => ({ type: name, property: last, schema }));
}

/** Every read of a source: { reader, field, insists, in: [{ type, property, schema }] }. */
export function readsOf(text) {
  const reads = functionsOf(text).flatMap(([reader, body]) =>
    fieldsOf(body).map(({ at, insists }) => {
      if (!(reader in TYPES)) throw new Error(`${reader} reads ${at.join('.')}: of which type of the library?`);
      return { reader, field: at.join('.'), insists, in: resolve(TYPES[reader], at) };
    }),
  );
  const said = [...text.matchAll(new RegExp(String.raw`(?:\.(?:${ACCESS}|contains|at|value)|is_without)\((?:json, )?"|\w\["`, 'g'))];
  if (said.length !== reads.length) throw new Error(`${said.length} fields are read, and ${reads.length} of them understood`);
  return reads;
}

export const wire = () => readsOf(fs.readFileSync(path.join(API, 'wire/wire.cpp'), 'utf8'));

/** The sources that could read an answer. */
export const parsers = () =>
  fs.readdirSync(API, { recursive: true }).filter((name) => /\.(cpp|h)$/.test(name) && /nlohmann/.test(fs.readFileSync(path.join(API, name), 'utf8')));
