// What may lie between sessync and the API: a line that breaks in the middle, or an API whose lists are wrong.
import * as http from 'node:http';
import * as net from 'node:net';

/** A server that ends, with all its connections, with the test. */
async function listen(ending, server) {
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** What can become of the n-th piece of data from the API. */
const BREAKS = {
  'half-close': (client, data) => client.end(data.subarray(0, data.length / 2)),
  reset: (client, data) => client.write(data.subarray(0, data.length / 2), () => client.resetAndDestroy()),
  'lost answer': (client) => client.resetAndDestroy(),
  'lost answer, closed': (client) => client.end(),
  stall: (client, data) => client.write(data.subarray(0, data.length / 2)),
  garbage: (client, data) => client.end(Buffer.concat([data.subarray(0, 12), Buffer.alloc(200, 7)])),
  'trickle': async (client, data) => {
    for (let i = 0; i < data.length && !client.destroyed; i += 7) {
      client.write(data.subarray(i, i + 7));
      await new Promise(setImmediate);
    }
  },
};

/** ... and of the n-th piece of data to it. */
const CUTS = {
  'half a request': (api, data) => api.end(data.subarray(0, data.length / 2)),
  'lost request': (api) => api.destroy(),
};

export const LINE_FAULTS = [...Object.keys(BREAKS), ...Object.keys(CUTS)];

/** A line to `url` on which `fault` happens to the n-th piece of data. */
export async function brokenLine(ending, url, fault, n) {
  const { hostname, port } = new URL(url);
  const line = { pieces: 0 };
  const server = net.createServer((client) => {
    const api = net.connect(Number(port), hostname);
    const quiet = () => {};
    client.on('error', quiet).on('close', () => api.destroy());
    api.on('error', quiet).on('close', () => client.destroyed || client.end());
    const relay = (from, to, table) =>
      from.on('data', async (data) => {
        const hit = table[fault] !== undefined && ++line.pieces === n;
        if (!hit) return to.destroyed || to.write(data);
        from.pause(); // what comes after a slow piece comes after all of it
        await table[fault](to, data);
        from.resume();
      });
    relay(api, client, BREAKS);
    relay(client, api, CUTS);
  });
  line.url = await listen(ending, server);
  return line;
}

async function bodyOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** An API whose answers to a list of resources go through `lie(body, query, nth)` first; null: as it is. */
export async function lyingApi(ending, url, lie) {
  const api = { lies: 0, lists: 0 };
  const agent = new http.Agent({ keepAlive: true });
  ending.after(() => agent.destroy());
  const server = http.createServer(async (request, response) => {
    const body = await bodyOf(request);
    const forwarded = http.request(url + request.url, { agent, method: request.method, headers: request.headers });
    forwarded.on('response', async (answer) => {
      let bytes = await bodyOf(answer);
      const [path, query] = request.url.split('?');
      if (request.method === 'GET' && /\/resources$/.test(path) && answer.statusCode === 200) {
        const told = lie(JSON.parse(bytes), new URLSearchParams(query), ++api.lists);
        if (told) {
          bytes = Buffer.from(JSON.stringify(told));
          api.lies++;
        }
      }
      const headers = { ...answer.headers, 'content-length': bytes.length };
      delete headers['transfer-encoding'];
      response.writeHead(answer.statusCode, headers).end(bytes);
    });
    forwarded.on('error', () => response.destroy());
    forwarded.end(body);
  });
  api.url = await listen(ending, server);
  return api;
}
