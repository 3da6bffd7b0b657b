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
  [
    'the stream ends',
    (response) => begin(response).end(),
    'the camera ended the stream: the camera answered and sends nothing',
  ],
  [
    'the stream breaks off',
    (response) => begin(response).write('--frame\r\n', () => response.destroy()),
    'aborted',
  ],
  [
    'nothing comes',
    (response) => begin(response).flushHeaders(),
    'no frame for 60 s: the camera answered and sends nothing',
  ],
  ['no answer', () => undefined, 'no frame for 60 s: the camera does not answer'],
  [
    'bytes come, but no part',
    (response) => {
      begin(response);
      response.write("RTSP/1.0 '200'\r\n".padEnd(32, 'x'));
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
    "no frame for 60 s: the camera sends bytes without a JPEG image or a part; they begin with 'RTSP/1.0 .200...xxxxxxxxxxxxxxxx'",
  ],
  [
    'parts, but no images',
    (response) => begin(response).write(part('{"motion":true}', 'application/json')),
    "no frame for 60 s: the camera sends only parts of type 'application/json'",
  ],
  [
    'a single image',
    (response) => response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': 1 }).end('x'),
    "the camera answered 'image/jpeg', not multipart/x-mixed-replace; for single images use type 'http-snapshot'",
  ],
  [
    'a page',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('x'),
    "the camera answered 'text/html', not multipart/x-mixed-replace",
  ],
  [
    'a page without a type',
    (response) => response.writeHead(200).end('<html>'),
    "the camera ended the stream: the camera sends bytes without a JPEG image or a part; they begin with '<html>'",
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
  await waitFor('both', () =>
    feed.state().value.startsWith('no frame for 60 s: the camera sends no more; stalled'),
  );
  await pass(LONGEST_BACK_OFF);
  (await answer(1)).write(part('image 2'));
  expect((await queue.next())?.bytes.toString()).toBe('image 2');
  expect(feed.state()).toMatchObject({ ok: true, framesReceived: 2 });
  await source.stop();
});

describe('[B27] F9: streams of real cameras', () => {
  const stream = (response: ServerResponse, type: string): ServerResponse =>
    response.writeHead(200, { 'content-type': type });
  const headed = (image: Buffer, ...lines: string[]): Buffer =>
    Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n')), image, Buffer.from('\r\n')]);

  test.each<[string, string, (image: Buffer) => Buffer]>([
    [
      'another boundary than announced',
      'multipart/x-mixed-replace; boundary=myboundary',
      (image) => headed(image, '--ipcamera', 'Content-Type: image/jpeg', `Content-Length: ${image.length}`),
    ],
    [
      'no boundary in the header',
      'multipart/x-mixed-replace',
      (image) => headed(image, '--ffmpeg', 'Content-type: image/jpeg'),
    ],
    [
      'Content-Length 64 too large',
      'multipart/x-mixed-replace; boundary=b',
      (image) => headed(image, '--b', 'Content-Type: image/jpeg', `Content-Length: ${image.length + 64}`),
    ],
    [
      'Content-Length 64 too small',
      'multipart/x-mixed-replace; boundary=b',
      (image) => headed(image, '--b', 'Content-Type: image/jpeg', `Content-Length: ${image.length - 64}`),
    ],
    [
      'parts of type text/plain',
      'multipart/x-mixed-replace; boundary=b',
      (image) => headed(image, '--b', 'Content-Type: text/plain', `Content-Length: ${image.length}`),
    ],
    ['images one after the other, and no multipart', 'image/jpeg', (image) => image],
    ['the same without a type', 'application/octet-stream', (image) => image],
  ])('%s: ten of ten frames', async (_, type, encode) => {
    const images = await jpegImages(10);
    const host = await httpCamera((_request, response) => {
      stream(response, type).write(Buffer.concat(images.map(encode)));
    });
    const { source, sink } = start(`http://${host}/`);
    await waitFor('frames', () => sink.frames.length === 10);
    expect(sink.frames.map(({ bytes }) => bytes)).toEqual(images);
    expect(source.problem()).toBeUndefined();
    expect(source.lost()).toBe(0);
    await source.stop();
  });

  test('a frame that breaks off with the connection counts as lost', async () => {
    const [image] = (await jpegImages(1)) as [Buffer];
    const host = await httpCamera((_, response) => {
      begin(response).write(Buffer.concat([part(image), part(image).subarray(0, -100)]), () =>
        response.destroy(),
      );
    });
    const { source, sink } = start(`http://${host}/`);
    await waitFor('loss', () => source.lost() === 1);
    expect(sink.frames.length).toBeGreaterThanOrEqual(1);
    await source.stop();
  });

  test('an image alone is a frame, and the way to ask for single images is said', async () => {
    const [image] = (await jpegImages(1)) as [Buffer];
    const host = await httpCamera((_, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(image);
    });
    const { source, sink } = start(`http://${host}/`);
    await waitFor('problem', () => source.problem()?.includes('the camera sent one image'));
    expect(source.problem()).toBe("the camera sent one image; for single images use type 'http-snapshot'");
    expect(sink.frames[0]?.bytes).toEqual(image);
    await source.stop();
  });
});
