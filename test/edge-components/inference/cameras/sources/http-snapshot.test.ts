import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIdentifier } from '../../../../../edge-components/inference/src/cameras/sources/frame-message';
import type { FrameSourcePorts } from '../../../../../edge-components/inference/src/cameras/sources/frame-source';
import {
  SnapshotFrameSource,
  type SnapshotOptions,
} from '../../../../../edge-components/inference/src/cameras/sources/http-snapshot';
import { cameraSettings } from '../../../../../edge-components/inference/src/configuration/camera-settings';
import { fakeTimeouts, pass } from '../../../fake-timeouts';
import { waitFor } from '../../../wait-for';
import { FakeClock, jpegImages, RecordingSink, sourcePorts } from '../../cameras';
import { closeCameras, httpCamera, rawCamera } from './http-server';

afterEach(() => jest.useRealTimers());
afterAll(closeCameras);

const REQUEST_LIMIT = 60_000;
const LONGEST_BACK_OFF = 5_000;

function start(
  url: string,
  {
    ports = sourcePorts(),
    framesPerSecond = 100,
    options,
  }: {
    ports?: FrameSourcePorts;
    framesPerSecond?: number;
    options?: SnapshotOptions;
  } = {},
) {
  const source = new SnapshotFrameSource(
    'top',
    cameraSettings({ type: 'http-snapshot', url, framesPerSecond }),
    ports,
    options,
  );
  const sink = new RecordingSink();
  source.start(sink);
  return { source, sink };
}
const sendImage = (response: ServerResponse, image: Buffer | string): unknown =>
  response.setHeader('content-type', 'image/jpeg').end(image);

test('one request for every frame, never two at once; each frame has a name of its own and the time of its first byte', async () => {
  const images = await jpegImages(3);
  let open = 0;
  let most = 0;
  const host = await httpCamera((_, response, count) => {
    most = Math.max(most, ++open);
    // Time for a second request, were there one.
    setImmediate(() =>
      setImmediate(() => {
        open--;
        sendImage(response, images[count % 3] as Buffer);
      }),
    );
  });
  const before = Date.now();
  const { source, sink } = start(`http://${host}/shot.jpg`, { framesPerSecond: 120 });
  await waitFor('frames', () => sink.frames.length >= 5);
  await source.stop();
  expect(most).toBe(1);
  expect(source.problem()).toBeUndefined();
  const [first] = sink.frames;
  expect(first).toMatchObject({ cameraId: 'top', bytes: images[1], frameBytes: images[1]?.length });
  expect(first?.frameId).toMatch(/^top-\d{8}T\d{9}Z-1$/);
  expect(sink.frames.every(({ frameId }) => isIdentifier(frameId))).toBe(true);
  expect(new Set(sink.frames.map(({ frameId }) => frameId)).size).toBe(sink.frames.length);
  const times = sink.frames.map(({ capturedAt }) => Date.parse(capturedAt));
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(times[0]).toBeGreaterThanOrEqual(before);
});

test('asks no more often than framesPerSecond, and not at once for what it has missed', async () => {
  fakeTimeouts();
  const clock = new FakeClock();
  const host = await httpCamera((_, response) => sendImage(response, 'x'));
  const { source, sink } = start(`http://${host}/`, { ports: sourcePorts({ clock }), framesPerSecond: 20 });
  /** The source waits for its time. */
  const frames = (count: number): Promise<unknown> =>
    waitFor(`frame ${count}`, () => sink.frames.length === count && jest.getTimerCount() === 1);
  const passBoth = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await pass(milliseconds);
  };
  await frames(1);
  for (const count of [2, 3]) {
    await passBoth(49);
    await frames(count - 1);
    await passBoth(1);
    await frames(count);
  }
  // A second late: one frame more than otherwise, not twenty.
  clock.advance(1_000);
  await pass(50);
  await frames(5);
  await source.stop();
});

test('a connection is used again', async () => {
  const ports = new Set<number | undefined>();
  const host = await httpCamera((request, response) => {
    ports.add(request.socket.remotePort);
    sendImage(response, 'x');
  });
  const { source, sink } = start(`http://${host}/`);
  await waitFor('frames', () => sink.frames.length >= 3);
  await source.stop();
  expect(ports.size).toBe(1);
});

test('while the sink is not ready the camera is not asked', async () => {
  fakeTimeouts();
  let asked = 0;
  const host = await httpCamera((_, response, count) => {
    asked = count;
    sendImage(response, 'x');
  });
  const source = new SnapshotFrameSource(
    'top',
    cameraSettings({ type: 'http-snapshot', url: `http://${host}/`, framesPerSecond: 100 }),
    sourcePorts(),
  );
  const sink = new RecordingSink();
  sink.hold();
  source.start(sink);
  await waitFor('question', () => sink.asked === 1);
  await pass(10_000);
  expect(asked).toBe(0);
  sink.release();
  await waitFor('frame', () => sink.frames.length >= 1);
  await source.stop();
});

test.each<[string, (response: ServerResponse, request: IncomingMessage) => unknown, string]>([
  [
    'a status other than 200',
    (response) => response.writeHead(503).end('busy'),
    'the camera answered 503 Service Unavailable',
  ],
  [
    'a redirect',
    (response) => response.writeHead(302, { location: '/other' }).end(),
    'the camera answered 302 Found',
  ],
  [
    'another content',
    (response) => response.writeHead(200, { 'content-type': 'text/html; charset=x' }).end('<html>'),
    "the camera answered 'text/html', not an image",
  ],
  [
    'no bytes',
    (response) => response.writeHead(200, { 'content-type': 'image/jpeg' }).end(),
    'the camera answered with no bytes',
  ],
  [
    'an answer that breaks off',
    (response, request) => {
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': 100 });
      response.write('half', () => request.socket.destroy());
    },
    'aborted',
  ],
  ['a connection that breaks off', (_, request) => request.socket.destroy(), 'socket hang up'],
  ['no answer', () => undefined, 'no whole answer within 60000 ms'],
  [
    'an answer that never ends',
    (response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg' }).write('half');
    },
    'no whole answer within 60000 ms',
  ],
])('a problem, healed by the next image: %s', async (_, fail, problem) => {
  fakeTimeouts();
  let healed = false;
  let requests = 0;
  const host = await httpCamera((request, response, count) => {
    requests = count;
    if (healed) sendImage(response, 'x');
    else fail(response, request);
  });
  let failures = 0;
  // Asked for the pause after each failure. The clock goes on by itself, so that every attempt is due.
  const random = (): number => {
    failures++;
    return 0;
  };
  const clock = new FakeClock();
  const ports = sourcePorts({ clock, random });
  const { source, sink } = start(`http://${host}/`, {
    ports,
    options: { requestMilliseconds: REQUEST_LIMIT },
  });
  for (const attempt of [1, 2]) {
    await waitFor(`request ${attempt}`, () => requests === attempt);
    if (problem.startsWith('no whole')) await pass(REQUEST_LIMIT);
    await waitFor(problem, () => failures === attempt && source.problem() === problem);
    expect(sink.frames).toHaveLength(0);
    healed = attempt === 2;
    clock.advance(LONGEST_BACK_OFF);
    await pass(LONGEST_BACK_OFF);
  }
  await waitFor('frame', () => sink.frames.length >= 1);
  expect(source.problem()).toBeUndefined();
  await source.stop();
  // Once when it began, once when it ended, however often it happened.
  expect(ports.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'warn camera',
    'info camera is back',
  ]);
  expect(ports.lines[0]?.details).toMatchObject({ cameraId: 'top', problem });
  expect(ports.lines[1]?.details.failures).toBe(2);
});

test('after failures it asks less and less often', async () => {
  fakeTimeouts();
  let failures = 0;
  const random = (): number => {
    failures++;
    return 0;
  };
  const clock = new FakeClock();
  const host = await httpCamera((_, response) => response.writeHead(500).end());
  const { source } = start(`http://${host}/`, { ports: sourcePorts({ clock, random }) });
  for (const [attempt, delay] of [50, 100, 200, 400].entries()) {
    await waitFor('a failure', () => failures === attempt + 1);
    clock.advance(delay);
    await pass(delay - 1);
    // Nothing but the pause is waited for.
    expect(jest.getTimerCount()).toBe(1);
    expect(failures).toBe(attempt + 1);
    await pass(1);
  }
  await waitFor('a failure', () => failures === 5);
  await source.stop();
});

test.each([
  ['announced', true],
  ['found while reading', false],
])(
  'an answer that is too large becomes a frame without its image, and is not read: %s',
  async (_, announced) => {
    let written = 0;
    const host = await httpCamera((_request, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg', ...(announced && { 'content-length': 1e9 }) });
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(10_000))) written += 10_000;
      };
      response.on('drain', write);
      write();
    });
    const { source, sink } = start(`http://${host}/`, {
      ports: sourcePorts({ maximumFrameBytes: () => 50_000 }),
      framesPerSecond: 1,
    });
    await waitFor('frame', () => sink.frames.length >= 1);
    await source.stop();
    expect(sink.frames[0]?.bytes).toHaveLength(0);
    expect(sink.frames[0]?.discarded).toMatch(
      announced ? /^frame has 1000000000 bytes, more than 50000$/ : /more than 50000$/,
    );
    expect(sink.frames[0]?.frameBytes).toBeGreaterThan(50_000);
    expect(written).toBeLessThan(20_000_000);
  },
);

describe('user and password', () => {
  const USER = 'op%20erator';
  const PASSWORD = 's3c%3Aret';

  test('Basic when the camera asks for it, from then on at once, and never in a log', async () => {
    const given: (string | undefined)[] = [];
    const host = await httpCamera((request, response, count) => {
      given.push(request.headers.authorization);
      if (!request.headers.authorization)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="cam"' }).end();
      else if (count === 3) response.writeHead(500, 's3c:ret of op erator').end();
      else sendImage(response, 'x');
    });
    const ports = sourcePorts();
    const { source, sink } = start(`http://${USER}:${PASSWORD}@${host}/shot.jpg?pwd=s3c%3Aret`, { ports });
    await waitFor('problem', () => source.problem()?.includes('500'));
    expect(source.problem()).toBe('the camera answered 500 *** of ***');
    await waitFor('frames', () => sink.frames.length >= 3);
    await source.stop();
    const basic = `Basic ${Buffer.from('op erator:s3c:ret').toString('base64')}`;
    expect(given.slice(0, 4)).toEqual([undefined, basic, basic, basic]);
    expect(JSON.stringify([ports.lines, sink.frames])).not.toMatch(/s3c|erator/);
  });

  test('a camera that refuses without saying how gets Basic', async () => {
    const host = await httpCamera((request, response) => {
      if (request.headers.authorization?.startsWith('Basic ')) sendImage(response, 'x');
      else response.writeHead(401).end();
    });
    const { source, sink } = start(`http://${USER}:${PASSWORD}@${host}/`);
    await waitFor('frame', () => sink.frames.length >= 1);
    await source.stop();
  });

  test('Digest: the password never goes over the network; counts requests; takes a new nonce when the old one is stale', async () => {
    let nonce = 'n1';
    const counts: string[] = [];
    const host = await httpCamera((request, response) => {
      const header = request.headers.authorization ?? '';
      const field = (name: string): string => new RegExp(`\\b${name}="?([^",]+)`).exec(header)?.[1] ?? '';
      const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
      const expected = md5(
        `${md5('op erator:cam:s3c:ret')}:${nonce}:${field('nc')}:${field('cnonce')}:auth:${md5('GET:/shot.jpg?x=1')}`,
      );
      expect(header).not.toContain('s3c');
      if (field('response') === expected) {
        counts.push(`${nonce} ${field('nc')}`);
        if (counts.length === 2) nonce = 'n2';
        sendImage(response, 'x');
        return;
      }
      response.writeHead(401, {
        'www-authenticate': ['Basic realm="cam"', `Digest realm="cam", qop="auth", nonce="${nonce}"`],
      });
      response.end();
    });
    const { source, sink } = start(`http://${USER}:${PASSWORD}@${host}/shot.jpg?x=1`);
    await waitFor('frames', () => sink.frames.length >= 4);
    await source.stop();
    expect(counts.slice(0, 4)).toEqual(['n1 00000001', 'n1 00000002', 'n2 00000001', 'n2 00000002']);
  });

  test.each([
    [
      'refused',
      `${USER}:${PASSWORD}@`,
      'Basic realm="cam"',
      'the camera refuses the user or the password of its url',
    ],
    ['missing', '', 'Basic realm="cam"', 'the camera asks for a user and a password, and its url has none'],
    [
      'of another kind',
      `${USER}:${PASSWORD}@`,
      'Negotiate',
      'the camera asks for an authorization other than Basic and Digest: Negotiate',
    ],
  ])('%s: a problem in words', async (kind, user, challenge, problem) => {
    const given: boolean[] = [];
    const host = await httpCamera((request, response) => {
      given.push(request.headers.authorization !== undefined);
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const { source } = start(`http://${user}${host}/`);
    await waitFor('attempts', () => given.length >= 4);
    expect(source.problem()).toBe(problem);
    await source.stop();
    // One wrong password an attempt, and a pause between attempts: a camera locks an account after some of them.
    expect(given.slice(0, 4)).toEqual(
      kind === 'refused' ? [false, true, false, true] : [false, false, false, false],
    );
  });
});

test('a camera that is not there is a problem without the secrets of its address', async () => {
  const { source } = start('http://user:s3cret@127.0.0.1:1/s3cret?pwd=s3cret');
  await waitFor('problem', () => source.problem()?.includes('ECONNREFUSED'));
  expect(source.problem()).not.toContain('s3cret');
  await source.stop();
});

test('header lines that end in LF alone are read', async () => {
  const host = await rawCamera((socket) => {
    socket.on('data', () => socket.end('HTTP/1.0 200 OK\nContent-Type: image/jpeg\n\nimage'));
  });
  const { source, sink } = start(`http://${host}/`);
  await waitFor('frame', () => sink.frames.length >= 1);
  expect(sink.frames[0]?.bytes.toString()).toBe('image');
  await source.stop();
});

test('stops in the middle of a request, and in the middle of an answer', async () => {
  let asked = false;
  const silent = await httpCamera(() => {
    asked = true;
  });
  const first = start(`http://${silent}/`);
  await waitFor('request', () => asked);
  await first.source.stop();
  let began = false;
  const endless = await httpCamera((_, response) => {
    response.writeHead(200, { 'content-type': 'image/jpeg' }).write('x', () => {
      began = true;
    });
  });
  const second = start(`http://${endless}/`);
  await waitFor('answer', () => began);
  await second.source.stop();
  expect([first.sink.frames, second.sink.frames]).toEqual([[], []]);
});

test.each<[string, string, (image: Buffer) => number]>([
  ['an image of type text/plain', 'text/plain', (image) => image.length],
  ['a Content-Length that is too large', 'image/jpeg', (image) => image.length + 64],
])('[B27] F9: %s is a frame, at once', async (_, type, length) => {
  const [image] = (await jpegImages(1)) as [Buffer];
  const host = await httpCamera((_request, response) => {
    response.writeHead(200, { 'content-type': type, 'content-length': length(image) }).end(image);
  });
  const { source, sink } = start(`http://${host}/`);
  await waitFor('frames', () => sink.frames.length >= 2);
  expect(sink.frames[0]).toMatchObject({ bytes: image, frameBytes: image.length });
  expect(source.problem()).toBeUndefined();
  await source.stop();
});
