import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { candidatePort, freePort, portsBelow } from '../../shared/free-port';

test('a port that is kept for a program is none that the kernel gives to others meanwhile', async () => {
  const ephemeral = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  expect(await freePort()).toBeLessThan(ephemeral);
});

test('no port is given twice, and none that something listens on', async () => {
  const first = await freePort();
  const taken = createServer().listen(first + 1, '127.0.0.1');
  await once(taken, 'listening');
  const next = await Promise.all([freePort(), freePort(), freePort()]);
  taken.close();
  expect(new Set([first, first + 1, ...next]).size).toBe(5);
});

test('processes that follow one another try other ports', () => {
  const of = (processId: number) =>
    Array.from({ length: 64 }, (_, n) => candidatePort(processId, n, portsBelow(32_768)));
  expect(new Set([...of(4_000), ...of(4_001), ...of(4_002)]).size).toBe(3 * 64);
});

test.each([
  [32_768, 22_768],
  [49_152, 39_152],
  // A machine that gives out nearly all of them: any port will have to do.
  [1_024, 55_536],
])('ports to choose from, where those of the kernel begin at %d: %d', (ephemeral, ports) => {
  expect(portsBelow(ephemeral)).toBe(ports);
});
