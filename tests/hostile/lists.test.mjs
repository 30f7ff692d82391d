// Lists that are no lists: whatever is not surely the whole list deletes nothing and is told.
import { test } from 'node:test';
import { about, answer, changing, pour, saying } from './liar.mjs';
import { Scene } from './scene.mjs';

const ROW = { id: 'sesrsc_x', type: 'file', file_id: 'file_x', mount_path: '/x' };
const UNUSABLE = /cannot be used/;

async function manyRows({ socket }) {
  const row = JSON.stringify({ id: 'sesrsc_0000000', type: 'file', file_id: 'file_0', mount_path: '/0' });
  const count = 1_000_000;
  const length = 10 + (row.length + 1) * count - 1 + 1;
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n{"data":[ `);
  let i = 0;
  await pour(socket, () => {
    if (i === count) return undefined;
    const rows = [];
    for (const end = i + 10_000; i < end; i++) rows.push(row.replace('0000000', String(i).padStart(7, '0')));
    return rows.join(',') + (i === count ? ']}' : ',');
  });
}

let cursor = 0;
const BODIES = {
  'an HTML page': ['<html><script>alert(1)</script></html>', /not JSON/],
  nothing: ['', /not JSON/],
  'an array': ['[]', /not a JSON object/],
  'no data': ['{"data":null}', /missing/],
  'data of another type': ['{"data":{}}', /not an array/],
  'a row that is no object': [JSON.stringify({ data: [ROW, 7] }), /not an object/],
  'a row without an id': [JSON.stringify({ data: [{ ...ROW, id: '' }] }), /`id` is missing/],
  'half of an object': ['{"data":[{"id":"sesrsc_1","ty', /not JSON/],
  '100,000 levels': [`{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /nested too deeply/],
  'a key twice': ['{"data":[{"id":"x","type":"file","file_id":"f","mount_path":"/x"}],"data":[]}', /key twice/],
  'a key of a row twice': ['{"data":[{"id":"x","id":"y","type":"file","file_id":"f","mount_path":"/x"}]}', /key twice/],
  'bytes that are no UTF-8': [Buffer.from('{"data":[{"id":"\xff\xfe"}]}', 'latin1'), /not JSON/],
  'a raw NUL': ['{"data":[{"id":"a\0b"}]}', /not JSON/],
  'a number beyond all numbers': ['{"data":[],"next_page":1e999}', /not JSON/],
  'a number for a cursor': ['{"data":[],"next_page":18446744073709551616}', /not a string/],
  'more, but not where': ['{"data":[],"has_more":true}', /not where/],
  'an escape sequence': ['\x1b]0;evil\x07\x1b[2J\u009b31m{"data":[', /not JSON/],
  'a million values': [`{"data":[${'{},'.repeat(1_100_000)}{}]}`, /more values/],
};

const LIES = {
  'an endless number of pages': {
    tell: () => answer(200, JSON.stringify({ data: [], next_page: `page_${cursor++}` })),
    says: /does not end/,
  },
  'the first page over and over': {
    tell: saying(answer(200, JSON.stringify({ data: [ROW], next_page: 'page_1' }))),
    says: /cursor repeats/,
  },
  'a million rows': { tell: manyRows, says: /longer than allowed|more values|more rows/ },
};
for (const [name, [body, says]] of Object.entries(BODIES)) {
  LIES[name] = { tell: saying(answer(200, body)), says: new RegExp(`${UNUSABLE.source}.*${says.source}`) };
}

test('a list that is', { concurrency: 4 }, async (t) => {
  const all = Object.entries(LIES).map(([name, { tell, says }]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t);
      await scene.survives({ about: about.list(scene.first), tell }, { says });
    }),
  );
  await Promise.all(all);
});

test('a list of', { concurrency: 4 }, async (t) => {
  await Promise.all([
    t.test("another session's rows", async (t) => {
      const scene = await Scene.start(t);
      const others = () => scene.double.rows(scene.second);
      const before = await others();
      const tell = changing(async () => ({ data: before }));
      await scene.survives({ about: about.list(scene.first), tell }, { times: 2 });
    }),
    t.test('nothing', async (t) => {
      const scene = await Scene.start(t);
      await scene.survives({ about: about.list(scene.first), tell: changing(() => ({ data: [] })) }, { times: 2 });
    }),
    t.test('rows of types that do not exist yet', async (t) => {
      const scene = await Scene.start(t);
      const rows = Array.from({ length: 1000 }, (_, i) => ({ id: `r${i}`, type: 'hologram\u001b[31m', mount_path: `/\u202ex${i}\u0000` }));
      const tell = changing((body) => ({ data: [...body.data, ...rows] }));
      await scene.survives({ about: about.list(scene.first), tell });
    }),
  ]);
});
