// The clients of serving.mjs: clients.mjs requests|streams ADDRESS. Ends when standard input does.
import * as http from 'node:http';

const [kind, address] = process.argv.slice(2);
const REQUESTS = 10_000;
const STREAMS = 100;
let over = false;
process.stdin.resume().on('end', () => (over = true));

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const ask = (target) =>
  new Promise((resolve, reject) => {
    const request = http.get(`http://${address}${target}`, { agent, headers: { 'accept-encoding': 'gzip' } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    request.on('error', reject);
  });

async function requests() {
  let asked = 0;
  const start = performance.now();
  const one = async () => {
    while (asked < REQUESTS) {
      asked += 1;
      await ask(asked % 2 === 0 ? '/metrics' : '/api/v1/status');
      if (over) return;
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  console.log(`${asked} requests in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

async function streams() {
  let bytes = 0;
  for (let i = 0; i < STREAMS; ++i) {
    const request = http.get(`http://${address}/api/v1/events`, (answer) => answer.on('data', (data) => (bytes += data.length)));
    request.on('error', () => {});
  }
  while (!over) await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(`${STREAMS} streams, ${(bytes / 1e6).toFixed(1)} MB`);
  process.exit();
}

await { requests, streams }[kind]();
process.exit();
