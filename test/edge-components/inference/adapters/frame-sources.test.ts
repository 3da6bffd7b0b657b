import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  FolderFrameSource,
  SocketFrameSource,
} from '../../../../edge-components/inference/src/adapters/frame-sources';
import { FrameQueue } from '../../../../edge-components/inference/src/domain/frame-queue';
import { encodeFrame } from '../../../../local/inspection-line/frame-message';
import { temporaryFolder } from '../../release-fixture';
import { waitFor } from '../../wait-for';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true, force: true }));
const ports = {
  clock: { now: () => 0, monotonic: () => 7 },
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  maximumFrameBytes: () => 100,
};
const capturedAt = '2026-11-23T12:00:00.000Z';

test('folder: takes images in the order of their names, as many as fit, and deletes what it took', async () => {
  const folder = join(root, 'frames');
  mkdirSync(folder);
  for (const name of ['b.JPG', 'a.png', 'c.jpeg', 'notes.txt']) writeFileSync(join(folder, name), name);
  const queue = new FrameQueue(() => 2);
  const source = new FolderFrameSource(folder, ports);
  source.start(queue);
  const names = [];
  for (let count = 0; count < 3; count++) {
    const frame = await queue.next();
    names.push(frame?.frameId);
    expect(frame?.bytes.toString()).toContain(frame?.frameId);
  }
  await source.stop();
  expect(names).toEqual(['a', 'b', 'c']);
  expect(queue.dropped).toBe(0);
  expect(readdirSync(folder)).toEqual(['notes.txt']);
});

test('folder: a file that is too large becomes a frame without its image; a missing folder is a problem', async () => {
  const folder = join(root, 'large');
  const source = new FolderFrameSource(folder, ports);
  const queue = new FrameQueue(() => 2);
  source.start(queue);
  await waitFor('problem', () => source.problem());
  mkdirSync(folder);
  writeFileSync(join(folder, 'x y.png'), Buffer.alloc(101));
  expect(await queue.next()).toMatchObject({
    frameId: 'x_y',
    frameBytes: 101,
    discarded: 'frame has 101 bytes, more than 100',
  });
  await source.stop();
});

test('socket: connects when the camera appears, and again after a stream that was out of step', async () => {
  const path = join(root, 'camera.sock');
  const queue = new FrameQueue(() => 10);
  const source = new SocketFrameSource(path, ports);
  source.start(queue);
  await waitFor('problem', () => source.problem());
  const cameras: Socket[] = [];
  const server = createServer((socket) => {
    cameras.push(socket);
    socket.on('error', () => undefined);
    if (cameras.length === 1) socket.write(Buffer.alloc(16));
    else socket.write(encodeFrame({ frameId: 'frame-1', capturedAt, bytes: 3 }, Buffer.from('abc')));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(await queue.next()).toMatchObject({ frameId: 'frame-1', capturedAt, frameBytes: 3, receivedAt: 7 });
  expect(cameras).toHaveLength(2);
  expect(source.problem()).toBeUndefined();
  await source.stop();
  for (const camera of cameras) camera.destroy();
  server.close();
});
