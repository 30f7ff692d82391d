// Stands between sessync and the double, changes nothing, and keeps what each request was like.
import * as http from 'node:http';
import * as net from 'node:net';
import { once } from 'node:events';

/** What is the same in every request of its kind: method, headers, what announces a content. */
function likeness(request, body) {
  const url = new URL(request.url, 'http://double');
  const headers = Object.entries(request.headers).map(([name, value]) => {
    const tells = ['user-agent', 'anthropic-version', 'anthropic-beta', 'x-api-key', 'content-type', 'accept'].includes(name);
    return tells ? `${name}: ${value.replace(/boundary=.*/, '')}` : name;
  });
  const announced = body.toString('latin1').match(/Content-Disposition:[^]*?\r\n\r\n/i)?.[0].replace(/filename="[^"]+"/, 'filename');
  const kind = url.pathname.replace(/\b[a-z]+_[A-Za-z0-9]{8,}/g, '*');
  return [request.httpVersion, request.method, kind, ...headers.sort(), announced].filter(Boolean).join('\n');
}

async function listen(ending, server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.after(() => {
    server.closeAllConnections?.();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${server.address().port}`;
}

export class Recorder {
  static async start(ending, double) {
    const recorder = new Recorder();
    recorder.seen = new Set();
    recorder.url = await listen(ending, http.createServer((request, response) => recorder.pass(double, request, response)));
    return recorder;
  }

  async pass(double, request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    this.seen.add(likeness(request, body));
    const onward = http.request(double.url + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  }
}

/** Where nothing may ever come to: the address of a proxy that is not to be used. */
export class Trap {
  static async start(ending) {
    const trap = new Trap();
    trap.caught = 0;
    const server = net.createServer((socket) => {
      trap.caught += 1;
      socket.on('error', () => {});
      socket.destroy();
    });
    trap.url = await listen(ending, server);
    return trap;
  }
}
