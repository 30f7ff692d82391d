// A server that keeps every request waiting keeps nobody from stopping sessync.
import { test } from 'node:test';
import { until } from '../e2e/harness.mjs';
import { about, drip } from './liar.mjs';
import { Scene } from './scene.mjs';

const WAYS = {
  silence: () => {},
  'headers byte by byte': ({ socket }) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x-slow: yes\r\n'),
  'a body byte by byte': ({ socket }) =>
    drip(socket, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\n \r\n'),
};

test('SIGTERM ends the daemon while every answer is', { concurrency: 3 }, async (t) => {
  const all = Object.entries(WAYS).map(([name, tell]) =>
    t.test(name, async (t) => {
      const scene = await Scene.start(t, { timeout: '60s' });
      scene.liar.lie({ about: about.anything(), tell });
      scene.write('a.txt', 'changed');
      await until('a request waits', async () => scene.liar.told > 0);
      await scene.stop();
    }),
  );
  await Promise.all(all);
});
