import type { ServerResponse } from 'node:http';
import { CameraFeed } from '../../../../../edge-components/inference/src/cameras/camera-feed';
import { FrameQueue } from '../../../../../edge-components/inference/src/cameras/frame-queue';
import {
  MjpegFrameSource,
  type MjpegOptions,
} from '../../../../../edge-components/inference/src/cameras/sources/http-mjpeg';
import { cameraSettings } from '../../../../../edge-components/inference/src/configuration/camera-settings';
import { fakeTimeouts, pass } from '../../../fake-timeouts';
import { waitFor } from '../../../wait-for';
import { FakeClock, jpegImages, RecordingSink, sourcePorts } from '../../cameras';
import { closeCameras, httpCamera, rawCamera } from './http-server';

// No time passes but what a test lets pass: a slow machine is no silent camera.
beforeEach(fakeTimeouts);
afterEach(() => jest.useRealTimers());
afterAll(closeCameras);

const SILENCE = 60_000;
const LONGEST_BACK_OFF = 5_000;

function sourceOf(url: string, ports = sourcePorts(), options?: MjpegOptions): MjpegFrameSource {
  return new MjpegFrameSource('top', cameraSettings({ type: 'http-mjpeg', url }), ports, options);
}
function start(url: string, ports = sourcePorts(), options?: MjpegOptions) {
  const source = sourceOf(url, ports, options);
  const sink = new RecordingSink();
  source.start(sink);
  return { source, sink };
}
const begin = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=--frame' });
const part = (image: Buffer | string, type = 'image/jpeg'): Buffer =>
  Buffer.concat([
    Buffer.from(`--frame\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(image)}\r\n\r\n`),
    Buffer.from(image),
    Buffer.from('\r\n'),
  ]);

test('every part becomes a frame, at once, with a name of its own; parts that are no images are passed over', async () => {
  const images = await jpegImages(3);
  let camera: ServerResponse | undefined;
  const host = await httpCamera((_, response) => {
    camera = begin(response);
    camera.write(part('{"motion":true}', 'application/json'));
    camera.write(part(images[0] as Buffer));
  });
  const { source, sink } = start(`http://${host}/video`);
  expect(source.problem()).toBe('not connected yet');
  await waitFor('first', () => sink.frames.length === 1);
  expect(source.problem()).toBeUndefined();
  camera?.write(Buffer.concat([part(images[1] as Buffer), part(images[2] as Buffer)]));
  await waitFor('all', () => sink.frames.length === 3);
  expect(sink.frames.map(({ bytes }) => bytes)).toEqual(images);
  expect(sink.frames.map(({ cameraId }) => cameraId)).toEqual(['top', 'top', 'top']);
  expect(new Set(sink.frames.map(({ frameId }) => frameId)).size).toBe(3);
  await source.stop();
});

test('a part that is too large comes without its image', async () => {
  const host = await httpCamera((_, response) => {
    begin(response).write(Buffer.concat([part('x'.repeat(101)), part('ok')]));
  });
  const { source, sink } = start(`http://${host}/`, sourcePorts({ maximumFrameBytes: () => 100 }));
  await waitFor('frames', () => sink.frames.length === 2);
  expect(sink.frames[0]).toMatchObject({ frameBytes: 101, discarded: 'frame has 101 bytes, more than 100' });
  expect(sink.frames[1]).toMatchObject({ frameBytes: 2 });
  await source.stop();
});

test.each<[string, (response: ServerResponse) => unknown, string]>([
  ['the stream ends', (response) => begin(response).end(), 'the camera ended the stream'],
  [
    'the stream breaks off',
    (response) => begin(response).write('--frame\r\n', () => response.destroy()),
    'aborted',
  ],
  ['nothing comes', (response) => begin(response).flushHeaders(), 'no frame for 60 s'],
  ['no answer', () => undefined, 'no frame for 60 s'],
  [
    'bytes come, but no part',
    (response) => {
      begin(response);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
    'no frame for 60 s',
  ],
  [
    'images one after the other without an end, but no parts',
    (response) => response.writeHead(200, { 'content-type': 'image/jpeg' }).write('x'),
    "the camera answered 'image/jpeg' without a boundary, not multipart/x-mixed-replace; for single images use type 'http-snapshot'",
  ],
  [
    'a page',
    (response) => response.writeHead(200).end('x'),
    "the camera answered 'no content type' without a boundary, not multipart/x-mixed-replace",
  ],
  ['not found', (response) => response.writeHead(404).end(), 'the camera answered 404 Not Found'],
  [
    'nonsense',
    (response) => begin(response).write(`--frame\r\n${'x'.repeat(20_000)}`),
    'the header of a part has more than 16384 bytes',
  ],
])('a problem, and another connection: %s', async (_, fail, problem) => {
  let healed = false;
  let connections = 0;
  const host = await httpCamera((_request, response, count) => {
    connections = count;
    if (healed) begin(response).write(part('x'));
    else fail(response);
  });
  let failures = 0;
  // Asked for the pause after each failure.
  const random = (): number => {
    failures++;
    return 0;
  };
  const ports = sourcePorts({ random });
  const { source, sink } = start(`http://${host}/`, ports, { silenceMilliseconds: SILENCE });
  for (const attempt of [1, 2]) {
    await waitFor(`connection ${attempt}`, () => connections === attempt);
    if (problem.startsWith('no frame')) await pass(SILENCE);
    await waitFor(problem, () => failures === attempt && source.problem() === problem);
    expect(sink.frames).toHaveLength(0);
    healed = attempt === 2;
    await pass(LONGEST_BACK_OFF);
  }
  await waitFor('frame', () => sink.frames.length >= 1);
  expect(source.problem()).toBeUndefined();
  await source.stop();
  expect(ports.lines.filter(({ details }) => details.problem === problem)).toHaveLength(1);
});

test('user and password are answered to a challenge and shown nowhere', async () => {
  const host = await httpCamera((request, response) => {
    if (request.headers.authorization) begin(response).write(part('x'));
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  const ports = sourcePorts();
  const { source, sink } = start(`http://user:s3cret@${host}/`, ports);
  await waitFor('frame', () => sink.frames.length === 1);
  await source.stop();
  expect(JSON.stringify(ports.lines)).not.toContain('s3cret');
});

test('a camera that speaks HTTP/1.0, ends lines in LF and leaves out what it can', async () => {
  const [image] = (await jpegImages(1)) as [Buffer];
  const host = await rawCamera((socket) => {
    socket.on('data', () => {
      socket.write(
        'HTTP/1.0 200 OK\nServer: cam\nContent-Type: multipart/x-mixed-replace;boundary=ipcam\n\n',
      );
      socket.write(
        Buffer.concat([
          Buffer.from('ipcam\n\n'),
          image,
          Buffer.from('\nipcam\nContent-type: image/jpeg\n\n'),
          image,
        ]),
      );
      socket.end();
    });
  });
  const { source, sink } = start(`http://${host}/`);
  await waitFor('frames', () => sink.frames.length >= 2);
  expect(sink.frames.slice(0, 2).map(({ bytes }) => bytes)).toEqual([image, image]);
  await source.stop();
});

test("while the sink is not ready nothing is read; the silence is not the camera's then", async () => {
  const image = 'x'.repeat(60_000);
  let written = 0;
  let connections = 0;
  const host = await httpCamera((_, response, count) => {
    connections = count;
    begin(response);
    const write = (): void => {
      while (written < 300) {
        written++;
        if (!response.write(part(image))) return;
      }
    };
    response.on('drain', write);
    write();
  });
  const source = sourceOf(`http://${host}/`, sourcePorts(), { silenceMilliseconds: SILENCE });
  const sink = new RecordingSink();
  sink.hold();
  source.start(sink);
  await waitFor('question', () => sink.asked === 1);
  await pass(2 * SILENCE);
  expect(written).toBeLessThan(150);
  sink.release();
  await waitFor('frames', () => sink.frames.length === 300);
  expect(connections).toBe(1);
  await source.stop();
});

test('stops while the sink is not ready', async () => {
  const host = await httpCamera((_, response) => {
    begin(response).write(part('x'));
  });
  const source = sourceOf(`http://${host}/`);
  const sink = new RecordingSink();
  sink.hold();
  source.start(sink);
  await waitFor('question', () => sink.asked === 1);
  await source.stop();
  expect(sink.frames).toHaveLength(0);
});

test('case 28: a camera that hangs is reported as stalled, is connected to again, and heals', async () => {
  const answers: ServerResponse[] = [];
  const host = await httpCamera((_, response) => answers.push(begin(response)));
  const clock = new FakeClock();
  const source = sourceOf(`http://${host}/`, sourcePorts({ clock }), { silenceMilliseconds: SILENCE });
  const queue = new FrameQueue(() => ({ policy: 'newest', queueLength: 4 }));
  const feed = new CameraFeed({
    cameraId: 'top',
    lane: queue.lane('top'),
    clock,
    settings: () => ({ stallSeconds: 20, frozenFrames: 0 }),
    sourceProblem: () => source.problem(),
  });
  source.start(feed);
  const answer = async (index: number): Promise<ServerResponse> =>
    waitFor(`connection ${index}`, () => answers[index]);
  (await answer(0)).write(part('image 1'));
  expect((await queue.next())?.bytes.toString()).toBe('image 1');
  clock.advance(20_000);
  expect(feed.state().value).toBe('stalled: no new frame for 20 s or longer');
  await pass(SILENCE);
  await waitFor('both', () => feed.state().value.startsWith('no frame for 60 s; stalled'));
  await pass(LONGEST_BACK_OFF);
  (await answer(1)).write(part('image 2'));
  expect((await queue.next())?.bytes.toString()).toBe('image 2');
  expect(feed.state()).toMatchObject({ ok: true, framesReceived: 2 });
  await source.stop();
});
