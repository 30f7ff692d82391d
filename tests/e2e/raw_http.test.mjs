// Bytes that two parsers could take for different requests, and what the daemon says to each of them.
import assert from 'node:assert/strict';
import * as net from 'node:net';
import { test } from 'node:test';
import { Double, Project, addressOf, until } from './harness.mjs';

const HEAD = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n';
const SMUGGLED = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';
const withBody = (headers, body) => `POST /api/v1/sessions/s1/reconcile HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`;

/** Everything that is answered to these bytes until the connection ends. */
function answerTo(url, bytes) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.on('data', (data) => { text += data; });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
const statuses = (text) => [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]));

const REFUSED = [
  ['two Content-Length that differ', withBody('Content-Length: 2\r\nContent-Length: 40', '{}'), 400],
  ['two Content-Length that are the same', withBody('Content-Length: 2\r\nContent-Length: 2', '{}'), 400],
  ['a list of lengths', withBody('Content-Length: 2, 2', '{}'), 400],
  ['a length with a sign', withBody('Content-Length: +2', '{}'), 400],
  ['a negative length', withBody('Content-Length: -2', '{}'), 400],
  ['a length and chunks', withBody('Content-Length: 2\r\nTransfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'), 411],
  ['chunks', withBody('Transfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'), 411],
  ['a bare LF', 'GET /livez HTTP/1.1\nHost: localhost\n\n', 400],
  ['an LF inside the head', `${HEAD}X: a\nY: b\r\n\r\n`, 400],
  ['a bare CR', `${HEAD}X: a\rY: b\r\n\r\n`, 400],
  ['a folded line', `${HEAD}X: a\r\n folded: y\r\n\r\n`, 400],
  ['a blank before the colon', `${HEAD}X : a\r\n\r\n`, 400],
  ['a blank before the colon of the length', withBody('Content-Length : 2', '{}'), 400],
  ['a header without a colon', `${HEAD}X\r\n\r\n`, 400],
  ['a NUL in a header', `${HEAD}X: a\0b\r\n\r\n`, 400],
  ['a NUL in the path', 'GET /livez%00x HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['a target that is no path', 'GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['a head that is too long', `${HEAD}X: ${'a'.repeat(16 << 10)}\r\n\r\n`, 431],
  ['a body that is too long', withBody(`Content-Length: ${(16 << 10) + 1}`, ''), 413],
];

const TAKEN = [
  ['a header of 15 KiB', `${HEAD}X: ${'a'.repeat(15 << 10)}\r\nConnection: close\r\n\r\n`, [200]],
  ['a method that nobody knows', 'BREW /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [405]],
  ['a GET with a body, and what comes after it', `${HEAD}Content-Length: 3\r\n\r\nabc${SMUGGLED}`, [200]],
  ['three at once', `${HEAD}\r\n${HEAD}\r\n${HEAD}Connection: close\r\n\r\n`, [200, 200, 200]],
  ['HTTP/1.0', 'GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n', [200]],
];

test('what two parsers could see differently is refused once, and nothing after it is answered', async (t) => {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.mirror(await double.createSession());
  project.start(['--listen', '127.0.0.1:0']);
  const url = await addressOf(project);
  await until('it serves', async () => (await fetch(`${url}/livez`)).status === 200);
  for (const [what, bytes, status] of REFUSED) {
    const answer = await answerTo(url, bytes + SMUGGLED);
    assert.deepEqual(statuses(answer), [status], what);
    assert.ok(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).error.message, what);
  }
  for (const [what, bytes, expected] of TAKEN) assert.deepEqual(statuses(await answerTo(url, bytes)), expected, what);
});
