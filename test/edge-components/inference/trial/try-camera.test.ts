/** Cameras as they are, tried as on a workstation. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import sharp from 'sharp';
import { DEFAULT_IMAGE_POLICY } from '../../../../contracts/image-policy';
import { SocketFrameSource } from '../../../../edge-components/inference/src/cameras/sources/socket';
import type { CameraRequest } from '../../../../edge-components/inference/trial/camera-of';
import { formatTrial } from '../../../../edge-components/inference/trial/format-trial';
import { writePicture } from '../../../../edge-components/inference/trial/picture';
import { serveFrames } from '../../../../edge-components/inference/trial/serve-frames';
import { tryCamera } from '../../../../edge-components/inference/trial/try-camera';
import { waitFor } from '../../wait-for';
import { jpegImages, RecordingSink, sourcePorts } from '../cameras';
import { closeCameras, httpCamera, rawCamera } from '../cameras/sources/http-server';

/** So many frames are waited for, or a problem: none of it depends on how busy this machine is. */
const attempt = (camera: CameraRequest, mostFrames = 1) =>
  tryCamera(
    {
      ...camera,
      seconds: 1,
      times: { seconds: 25, patienceSeconds: 25, problemSeconds: 0.2, mostFrames },
      policy: DEFAULT_IMAGE_POLICY,
    },
    new AbortController().signal,
  );

let folder: string;
let images: Buffer[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-trial-'));
  images = await jpegImages(10);
});
afterAll(() => {
  closeCameras();
  rmSync(folder, { recursive: true, force: true });
});

/** A stream as real cameras send it: its head, and what stands before and behind each image. */
const stream = (head: string, before: (bytes: number) => string, behind = '\r\n'): Promise<string> =>
  rawCamera((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
    for (const image of images) {
      socket.write(before(image.length));
      socket.write(image);
      socket.write(behind);
    }
  });
const MULTIPART = 'Content-Type: multipart/x-mixed-replace';
const JPEG_PART = 'Content-Type: image/jpeg';

describe('[B27] a camera that is tried', () => {
  test.each([
    [
      'announced boundary',
      `${MULTIPART}; boundary=b`,
      (n: number) => `--b\r\n${JPEG_PART}\r\nContent-Length: ${n}\r\n\r\n`,
    ],
    [
      'another boundary than announced',
      `${MULTIPART}; boundary=myboundary`,
      (n: number) => `--ipcamera\r\n${JPEG_PART}\r\nContent-Length: ${n}\r\n\r\n`,
    ],
    ['no boundary in the header', MULTIPART, () => `--ffmpeg\r\n${JPEG_PART}\r\n\r\n`],
    [
      'Content-Length too large',
      `${MULTIPART}; boundary=b`,
      (n: number) => `--b\r\n${JPEG_PART}\r\nContent-Length: ${n + 64}\r\n\r\n`,
    ],
    [
      'part type text/plain',
      `${MULTIPART}; boundary=b`,
      (n: number) => `--b\r\nContent-Type: text/plain\r\nContent-Length: ${n}\r\n\r\n`,
    ],
    [
      'a header line without a colon',
      `Some words\r\n${MULTIPART}; boundary=b`,
      (n: number) => `--b\r\n${JPEG_PART}\r\nContent-Length: ${n}\r\n\r\n`,
    ],
  ])('%s: every frame comes, and nothing is wrong', async (_, head, before) => {
    const { trial, lastFrame } = await attempt({ source: `http://${await stream(head, before)}/` }, 9);
    expect(trial.camera.type).toBe('http-mjpeg');
    // The last one of some of these streams is known to be whole only when the next begins.
    expect(trial.figures.frames).toBeGreaterThanOrEqual(9);
    expect(trial.figures.sizes).toEqual([expect.objectContaining({ width: 32, height: 24 })]);
    expect(trial.complaints.filter(({ isFault }) => isFault)).toEqual([]);
    expect(lastFrame).toMatchObject({ width: 32, height: 24 });
  });

  test('an address that answers with one image is a snapshot camera', async () => {
    const host = await httpCamera((_, response, count) => {
      response.setHeader('content-type', 'image/jpeg').end(images[count % images.length]);
    });
    const { trial } = await attempt({ source: `http://${host}/x.jpg`, framesPerSecond: 50 }, 3);
    expect(trial.camera).toMatchObject({ type: 'http-snapshot', framesPerSecond: 50 });
    expect(trial.figures.frames).toBeGreaterThan(1);
    expect(formatTrial(trial)).toContain('frames a second');
  });

  test('what is wrong comes with what to do, and without the secrets of the address', async () => {
    const host = await httpCamera((_, response) => {
      response.statusCode = 401;
      response.setHeader('www-authenticate', 'Basic realm="camera"').end();
    });
    const { trial, lastFrame } = await attempt({ source: `http://operator:s3cret@${host}/live?token=t0ken` });
    expect(trial.complaints).toMatchObject([
      { what: 'the camera refuses the user or the password of its url', isFault: true },
    ]);
    expect(lastFrame).toBeUndefined();
    expect(JSON.stringify(trial) + formatTrial(trial)).not.toMatch(/s3cret|t0ken|operator/);
  });

  test('a camera with a certificate of its own says the fingerprint, and is taken with it or with the file', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'camera' }]);
    const server = createServer({ cert, key }, (_, response) =>
      response.setHeader('content-type', 'image/jpeg').end(images[0]),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const source = `https://127.0.0.1:${(server.address() as AddressInfo).port}/x.jpg`;
      const [refused] = (await attempt({ source })).trial.complaints;
      expect(refused?.advice).toContain('--certificate-sha256');
      const [, certificateSha256 = ''] =
        /set certificateSha256 to ([0-9a-f]{64})/.exec(refused?.what ?? '') ?? [];
      const { trial } = await attempt({ source, certificateSha256 });
      expect(trial.figures.frames).toBeGreaterThan(0);
      expect(trial.camera).toMatchObject({ type: 'http-snapshot', certificateSha256 });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('a folder keeps every file; odd entries are complaints', async () => {
    const source = join(folder, 'hand-over');
    mkdirSync(join(source, 'folder.jpg'), { recursive: true });
    for (const [index, image] of images.entries()) writeFileSync(join(source, `${index}.jpg`), image);
    writeFileSync(join(source, 'text.jpg'), 'no image');
    symlinkSync('nowhere', join(source, 'dangling.jpg'));
    const before = readdirSync(source);
    const { trial } = await attempt({ source }, 11);
    expect(readdirSync(source)).toEqual(before);
    expect(trial.figures.frames).toBe(11);
    const faults = trial.complaints.filter(({ isFault }) => isFault).map(({ what }) => what);
    expect(faults).toContain('1 frame that a device would call invalid: frame is neither JPEG nor PNG');
    expect(faults.join()).toMatch(/dangling\.jpg|folder\.jpg/);
    expect(formatTrial(trial)).not.toContain('frames a second');
  });

  test('a folder that is not there is said in words', async () => {
    await expect(attempt({ source: join(folder, 'nowhere') })).rejects.toThrow(
      /must be a folder, an address or a video device/,
    );
  });

  test('a program that reads the camera and fails tells why', async () => {
    const { trial } = await attempt({ source: 'rtsp://127.0.0.1:1/live' });
    expect(trial.complaints).toMatchObject([{ isFault: true }]);
    expect(trial.complaints[0]?.what).toMatch(/ffmpeg/);
  });

  test('the picture has the frame and what the network sees of it, side by side', async () => {
    const file = join(folder, 'picture.png');
    const pixels = new Uint8Array(200 * 100 * 3).fill(90);
    await writePicture(file, { width: 200, height: 100, pixels }, DEFAULT_IMAGE_POLICY);
    expect(await sharp(file).metadata()).toMatchObject({ format: 'png', width: 960 + 16 + 480, height: 480 });
  });
});

describe('[B27] a camera behind a socket', () => {
  test('its frames are what the component reads there, and its problems are told', async () => {
    const source = await stream(
      `${MULTIPART}; boundary=b`,
      (n) => `--b\r\n${JPEG_PART}\r\nContent-Length: ${n}\r\n\r\n`,
    );
    const socketPath = join(folder, 'camera.sock');
    const problems: (string | undefined)[] = [];
    const stop = await serveFrames({
      camera: { type: 'http-mjpeg', url: `http://${source}/` },
      socketPath,
      onProblem: (problem) => problems.push(problem),
    });
    const device = new SocketFrameSource('camera-1', socketPath, sourcePorts());
    const sink = new RecordingSink();
    device.start(sink);
    try {
      await waitFor('a frame or a problem', () => sink.frames.length > 0 || problems.length > 0);
      for (const { bytes } of sink.frames) expect(images).toContainEqual(bytes);
    } finally {
      await device.stop();
      await stop();
    }
    expect(existsSync(socketPath)).toBe(false);
    await expect(new Promise((_, reject) => connect(socketPath).once('error', reject))).rejects.toThrow(
      /ENOENT/,
    );
  });
});
