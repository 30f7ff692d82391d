// Holds an answer to the types of the official client library, with nothing in it that they do not have.
import { Ajv } from 'ajv';
import { calls, definitions, errors } from './types.mjs';

/** What the double answers although the types do not have it, and why that is right. */
const KNOWN = {
  // Documented for bodies that are too long; the library knows errors of this status, and no name for their type.
  request_too_large: { const: 'request_too_large' },
};

const { ErrorObject } = definitions;
const type = { anyOf: [ErrorObject.properties.type, ...Object.values(KNOWN)] };
const allowed = { ...definitions, ErrorObject: { ...ErrorObject, properties: { ...ErrorObject.properties, type } } };

const ajv = new Ajv({ allErrors: true, discriminator: true, strict: false });
const compiled = new Map();

function matcher(schema) {
  if (!compiled.has(schema)) compiled.set(schema, ajv.compile({ ...schema, definitions: allowed }));
  return compiled.get(schema);
}

/** Where `value` is not what one of the schemas says; of several the one that fits best. */
export function faults(value, ...schemas) {
  const all = schemas.map((schema) => {
    const matches = matcher(schema);
    if (matches(value)) return [];
    return matches.errors.map((one) => `${one.instancePath} ${one.message} ${JSON.stringify(one.params)}`);
  });
  return all.sort((left, right) => left.length - right.length)[0];
}

/** Which call of the API a request is: its method, and its path with `*` for each id. */
export function callOf(method, url, routes = [...calls.keys()]) {
  const parts = new URL(url, 'http://any').pathname.split('/');
  return routes.find((route) => {
    const [verb, path] = route.split(' ');
    const wanted = path.split('/');
    return verb === method && wanted.length === parts.length && wanted.every((part, i) => part === '*' || part === parts[i]);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // fits no schema
  }
}

/** What is wrong with one answer to `call`. `body`: its text; of a stream, one event. */
export function faultsOfAnswer(call, status, body) {
  const answers = calls.get(call);
  if (!answers) return ['the library has no such call'];
  if (status >= 400) return faults(parsed(body), errors);
  if (answers.every((answer) => answer.kind === 'bytes')) return [];
  return faults(parsed(body), ...answers.map((answer) => answer.schema));
}
