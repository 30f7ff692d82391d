// A server between sessync and the double that leaves out, or nulls, what the API's types say need not be there. What
// the double really answers is held to the types on the way.
import * as http from 'node:http';
import { callOf, faultsOfAnswer } from './judge.mjs';
import { allowsNull, alternatives, calls, errors } from './types.mjs';

const tagOf = (schema) => schema.properties?.type?.const;

/** The alternative that `value` is of: the one of its `type`, or the only one that has all of its properties. */
function choose(schema, value) {
  const all = alternatives(schema).filter((one) => one.schema.type === (Array.isArray(value) ? 'array' : 'object'));
  const tagged = all.filter((one) => tagOf(one.schema) !== undefined && tagOf(one.schema) === value.type);
  const fits = ({ schema: { properties = {} } }) => Object.keys(value).every((name) => name in properties);
  return tagged.find(fits) ?? tagged[0] ?? all.find(fits) ?? all[0];
}

/** Calls `visit` with every object below `value` whose type has a name. */
function walk(schema, value, visit) {
  if (value === null || typeof value !== 'object') return;
  const found = choose(schema, value);
  if (!found) return;
  if (Array.isArray(value)) return value.forEach((one) => walk(found.schema.items, one, visit));
  for (const [name, inner] of Object.entries(found.schema.properties ?? {})) if (name in value) walk(inner, value[name], visit);
  if (found.name) visit(found.name, found.schema, value);
}

/** The ways in which a property of an object may be missing that change something in `value`. */
function waysIn(schema, value) {
  return Object.entries(schema.properties ?? {}).flatMap(([property, inner]) => [
    ...(!schema.required.includes(property) && property in value ? [{ property, way: 'absent' }] : []),
    ...(allowsNull(inner) && value[property] !== null ? [{ property, way: 'null' }] : []),
  ]);
}

async function bodyOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

export const keyOf = ({ type, property, way }) => `${type}.${property} ${way}`;

export class Thinner {
  seen = new Map(); // key -> { type, property, way }: what could have been missing
  faults = [];
  changed = 0;

  /** `changes`: what is missing. */
  static async start(url, changes) {
    const thinner = new Thinner();
    thinner.upstream = url;
    thinner.changes = new Set(changes.map(keyOf));
    thinner.agent = new http.Agent({ keepAlive: true });
    thinner.server = http.createServer((request, response) => thinner.pass(request, response));
    await new Promise((ready) => thinner.server.listen(0, '127.0.0.1', ready));
    thinner.url = `http://127.0.0.1:${thinner.server.address().port}`;
    return thinner;
  }

  stop() {
    this.agent.destroy();
    this.server.close();
    this.server.closeAllConnections();
  }

  async pass(request, response) {
    const body = await bodyOf(request);
    const { method, headers } = request;
    const forwarded = http.request(this.upstream + request.url, { agent: this.agent, method, headers });
    forwarded.on('error', () => response.destroy());
    forwarded.on('response', async (answer) => {
      const bytes = this.answer(request, answer, await bodyOf(answer));
      const { 'transfer-encoding': unused, ...kept } = answer.headers;
      response.writeHead(answer.statusCode, { ...kept, 'content-length': bytes.length }).end(bytes);
    });
    forwarded.end(body);
  }

  /** Others see the truth: they are not what is tested. */
  answer(request, { statusCode, headers }, bytes) {
    const isOurs = request.headers['user-agent']?.startsWith('sessync/');
    const isJson = headers['content-type']?.startsWith('application/json');
    if (!isOurs || !isJson || !request.url.startsWith('/v1/')) return bytes;
    const call = callOf(request.method, request.url);
    const text = bytes.toString();
    for (const fault of faultsOfAnswer(call, statusCode, text)) this.faults.push(`${call} ${statusCode}: ${fault}`);
    return Buffer.from(JSON.stringify(this.thin(call, statusCode, JSON.parse(text))));
  }

  thin(call, status, answer) {
    const schemas = status >= 400 ? [errors] : (calls.get(call) ?? []).map((one) => one.schema).filter(Boolean);
    walk({ anyOf: schemas }, answer, (type, schema, value) => {
      for (const one of waysIn(schema, value)) this.miss({ type, ...one }, value);
    });
    return answer;
  }

  miss(one, value) {
    this.seen.set(keyOf(one), one);
    if (!this.changes.has(keyOf(one))) return;
    this.changed++;
    if (one.way === 'absent') delete value[one.property];
    else value[one.property] = null;
  }
}

