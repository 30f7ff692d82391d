// A server between sessync and the API double that tells the truth until it is asked to lie.
import * as http from 'node:http';
import * as net from 'node:net';

const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host']);

/** An answer as bytes. */
export function answer(status, body = '', headers = {}, version = '1.1') {
  const bytes = Buffer.from(body);
  const all = { 'content-type': 'application/json', 'content-length': bytes.length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/${version} ${status} X\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}

const json = (value) => JSON.stringify(value);

/** The head of a request, or nothing as long as it is not whole. */
function headOf(buffer) {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first, ...lines] = buffer.subarray(0, end).toString('latin1').split('\r\n');
  const [method, target] = first.split(' ');
  const headers = {};
  for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
  return { method, target, headers, size: end + 4, length: Number(headers['content-length'] ?? 0) };
}

/** Writes until the other side is gone or `more` has nothing left; heeds its pace. */
export async function pour(socket, more) {
  for (let chunk = more(); chunk !== undefined && !socket.destroyed; chunk = more()) {
    if (!socket.write(chunk)) await new Promise((go) => socket.once('drain', go).once('close', go));
  }
}

/** Writes `first`, then `again` byte by byte, for ever. */
export async function drip(socket, first, again) {
  socket.write(first);
  for (let i = 0; !socket.destroyed; i++) {
    socket.write(again[i % again.length]);
    await new Promise((go) => setTimeout(go, 20).unref());
  }
}

/** Bytes that arrived and were not asked for yet. Joined only when that is needed: bodies come in many pieces. */
class Inbox {
  pieces = [];
  size = 0;

  put(piece) {
    this.pieces.push(piece);
    this.size += piece.length;
  }

  get all() {
    if (this.pieces.length !== 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0];
  }

  drop(count) {
    const rest = this.all.subarray(count);
    this.pieces = [rest];
    this.size = rest.length;
  }
}

export class Liar {
  static async start(t, double) {
    const liar = new Liar();
    liar.upstream = new URL(double.url);
    liar.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    liar.sockets = new Set();
    liar.told = 0;
    liar.server = net.createServer((socket) => liar.serve(socket));
    await new Promise((ready) => liar.server.listen(0, '127.0.0.1', ready));
    liar.url = `http://127.0.0.1:${liar.server.address().port}`;
    t.after(() => liar.stop());
    return liar;
  }

  stop() {
    this.agent.destroy();
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  /** From now on requests for which `about(request)` holds are answered by `tell({socket, request, truth})`. A lie with
   * `early` is told before the request's body was read. */
  lie(lie) {
    this.current = lie;
  }

  honest() {
    this.current = undefined;
    for (const socket of this.sockets) if (socket.lied) socket.destroy();
  }

  serve(socket) {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => {});
    const inbox = new Inbox();
    let head;
    let busy = false;
    const work = async () => {
      if (busy) return;
      busy = true;
      while ((head ??= headOf(inbox.all))) {
        const lie = this.current?.about(head) ? this.current : undefined;
        if (!lie?.early && inbox.size < head.size + head.length) break;
        const request = { ...head, body: inbox.all.subarray(head.size, head.size + head.length) };
        inbox.drop(Math.min(inbox.size, head.size + head.length));
        head = undefined;
        if (lie) await this.tell(lie, socket, request);
        else socket.write(await this.truth(request));
      }
      busy = false;
    };
    socket.on('data', (data) => {
      inbox.put(data);
      work();
    });
  }

  async tell(lie, socket, request) {
    this.told++;
    socket.lied = true;
    const said = await lie.tell({ socket, request, truth: () => this.real(request) });
    if (said !== undefined) socket.write(said);
    if (lie.close) socket.end();
  }

  /** What the double answers. */
  real({ method, target, headers, body }) {
    const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));
    if (body.length > 0) passed['content-length'] = body.length;
    const { hostname: host, port } = this.upstream;
    return new Promise((resolve, reject) => {
      const request = http.request({ host, port, method, path: target, headers: passed, agent: this.agent }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  async truth(request) {
    const { status, headers, body } = await this.real(request);
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));
    return answer(status, body, kept);
  }
}

/** Which requests a lie is about. */
export const about = {
  list: (session) => (r) => r.method === 'GET' && r.target.startsWith(`/v1/sessions/${session}/resources`),
  add: (session) => (r) => r.method === 'POST' && r.target === `/v1/sessions/${session}/resources`,
  upload: () => (r) => r.method === 'POST' && r.target === '/v1/files',
  anything: () => () => true,
};

/** Changes the JSON of the true answer. */
export const changing = (change) => async ({ truth, request }) => {
  const real = await truth();
  return answer(real.status, json(await change(JSON.parse(real.body.toString()), request)));
};

export const saying = (bytes) => () => bytes;
