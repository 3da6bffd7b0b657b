/** Against a server of our own that loses connections when the test says so. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { encodeFrame, FrameDecoder } from '@kaizen-edge/local-aws';
import { NucleusIpc } from '../../../../edge-components/inference/src/nucleus/nucleus-ipc';
import { fakeTimeouts, pass } from '../../fake-timeouts';
import { temporaryFolder } from '../../release-fixture';
import { waitFor } from '../../wait-for';
import { sourcePorts } from '../cameras';

const [APPLICATION, CONNECT, CONNECT_ACK] = [0, 4, 5];
const folder = temporaryFolder();
const socketPath = join(folder, 'ipc.sock');
const nucleus = { connections: 0, losesSubscribers: false, losesPublishers: false };
const sockets = new Set<Socket>();
let server: Server;
let ipc: NucleusIpc;

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    const decoder = new FrameDecoder();
    socket.on('data', (chunk) => {
      for (const { headers } of decoder.push(chunk)) answer(socket, headers);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
});
afterAll(async () => {
  jest.useRealTimers();
  ipc.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function answer(socket: Socket, headers: Readonly<Record<string, unknown>>): void {
  const message = (type: number, flags: number) =>
    encodeFrame({
      headers: {
        ':message-type': type,
        ':message-flags': flags,
        ':stream-id': headers[':stream-id'] as number,
      },
      body: Buffer.from('{}'),
    });
  if (headers[':message-type'] === CONNECT) {
    nucleus.connections++;
    socket.write(message(CONNECT_ACK, 1));
  } else if (nucleus.losesSubscribers) socket.destroy();
  else if (nucleus.losesPublishers && headers.operation === 'aws.greengrass#PublishToIoTCore')
    socket.destroy();
  else socket.write(message(APPLICATION, 0));
}

function newIpc() {
  const { log, lines } = sourcePorts();
  const state = { pauses: 0 };
  const random = (): number => {
    state.pauses++;
    return 0;
  };
  const environment = { AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: socketPath, SVCUID: 'token' };
  ipc = new NucleusIpc(
    log,
    () => [],
    () => 0,
    random,
    environment,
  );
  return { lines, state };
}

test('[L6] a connection that is lost under the same message again and again is made later each time', async () => {
  fakeTimeouts();
  const { state } = newIpc();
  await ipc.connect();
  nucleus.losesPublishers = true;
  for (const [index, delay] of [100, 200, 400].entries()) {
    const connections = nucleus.connections;
    await expect(ipc.publishToCloud('topic', Buffer.alloc(1))).rejects.toThrow('PublishToIoTCore');
    await waitFor('a pause', () => state.pauses === index + 1);
    await pass(delay - 1);
    expect(nucleus.connections).toBe(connections);
    const connected = once(ipc, 'connected');
    await pass(1);
    await connected;
  }
  nucleus.losesPublishers = false;
  await ipc.publishToCloud('topic', Buffer.alloc(1));
  for (const socket of sockets) socket.destroy();
  await waitFor('a pause', () => state.pauses === 4);
  await pass(100);
  await waitFor('a connection', () => ipc.connected);
  ipc.close();
  jest.useRealTimers();
});

test('a connection that is lost while it is being made is tried again by one loop, later each time', async () => {
  fakeTimeouts();
  const { lines, state } = newIpc();
  nucleus.connections = 0;
  await ipc.connect();
  nucleus.losesSubscribers = true;
  for (const socket of sockets) socket.destroy();
  for (const [index, delay] of [100, 200, 400, 800].entries()) {
    await waitFor('a pause', () => state.pauses === index + 1);
    await pass(delay - 1);
    expect(jest.getTimerCount()).toBe(1);
    expect(nucleus.connections).toBe(index + 1);
    nucleus.losesSubscribers = index < 3;
    await pass(1);
    await waitFor('a connection', () => nucleus.connections === index + 2);
  }
  await waitFor('the end of the loop', () => ipc.connected && jest.getTimerCount() === 0);
  expect(lines.map(({ message }) => message)).toEqual([
    'connection to the nucleus lost',
    'reconnect',
    'connected to the nucleus again',
  ]);
});
