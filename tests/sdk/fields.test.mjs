// Every field of an answer that our client reads is one that the API has, by the types of the official client library;
// and what the types call optional or nullable is not insisted on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsers, readsOf, wire } from './reads.mjs';
import { allowsNull } from './types.mjs';

/** Reader and field -> why it is read although the types do not have it. */
const NOT_IN_THE_TYPES = {
  'to_page has_more': 'the list of before pages had cursors: its next page cannot be asked for, so it must not be taken for whole',
};

/** Reader and field -> why it must be there although the types say that it need not. */
const INSISTS = {};

const isOptional = ({ schema, property }) => !schema.required.includes(property) || allowsNull(schema.properties[property]);

test('only one source reads answers', () => {
  assert.deepEqual(parsers().sort(), ['wire/wire.cpp', 'wire/wire_requests.cpp']);
});

test('every field that is read is one of the types', () => {
  const reads = wire();
  assert.ok(reads.length > 30, `only ${reads.length} reads were found`);
  for (const { reader, field, in: places } of reads) {
    const known = places.length > 0 || NOT_IN_THE_TYPES[`${reader} ${field}`];
    assert.ok(known, `${reader} reads \`${field}\`, which the API does not send`);
  }
});

test('no field is insisted on that need not be there', () => {
  for (const { reader, field, insists, in: places } of wire()) {
    const may = !insists || !places.some(isOptional) || INSISTS[`${reader} ${field}`];
    assert.ok(may, `${reader} insists on \`${field}\`, which need not be there`);
  }
});

test('every exception is one', () => {
  const reads = wire();
  for (const exception of Object.keys(NOT_IN_THE_TYPES)) {
    assert.ok(reads.some((one) => `${one.reader} ${one.field}` === exception && one.in.length === 0), exception);
  }
});

test('a field that is not one is found', () => {
  const source = (field) => `Parsed<int> to_fault(const Json& json) {\n  Fields fields(json);\n  fields.text("${field}");\n}\n`;
  assert.equal(readsOf(source('created_at'))[0].in.length, 0);
  assert.equal(readsOf(source('processed_at'))[0].in.length, 1);
});
