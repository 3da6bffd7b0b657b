import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { encodeFrame } from '../../../../../demo/inspection-line/frame-message';
import { CameraFeed } from '../../../../../edge-components/inference/src/cameras/camera-feed';
import { FrameQueue } from '../../../../../edge-components/inference/src/cameras/frame-queue';
import { frameSourceOf } from '../../../../../edge-components/inference/src/cameras/sources';
import { temporaryFolder } from '../../../release-fixture';
import { waitFor } from '../../../wait-for';
import { RecordingSink, sourcePorts, systemClock } from '../../cameras';

const root = temporaryFolder();
const servers: Server[] = [];
const cameras: Socket[] = [];
afterAll(() => {
  for (const camera of cameras) camera.destroy();
  for (const server of servers) server.close();
  rmSync(root, { recursive: true, force: true });
});

let sockets = 0;
const newPath = (): string => join(root, `camera-${++sockets}.sock`);

async function listen(path: string, connected: (camera: Socket, count: number) => void): Promise<void> {
  let count = 0;
  const server = createServer((camera) => {
    cameras.push(camera);
    camera.on('error', () => undefined);
    connected(camera, ++count);
  });
  servers.push(server);
  server.listen(path);
  await once(server, 'listening');
}

const encoded = (frameId: string, image = 'abc', second = 0): Buffer =>
  encodeFrame(
    {
      frameId,
      capturedAt: new Date(Date.UTC(2026, 10, 23, 12, 0, second)).toISOString(),
      bytes: image.length,
    },
    Buffer.from(image),
  );
const sourceOf = (path: string, ports = sourcePorts()) =>
  frameSourceOf('top', { type: 'socket', path }, ports);

test('connects when the camera appears, and again after a stream that was out of step', async () => {
  const path = newPath();
  const ports = sourcePorts();
  const source = sourceOf(path, ports);
  expect(source.problem()).toBe('not connected yet');
  const sink = new RecordingSink();
  source.start(sink);
  await waitFor('problem', () => source.problem()?.includes('ENOENT'));
  await listen(path, (camera, count) => {
    camera.write(count === 1 ? Buffer.alloc(16) : encoded('frame-1'));
  });
  await waitFor('frame', () => sink.frames.length > 0);
  expect(sink.frames[0]).toMatchObject({
    cameraId: 'top',
    frameId: 'frame-1',
    capturedAt: '2026-11-23T12:00:00.000Z',
    frameBytes: 3,
    bytes: Buffer.from('abc'),
  });
  expect(source.problem()).toBeUndefined();
  const problems = ports.lines.map(({ details }) => details.problem);
  expect(problems).toContainEqual(expect.stringContaining('frame header length 0'));
  await source.stop();
});

test('a connected camera without a frame is no problem of the source; a closed connection is', async () => {
  const path = newPath();
  let camera: Socket | undefined;
  await listen(path, (socket) => {
    camera = socket;
  });
  const source = sourceOf(path);
  source.start(new RecordingSink());
  await waitFor('connection', () => camera && source.problem() === undefined);
  const server = servers.at(-1) as Server;
  server.close();
  camera?.end();
  await waitFor('problem', () => source.problem());
  await source.stop();
});

test('a frame that is too large comes without its image', async () => {
  const path = newPath();
  await listen(path, (camera) =>
    camera.write(Buffer.concat([encoded('large', 'x'.repeat(101)), encoded('next')])),
  );
  const sink = new RecordingSink();
  const source = sourceOf(path, sourcePorts({ maximumFrameBytes: () => 100 }));
  source.start(sink);
  await waitFor('frames', () => sink.frames.length === 2);
  expect(sink.frames[0]).toMatchObject({
    frameBytes: 101,
    bytes: Buffer.alloc(0),
    discarded: 'frame has 101 bytes, more than 100',
  });
  expect(sink.frames[1]?.discarded).toBeUndefined();
  await source.stop();
});

test('while the sink is not ready nothing is taken, and the camera process has to wait', async () => {
  const path = newPath();
  const image = 'x'.repeat(60_000);
  let written = 0;
  await listen(path, (camera) => {
    const write = (): void => {
      while (written < 500) if (!camera.write(encoded(`f${written++}`, image))) break;
    };
    camera.on('drain', write);
    write();
  });
  const sink = new RecordingSink();
  sink.hold();
  const source = sourceOf(path);
  source.start(sink);
  await waitFor('question', () => sink.asked === 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(sink.frames).toHaveLength(0);
  // What the buffers of both sides hold, and no more: 500 frames are 30 MB.
  expect(written).toBeLessThan(100);
  sink.release();
  await waitFor('frames', () => sink.frames.length === 500);
  expect(sink.frames.map(({ frameId }) => frameId)).toEqual(
    Array.from({ length: 500 }, (_, index) => `f${index}`),
  );
  await source.stop();
});

test('stops while the sink is not ready, and while there is no camera', async () => {
  const path = newPath();
  await listen(path, (camera) => camera.write(encoded('f')));
  const sink = new RecordingSink();
  sink.hold();
  const source = sourceOf(path);
  source.start(sink);
  await waitFor('question', () => sink.asked === 1);
  await source.stop();
  expect(sink.frames).toHaveLength(0);
  const lonely = sourceOf(newPath());
  lonely.start(sink);
  await waitFor('problem', () => lonely.problem()?.includes('ENOENT'));
  await lonely.stop();
});

describe('from the socket through the feed to the queue', () => {
  async function setUp(policy: 'newest' | 'every', stallSeconds: number) {
    const path = newPath();
    let camera: Socket | undefined;
    await listen(path, (socket) => {
      camera = socket;
    });
    const queue = new FrameQueue(() => ({ policy, queueLength: 3 }));
    const source = sourceOf(path);
    const feed = new CameraFeed({
      cameraId: 'top',
      lane: queue.lane('top'),
      clock: systemClock,
      settings: () => ({ stallSeconds, frozenFrames: 3 }),
      sourceProblem: () => source.problem(),
    });
    source.start(feed);
    await waitFor('connection', () => camera && source.problem() === undefined);
    const write = (...frames: Buffer[]): unknown => camera?.write(Buffer.concat(frames));
    return { queue, source, feed, write };
  }
  const next = async (queue: FrameQueue, count: number): Promise<(string | undefined)[]> => {
    const ids: (string | undefined)[] = [];
    for (let index = 0; index < count; index++) ids.push((await queue.next())?.frameId);
    return ids;
  };

  test('case 28: duplicates are answered once, late frames are answered, both are counted', async () => {
    const { queue, source, feed, write } = await setUp('every', 60);
    write(
      encoded('1', 'a', 1),
      encoded('1', 'a', 1),
      encoded('3', 'c', 3),
      encoded('2', 'b', 2),
      encoded('1', 'a', 1),
      encoded('4', 'd', 4),
    );
    expect(await next(queue, 4)).toEqual(['1', '3', '2', '4']);
    await waitFor('all', () => feed.state().framesReceived === 6);
    expect(feed.state()).toMatchObject({
      ok: true,
      framesDuplicate: 2,
      framesOutOfOrder: 1,
      framesDropped: 0,
    });
    expect(queue.size).toBe(0);
    await source.stop();
  });

  test('case 28: a camera that stalls is reported although its connection stands, until a frame comes', async () => {
    const { queue, source, feed, write } = await setUp('newest', 0.1);
    await waitFor('stall', () => !feed.state().ok);
    expect(feed.state().value).toBe('stalled: no new frame for 0.1 s or longer');
    write(encoded('1'));
    expect(await next(queue, 1)).toEqual(['1']);
    expect(feed.state().framesReceived).toBe(1);
    await waitFor('stall again', () => !feed.state().ok);
    await source.stop();
  });

  test('case 28: a camera that sends the same picture under new names is reported as frozen', async () => {
    const { queue, source, feed, write } = await setUp('newest', 60);
    write(encoded('1'), encoded('2'), encoded('3'));
    expect(await next(queue, 3)).toEqual(['1', '2', '3']);
    expect(feed.state().value).toContain('frozen');
    write(encoded('4', 'other'));
    await next(queue, 1);
    expect(feed.state().ok).toBe(true);
    await source.stop();
  });

  test('every: a burst that is larger than the queue loses nothing', async () => {
    const { queue, source, feed, write } = await setUp('every', 60);
    const ids = Array.from({ length: 50 }, (_, index) => `f${index}`);
    write(...ids.map((id, index) => encoded(id, id, index)));
    expect(await next(queue, 50)).toEqual(ids);
    expect(feed.state()).toMatchObject({ framesReceived: 50, framesDropped: 0 });
    await source.stop();
  });

  test('newest: of the same burst the last ones remain, the others are counted', async () => {
    const { queue, source, feed, write } = await setUp('newest', 60);
    write(...Array.from({ length: 50 }, (_, index) => encoded(`f${index}`, `${index}`, index)));
    await waitFor('burst', () => feed.state().framesReceived === 50);
    expect(feed.state().framesDropped).toBe(47);
    expect(await next(queue, 3)).toEqual(['f47', 'f48', 'f49']);
    await source.stop();
  });
});
