// Answers that are wrong below their JSON: framing, headers, pace, size, compression, redirects.
import assert from 'node:assert/strict';
import * as net from 'node:net';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { about, answer, drip, pour, saying } from './liar.mjs';
import { Scene } from './scene.mjs';

const NO_ANSWER = /no complete answer/;
const bomb = Buffer.alloc(64 << 20);
const chunked = (bytes) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]);
const raw = (text) => saying(Buffer.from(text, 'latin1'));

const head = (headers) => `HTTP/1.1 200 OK\r\n${headers}\r\n`;
const packed = (pack, headers) => {
  const bytes = pack(bomb);
  return saying(answer(200, bytes, headers));
};

const LIES = {
  'what is not HTTP': [raw('SSH-2.0-OpenSSH_9.2\r\n'), NO_ANSWER, { close: true }],
  'nothing at all': [raw(''), NO_ANSWER, { close: true }],
  'half a header': [raw('HTTP/1.1 200 OK\r\ncontent-le'), /no complete answer|not JSON/, { close: true }],
  'less than announced': [raw(head('content-length: 100\r\n') + '{"data":[]}'), NO_ANSWER, { close: true }],
  'two lengths': [raw(head('content-length: 11\r\ncontent-length: 2\r\n') + '{"data":[]}'), /list_resources/, { close: true }],
  'a negative length': [raw(head('content-length: -1\r\n') + '{"data":[]}'), /list_resources/, { close: true }],
  'a bad chunk': [raw(head('transfer-encoding: chunked\r\n') + 'zz\r\n{"data":[]}\r\n0\r\n\r\n'), NO_ANSWER, { close: true }],
  'a chunk without an end': [raw(head('transfer-encoding: chunked\r\n') + 'b\r\n{"data":[]}\r\n'), NO_ANSWER, { close: true }],
  '10 GiB announced': [
    async ({ socket }) => {
      socket.write(head('content-length: 10737418240\r\n'));
      await pour(socket, () => Buffer.alloc(1 << 20, 'x'));
    },
    /longer than allowed/,
  ],
  'chunks without end': [
    async ({ socket }) => {
      socket.write(head('transfer-encoding: chunked\r\n'));
      const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1 << 20, '['), Buffer.from('\r\n')]);
      await pour(socket, () => chunk);
    },
    /longer than allowed/,
  ],
  'headers without end': [
    async ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      let i = 0;
      await pour(socket, () => `x-${i++}: ${'y'.repeat(1000)}\r\n`);
    },
    /longer than allowed/,
  ],
  'one header without end': [
    async ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nx-long: ');
      await pour(socket, () => Buffer.alloc(1 << 16, 'y'));
    },
    /no complete answer|longer than allowed/,
  ],
  'interim answers without end': [
    async ({ socket }) => pour(socket, () => 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(100)),
    /longer than allowed/,
  ],
  'headers byte by byte': [({ socket }) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x-slow: yes\r\n'), /timed out/],
  'a body byte by byte': [
    ({ socket }) => drip(socket, head('transfer-encoding: chunked\r\n'), '1\r\n \r\n'),
    /timed out/,
  ],
  silence: [() => {}, /timed out/],
  'a gzip bomb': [packed(gzipSync, { 'content-encoding': 'gzip' }), /compressed, which was not asked for/],
  'a deflate bomb': [packed(deflateSync, { 'content-encoding': 'deflate' }), /compressed, which was not asked for/],
  'a gzip bomb that is a transfer encoding': [
    saying(Buffer.concat([Buffer.from(head('transfer-encoding: gzip, chunked\r\n')), chunked(gzipSync(bomb))])),
    /list_resources/,
    { close: true },
  ],
  'a gateway error page': [saying(answer(502, '<html>\x1b[31mBad\u009bGateway</html>', { 'content-type': 'text/html' })), /HTTP 502: no words of the API, but \d+ bytes of text.html/],
  'a status that does not exist': [saying(answer(999, '{"data":[]}')), /HTTP 999/],
  'no content': [raw('HTTP/1.1 204 No Content\r\n\r\n'), /cannot be used/],
};

test('an answer that is', { concurrency: 4 }, async (t) => {
  const all = Object.entries(LIES).map(([name, [tell, says, more]]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t);
      await scene.survives({ about: about.list(scene.first), tell, ...more }, { says });
    }),
  );
  await Promise.all(all);
});

const TRUE_BUT_ODD = {
  'HTTP/1.0': (real) => answer(real.status, real.body, { connection: 'close' }, '1.0'),
  'after interim answers': (real) =>
    Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n'.repeat(50)), answer(real.status, real.body)]),
  'without a length': (real) => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'), real.body]),
};

test('a true answer is taken', { concurrency: 3 }, async (t) => {
  const all = Object.entries(TRUE_BUT_ODD).map(([name, odd]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t);
      const closes = name !== 'after interim answers';
      await scene.lieUntil({ about: about.list(scene.first), tell: async ({ truth }) => odd(await truth()), close: closes }, {});
      await scene.converged();
      await scene.stop();
    }),
  );
  await Promise.all(all);
});

/** A server that must not be asked anything. */
async function bystander(t) {
  const seen = { connections: 0 };
  const server = net.createServer((socket) => {
    seen.connections++;
    socket.destroy();
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => server.close());
  return { seen, host: `127.0.0.1:${server.address().port}` };
}

test('a redirect to another host is told and not followed', { concurrency: 4 }, async (t) => {
  const all = [301, 302, 303, 307, 308].map((status) =>
    t.test(`${status}`, async (t) => {
      const scene = await Scene.start(t);
      const { seen, host } = await bystander(t);
      const tell = ({ request }) => answer(status, '', { location: `http://${host}${request.target}` });
      // Every call of the first session, and every upload.
      const lie = { about: (r) => r.target.includes(scene.first) || r.method === 'POST', tell };
      await scene.survives(lie, { says: new RegExp(`redirect to ${host}`), others: false, times: 2 });
      assert.equal(seen.connections, 0, 'nobody called there');
    }),
  );
  await Promise.all(all);
});
