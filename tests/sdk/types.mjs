// JSON Schemas of what the API answers, made from the source of the official client library: which type each call is
// answered with, and what that type allows. Nothing here knows our double or our client.
import * as path from 'node:path';
import { createRequire } from 'node:module';
import ts from 'typescript';

const library = path.dirname(createRequire(import.meta.url).resolve('@anthropic-ai/sdk'));
const source = (name) => path.join(library, 'src', `${name}.ts`);
const RESOURCES = ['files', 'beta/files', 'beta/sessions/sessions', 'beta/sessions/resources', 'beta/sessions/events'];
const OPTIONS = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

const program = ts.createProgram([...RESOURCES.map((name) => source(`resources/${name}`)), source('core/pagination')], OPTIONS);
const checker = program.getTypeChecker();

const has = (type, flag) => (type.flags & flag) !== 0;
const isOptional = (property) => (property.flags & ts.SymbolFlags.Optional) !== 0;
const typeOf = (property) => checker.getTypeOfSymbol(property);

/** The exported type of that name. */
function exported(file, name) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const symbol = checker.getExportsOfModule(module).find((one) => one.name === name);
  if (!symbol) throw new Error(`${file} has no ${name}`);
  return checker.getDeclaredTypeOfSymbol(symbol);
}

/** Converts types to schemas; every named object type becomes a definition. */
class Schemas {
  definitions = {};
  types = new Map();

  of(type) {
    if (type.isUnion()) return this.union(type.types);
    if (has(type, ts.TypeFlags.Null)) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (has(type, ts.TypeFlags.BooleanLiteral)) return { const: checker.typeToString(type) === 'true' };
    if (has(type, ts.TypeFlags.StringLike)) return { type: 'string' };
    if (has(type, ts.TypeFlags.NumberLike)) return { type: 'number' };
    if (has(type, ts.TypeFlags.Unknown | ts.TypeFlags.Any)) return {};
    if (type.isIntersection() && type.types.some((part) => has(part, ts.TypeFlags.StringLike))) return { type: 'string' };
    if (checker.isArrayType(type)) return { type: 'array', items: this.of(checker.getTypeArguments(type)[0]) };
    if (has(type, ts.TypeFlags.Object) || type.isIntersection()) return this.named(type);
    throw new Error(`no schema for ${checker.typeToString(type)}`);
  }

  /** Objects that their property `type` tells apart are told apart by it, so that a fault is named where it is. */
  union(types) {
    const parts = types.filter((type) => !has(type, ts.TypeFlags.Undefined));
    const objects = parts.filter((type) => has(type, ts.TypeFlags.Object) && !checker.isArrayType(type));
    const tags = new Set(objects.map((type) => this.tag(type)));
    const tagged = objects.length > 1 && tags.size === objects.length && !tags.has(undefined);
    const rest = tagged ? parts.filter((type) => !objects.includes(type)) : parts;
    const schemas = rest.map((type) => this.of(type));
    if (tagged) {
      const discriminator = { propertyName: 'type' };
      schemas.push({ type: 'object', required: ['type'], discriminator, oneOf: objects.map((type) => this.of(type)) });
    }
    return schemas.length === 1 ? schemas[0] : { anyOf: schemas };
  }

  tag(type) {
    const property = type.getProperty('type');
    return property && !isOptional(property) && typeOf(property).isStringLiteral() ? typeOf(property).value : undefined;
  }

  named(type) {
    const name = (type.aliasSymbol ?? type.symbol).name;
    if (name.startsWith('__')) return this.object(type);
    if (name in this.definitions && this.types.get(name) !== type) throw new Error(`two types are called ${name}`);
    if (!(name in this.definitions)) {
      this.types.set(name, type);
      this.definitions[name] = {}; // a type may contain itself
      this.definitions[name] = this.object(type);
    }
    return { $ref: `#/definitions/${name}` };
  }

  define(name, schema) {
    this.definitions[name] = schema;
    return { $ref: `#/definitions/${name}` };
  }

  object(type) {
    const properties = {};
    const required = [];
    for (const property of checker.getPropertiesOfType(type)) {
      properties[property.name] = this.of(typeOf(property));
      if (!isOptional(property)) required.push(property.name);
    }
    const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
    return { type: 'object', properties, required, additionalProperties: index ? this.of(index) : false };
  }

  /** A page as it is sent: the properties that the library's class reads from it. Its constructor takes each of them,
   * except the rows, for null if it is not there. */
  page(type) {
    const { name } = type.symbol;
    const sent = exported(source('core/pagination'), `${name}Response`).getProperties().map((property) => property.name);
    const properties = Object.fromEntries(sent.map((one) => [one, this.of(typeOf(type.getProperty(one)))]));
    const rows = alternatives(properties.data.items).map((one) => one.name);
    return this.define(`${name}_${rows.length > 3 ? 'of_many' : rows.join('_')}`, {
      type: 'object',
      properties,
      required: ['data'],
      additionalProperties: false,
    });
  }
}

const schemas = new Schemas();
export const { definitions } = schemas;

const nameIn = (reference) => reference.slice('#/definitions/'.length);

/** What `schema` refers to, if it is a reference. */
export const resolved = (schema) => (schema.$ref ? definitions[nameIn(schema.$ref)] : schema);

export const allowsNull = (schema) =>
  schema.type === 'null' || (schema.anyOf ?? []).some(allowsNull) || Object.keys(schema).length === 0;

/** The alternatives of a schema that are no unions themselves, each with the name of its definition, if it has one. */
export function alternatives(schema, name = undefined) {
  if (schema.$ref) return alternatives(resolved(schema), nameIn(schema.$ref));
  const parts = schema.anyOf ?? schema.oneOf;
  return parts ? parts.flatMap((part) => alternatives(part)) : [{ name, schema }];
}

/** What a method's promise is kept with: `json`, a `stream` of events, or `bytes`. */
function answerOf(method) {
  const promise = checker.getReturnTypeOfSignature(checker.getSignatureFromDeclaration(method));
  const [first] = promise.aliasTypeArguments ?? checker.getTypeArguments(promise);
  if (promise.symbol.name === 'PagePromise') return { kind: 'json', schema: schemas.page(first) };
  if (first.symbol?.name === 'Stream') return { kind: 'stream', schema: schemas.of(checker.getTypeArguments(first)[0]) };
  if (first.symbol?.name === 'Response') return { kind: 'bytes' };
  return { kind: 'json', schema: schemas.of(first) };
}

/** `path`...${id}...`` or a plain string, with `*` for each id. */
function pathOf(node) {
  if (ts.isStringLiteral(node)) return node.text;
  const { head, templateSpans } = node.template;
  return head.text + templateSpans.map((span) => `*${span.literal.text}`).join('');
}

const VERBS = { get: 'GET', getAPIList: 'GET', post: 'POST', delete: 'DELETE', put: 'PUT', patch: 'PATCH' };

/** The call of `this._client` in a method, as "VERB /path". */
function callOf(method) {
  let found;
  const visit = (node) => {
    const isCall = ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression);
    if (isCall && node.expression.expression.getText() === 'this._client') {
      found = `${VERBS[node.expression.name.text]} ${pathOf(node.arguments[0])}`;
    }
    if (!found) ts.forEachChild(node, visit);
  };
  visit(method);
  return found;
}

/** "VERB /path" -> its answers: the stable and the beta half of the library may give one call two types. */
function callsOfLibrary() {
  const calls = new Map();
  for (const name of RESOURCES) {
    const file = program.getSourceFile(source(`resources/${name}`));
    const methods = file.statements.filter(ts.isClassDeclaration).flatMap((one) => one.members.filter(ts.isMethodDeclaration));
    for (const method of methods) {
      const call = callOf(method);
      if (call) calls.set(call, [...(calls.get(call) ?? []), answerOf(method)]);
    }
  }
  return calls;
}

/** The envelope of an error. The types of its inner object leave out `details`, which the library's error class has. */
function errorEnvelope() {
  const shared = (name) => exported(source('resources/shared'), name);
  const envelope = schemas.object(shared('ErrorResponse'));
  const type = schemas.of(shared('ErrorType'));
  const properties = { type, message: { type: 'string' }, details: schemas.of(shared('ErrorDetails')) };
  const required = ['type', 'message'];
  const error = schemas.define('ErrorObject', { type: 'object', properties, required, additionalProperties: false });
  return schemas.define('ErrorResponse', { ...envelope, properties: { ...envelope.properties, error } });
}

/** A page of before pages had cursors, which the library still reads for other calls. */
function oldPage(rows) {
  const properties = exported(source('core/pagination'), 'PageResponse').getProperties();
  const others = properties.filter((one) => one.name !== 'data').map((one) => [one.name, schemas.of(typeOf(one))]);
  const all = { data: rows, ...Object.fromEntries(others) };
  return { type: 'object', properties: all, required: Object.keys(all), additionalProperties: false };
}

export const calls = callsOfLibrary();
export const oldFileList = oldPage(resolved(calls.get('GET /v1/files')[0].schema).properties.data);
export const errors = errorEnvelope();
