import { request } from 'node:http';
import fastify from 'fastify';
import { isLoopback, listen } from '../../shared/listen';

test.each([
  [true, '127.0.0.1:4566'],
  [true, '127.0.0.2'],
  [true, 'localhost:80'],
  [true, 'LOCALHOST'],
  [true, '[::1]:4566'],
  [false, 'evil.example'],
  [false, '127.0.0.1.evil.example:4566'],
  [false, 'localhost.evil.example'],
  [false, 'evil.example@127.0.0.1'],
  [false, ''],
  [false, undefined],
])('case 59: %p: %s', (expected, host) => {
  expect(isLoopback(host)).toBe(expected);
});

/** Status of a request to a service, under any name. */
function ask(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end();
  });
}

test('case 59: a page whose name was bound to this machine reaches no service', async () => {
  let reached = 0;
  const server = fastify();
  server.get('/', async () => {
    reached += 1;
    return '';
  });
  const { url, stop } = await listen(server, 0);
  try {
    await expect(ask(url, 'evil.example')).resolves.toBe(403);
    expect(reached).toBe(0);
    await expect(ask(url, new URL(url).host)).resolves.toBe(200);
  } finally {
    await stop();
  }
});
