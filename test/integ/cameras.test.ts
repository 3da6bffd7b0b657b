/** Cameras that are read by a child process: a program of our own that behaves badly, and ffmpeg and GStreamer where they are. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { CameraConfiguration } from '../../contracts';
import { CameraFeed } from '../../edge-components/inference/src/cameras/camera-feed';
import { FrameQueue } from '../../edge-components/inference/src/cameras/frame-queue';
import {
  ChildProcessFrameSource,
  type ChildProcessOptions,
} from '../../edge-components/inference/src/cameras/sources/child-process';
import { frameProgram } from '../../edge-components/inference/src/cameras/sources/frame-program';
import { cameraSettings } from '../../edge-components/inference/src/configuration/camera-settings';
import { fakeTimeouts, pass } from '../edge-components/fake-timeouts';
import { FakeClock, jpegImages, RecordingSink, sourcePorts } from '../edge-components/inference/cameras';
import { waitFor } from '../edge-components/wait-for';

const root = mkdtempSync(join(tmpdir(), 'kaizen-cameras-'));
const URL_WITH_SECRETS = 'rtsp://operator:s3cret@127.0.0.1:1/live?token=t0ken';

/** What the program does at one start; the last entry of the plan is for every further start. */
interface Behaviour {
  /** Numbers of the images to write, in one go. */
  readonly images?: readonly number[];
  /** Written after the images, as it is. */
  readonly garbage?: string;
  readonly standardError?: string;
  /** Kilobytes of text without end of line on standard error, before the images. */
  readonly flood?: number;
  readonly ignoreSigterm?: boolean;
  /** exit: with code 3. wait: does nothing more. repeat: writes its images every 10 ms. */
  readonly afterwards: 'exit' | 'wait' | 'repeat';
  readonly refuseFpsMode?: boolean;
}

const PROGRAM = `#!${process.execPath}
const fs = require('node:fs');
const folder = __dirname;
const plan = JSON.parse(fs.readFileSync(folder + '/plan.json', 'utf8'));
const log = folder + '/starts.jsonl';
const starts = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\\n').length - 1 : 0;
const behaviour = plan[Math.min(starts, plan.length - 1)];
fs.appendFileSync(log, JSON.stringify({ pid: process.pid, arguments: process.argv.slice(2), variables: Object.keys(process.env) }) + '\\n');
if (behaviour.ignoreSigterm) process.on('SIGTERM', () => undefined);
if (behaviour.refuseFpsMode && process.argv.includes('-fps_mode')) {
  fs.writeSync(2, "Unrecognized option 'fps_mode'.\\nError splitting the argument list: Option not found\\n");
  process.exit(1);
}
if (behaviour.standardError) fs.writeSync(2, behaviour.standardError);
for (let count = 0; count < (behaviour.flood ?? 0); count++) fs.writeSync(2, 'x'.repeat(1024));
const images = Buffer.concat((behaviour.images ?? []).map((index) => fs.readFileSync(folder + '/' + index + '.jpg')));
const write = () => fs.writeSync(1, images);
write();
if (behaviour.garbage) fs.writeSync(1, Buffer.from(behaviour.garbage, 'latin1'));
if (behaviour.afterwards === 'exit') process.exit(3);
if (behaviour.afterwards === 'repeat') setInterval(write, 10);
else setInterval(() => undefined, 1000);
`;

interface Start {
  readonly pid: number;
  readonly arguments: readonly string[];
  readonly variables: readonly string[];
}

let images: Buffer[];
const SILENCE = 60_000;
const GRACE = 500;
const LONGEST_BACK_OFF = 5_000;
const sources: ChildProcessFrameSource[] = [];
beforeAll(async () => {
  images = await jpegImages(3);
});
afterEach(() => jest.useRealTimers());
afterAll(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  rmSync(root, { recursive: true, force: true });
});

/** The program in a folder of its own. */
function programOf(plan: readonly Behaviour[]) {
  const folder = mkdtempSync(join(root, 'program-'));
  const executable = join(folder, 'program.cjs');
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  for (const [index, image] of images.entries()) writeFileSync(join(folder, `${index}.jpg`), image);
  writeFileSync(executable, PROGRAM);
  chmodSync(executable, 0o755);
  const starts = (): Start[] => {
    const log = join(folder, 'starts.jsonl');
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Start);
  };
  return { executable, starts };
}

function start(
  executable: string,
  options: ChildProcessOptions = {},
  configuration: CameraConfiguration = { type: 'rtsp', url: URL_WITH_SECRETS },
  maximumFrameBytes = 1_000_000,
) {
  const ports = sourcePorts({
    maximumFrameBytes: () => maximumFrameBytes,
    executables: { ffmpeg: executable, gstreamer: executable },
  });
  const source = new ChildProcessFrameSource('top', cameraSettings(configuration), ports, options);
  sources.push(source);
  const sink = new RecordingSink();
  return { source, sink, ports };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
const allGone = (starts: readonly Start[]): Promise<true> =>
  waitFor('end of every program', () => starts.every(({ pid }) => !isRunning(pid)));

test('every image becomes a frame; the program gets its arguments as they are and none of our secrets', async () => {
  process.env.SVCUID = 'token';
  const { executable, starts } = programOf([{ images: [0, 1, 2], afterwards: 'wait' }]);
  const { source, sink } = start(executable);
  source.start(sink);
  await waitFor('frames', () => sink.frames.length === 3);
  expect(sink.frames.map(({ bytes }) => bytes)).toEqual(images);
  expect(sink.frames[0]).toMatchObject({ cameraId: 'top', frameBytes: images[0]?.length });
  expect(source.problem()).toBeUndefined();
  await source.stop();
  delete process.env.SVCUID;
  const [begun] = starts();
  const expected = frameProgram(
    cameraSettings({ type: 'rtsp', url: URL_WITH_SECRETS }),
    '-fps_mode',
  ).arguments;
  expect(begun?.arguments).toEqual(expected);
  expect(begun?.variables).toContain('PATH');
  expect(begun?.variables).not.toContain('SVCUID');
  await allGone(starts());
});

test('an image that is too large comes without its bytes, the next one is whole', async () => {
  const sizes = images.map(({ length }) => length);
  const large = await sharp(images[0]).resize(400, 400).jpeg({ quality: 100 }).toBuffer();
  const { executable } = programOf([
    { garbage: large.toString('latin1') + images[0]?.toString('latin1'), afterwards: 'wait' },
  ]);
  const { source, sink } = start(executable, {}, undefined, Math.max(...sizes));
  source.start(sink);
  await waitFor('frames', () => sink.frames.length === 2);
  expect(sink.frames[0]).toMatchObject({ frameBytes: large.length, bytes: Buffer.alloc(0) });
  expect(sink.frames[0]?.discarded).toBe(`frame has ${large.length} bytes, more than ${Math.max(...sizes)}`);
  expect(sink.frames[1]?.bytes).toEqual(images[0]);
  await source.stop();
});

test('a program that ends is started again; the problem has its last words, without the secrets of the address', async () => {
  const words = `opening\n[rtsp @ 0x555c40d76b40] method DESCRIBE failed: 401\n${URL_WITH_SECRETS}: refused for operator, s3cret, t0ken\n`;
  const { executable, starts } = programOf([{ standardError: words, afterwards: 'exit' }]);
  const { source, sink, ports } = start(executable);
  source.start(sink);
  await waitFor('starts', () => starts().length >= 3);
  expect(source.problem()).toBe(
    'ffmpeg ended with 3: opening; [rtsp] method DESCRIBE failed: 401; rtsp://127.0.0.1:1/*** refused for ***, ***, ***',
  );
  await source.stop();
  expect(JSON.stringify(ports.lines)).not.toMatch(/operator|s3cret|t0ken/);
  expect(ports.lines).toHaveLength(1);
});

test('frames written before the end are not lost, and the camera is well again when the next ones come', async () => {
  const { executable } = programOf([
    { images: [0, 1], afterwards: 'exit' },
    { images: [2], afterwards: 'wait' },
  ]);
  const { source, sink, ports } = start(executable);
  source.start(sink);
  await waitFor('frames', () => sink.frames.length === 3);
  expect(source.problem()).toBeUndefined();
  expect(ports.lines.map(({ message }) => message)).toEqual(['camera', 'camera is back']);
  expect(ports.lines[0]?.details.problem).toBe('ffmpeg ended with 3');
  await source.stop();
});

test('a program that hangs is ended, by force when it does not listen, and started again', async () => {
  const { executable, starts } = programOf([
    { images: [0], ignoreSigterm: true, afterwards: 'wait' },
    { images: [1], afterwards: 'wait' },
  ]);
  // Only what the test lets pass is silence: a program may take its time to start on a busy machine.
  fakeTimeouts();
  const { source, sink, ports } = start(executable, { silenceMilliseconds: SILENCE });
  source.start(sink);
  await waitFor('a frame', () => sink.frames.length === 1);
  await pass(SILENCE);
  const [first] = starts() as [Start];
  // It does not listen.
  expect(isRunning(first.pid)).toBe(true);
  await pass(GRACE);
  await waitFor('the problem', () => ports.lines.length === 1);
  expect(ports.lines[0]?.details.problem).toBe('ffmpeg gave no frame for 60 s');
  expect(isRunning(first.pid)).toBe(false);
  await pass(LONGEST_BACK_OFF);
  await waitFor('a frame of the second start', () => sink.frames.length === 2);
  await source.stop();
});

test('a flood on standard error neither blocks the frames nor fills the memory', async () => {
  const { executable } = programOf([
    { flood: 20_000, images: [0], afterwards: 'exit' },
    { afterwards: 'wait' },
  ]);
  const { source, sink } = start(executable);
  source.start(sink);
  await waitFor('frame', () => sink.frames.length === 1, 60_000);
  await waitFor('problem', () => source.problem());
  expect(source.problem()).toBe('ffmpeg ended with 3: (a very long line)');
  await source.stop();
});

test.each<[string, string]>([
  ['an image cut short by the next one', '\xff\xd8\xff\xda\x00\x02abc\xff\xd8'],
  ['text without end', 'x'.repeat(70_000)],
])('a program whose output cannot be read is started again: %s', async (_, garbage) => {
  const { executable, starts } = programOf([
    { images: [0], garbage, afterwards: 'wait' },
    { images: [1], afterwards: 'wait' },
  ]);
  const { source, sink, ports } = start(executable);
  source.start(sink);
  await waitFor('frames', () => sink.frames.length === 2);
  expect(sink.frames.map(({ bytes }) => bytes)).toEqual([images[0], images[1]]);
  expect(ports.lines[0]?.details.problem).toMatch(/JPEG/);
  await source.stop();
  await allGone(starts());
});

test('a program that is not installed: what to install', async () => {
  for (const [program, packages] of [
    ['ffmpeg', 'ffmpeg'],
    ['gstreamer', 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-libav'],
  ] as const) {
    const { source, sink } = start(
      join(root, 'nowhere'),
      {},
      { type: 'v4l2', device: '/dev/video0', program },
    );
    source.start(sink);
    await waitFor('problem', () => source.problem()?.includes('install'));
    expect(source.problem()).toBe(
      `${program} is not installed on this device: install it, on Debian and Ubuntu with 'apt-get install ${packages}'`,
    );
    await source.stop();
  }
});

test('a file that is no program is a problem in words', async () => {
  const path = join(root, 'no-program');
  writeFileSync(path, 'x');
  const { source, sink } = start(path);
  source.start(sink);
  await waitFor('problem', () => source.problem()?.includes('EACCES'));
  await source.stop();
});

test('an ffmpeg before 5.1 gets the option under its old name, without a problem', async () => {
  const { executable, starts } = programOf([{ refuseFpsMode: true, images: [0], afterwards: 'wait' }]);
  const { source, sink, ports } = start(executable);
  source.start(sink);
  await waitFor('frame', () => sink.frames.length === 1);
  expect(starts().map(({ arguments: words }) => words.includes('-vsync'))).toEqual([false, true]);
  expect(ports.lines).toEqual([]);
  await source.stop();
});

test('while the sink is not ready the program waits and is not taken for hanging; it can be stopped then', async () => {
  const { executable, starts } = programOf([
    { images: Array(3_000).fill(0), afterwards: 'repeat', ignoreSigterm: true },
  ]);
  fakeTimeouts();
  const { source, sink, ports } = start(executable, { silenceMilliseconds: SILENCE });
  sink.hold();
  source.start(sink);
  await waitFor('question', () => sink.asked === 1);
  await pass(10 * SILENCE);
  expect(sink.frames).toHaveLength(0);
  expect(starts()).toHaveLength(1);
  expect(ports.lines).toEqual([]);
  const stopped = source.stop();
  await pass(GRACE);
  await stopped;
  await allGone(starts());
});

describe('no program is left behind', () => {
  async function startOwner(executable: string, ending: 'exit' | 'wait'): Promise<ChildProcess> {
    const owner = spawn(
      process.execPath,
      ['--import', 'tsx', join(__dirname, 'camera-owner.ts'), executable, ending],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(owner.stdout as NodeJS.ReadableStream, 'data');
    return owner;
  }

  test('when its owner exits without having stopped the source', async () => {
    const { executable, starts } = programOf([{ images: [0], ignoreSigterm: true, afterwards: 'wait' }]);
    await startOwner(executable, 'exit');
    await waitFor('start', () => starts().length === 1);
    await allGone(starts());
  });

  test('when its owner is killed: the next image ends it', async () => {
    const { executable, starts } = programOf([{ images: [0], afterwards: 'repeat' }]);
    const owner = await startOwner(executable, 'wait');
    owner.kill('SIGKILL');
    await allGone(starts());
  });
});

test('case 28: a camera whose program hangs is stalled, and well again after its restart', async () => {
  const { executable } = programOf([
    { images: [0], afterwards: 'wait' },
    { images: [1], afterwards: 'wait' },
  ]);
  fakeTimeouts();
  const clock = new FakeClock();
  const { source, ports } = start(executable, { silenceMilliseconds: SILENCE });
  const queue = new FrameQueue(() => ({ policy: 'every', queueLength: 4 }));
  const feed = new CameraFeed({
    cameraId: 'top',
    lane: queue.lane('top'),
    clock,
    settings: () => ({ stallSeconds: 30, frozenFrames: 0 }),
    sourceProblem: () => source.problem(),
  });
  source.start(feed);
  expect((await queue.next())?.bytes).toEqual(images[0]);
  clock.advance(30_000);
  expect(feed.state().value).toBe('stalled: no new frame for 30 s or longer');
  await pass(SILENCE);
  await waitFor('the problem', () => ports.lines.length === 1);
  await pass(LONGEST_BACK_OFF);
  expect((await queue.next())?.bytes).toEqual(images[1]);
  expect(feed.state()).toMatchObject({ ok: true, framesReceived: 2, framesDropped: 0 });
  await source.stop();
});

/**
 * The program itself, with the arguments that we build, but for where it reads: three seconds of a moving test picture in place of a camera.
 * Where it is not installed, the source has to say so.
 */
describe.each([
  [
    'ffmpeg',
    'ffmpeg',
    '-map',
    '-hide_banner -nostdin -nostats -loglevel error -f lavfi -i testsrc=rate=10:size=320x240:duration=3',
  ],
  [
    'gstreamer',
    'gst-launch-1.0',
    '!',
    '-q videotestsrc num-buffers=30 pattern=ball ! video/x-raw,width=320,height=240,framerate=10/1',
  ],
] as const)('the real %s', (program, command, firstKept, input) => {
  const installed = spawnSync(command, ['--version']).error === undefined;
  const url = 'rtsp://127.0.0.1:1/live';

  test('its images arrive whole, none twice, as many as were asked for; or it is named as missing', async () => {
    // So that it is not started again.
    fakeTimeouts();
    const wrapper = join(root, `${program}.sh`);
    // Drops the words before the first one that is kept, which say where to read.
    writeFileSync(
      wrapper,
      `#!/bin/sh\nwhile [ "$1" != '${firstKept}' ]; do shift; done\nexec ${command} ${input} "$@"\n`,
    );
    chmodSync(wrapper, 0o755);
    const { source, sink, ports } = start(
      installed ? wrapper : command,
      {},
      { type: 'rtsp', url, program, framesPerSecond: 4 },
    );
    source.start(sink);
    if (!installed) {
      await waitFor('problem', () => source.problem()?.includes(`${program} is not installed`));
      return;
    }
    await waitFor('the end of the picture', () => ports.lines.length > 0, 60_000);
    expect(source.problem()).toBe(`${program} ended with 0`);
    await source.stop();
    for (const { bytes } of sink.frames) {
      const { width, height } = (await sharp(bytes).raw().toBuffer({ resolveWithObject: true })).info;
      expect([width, height]).toEqual([320, 240]);
    }
    expect(new Set(sink.frames.map(({ bytes }) => bytes.toString('base64'))).size).toBe(sink.frames.length);
    // Of 30 frames in three seconds, four a second and perhaps the first of a fourth one.
    expect([12, 13]).toContain(sink.frames.length);
  });

  test('its words about a camera that is not there make the problem, or it is named as missing', async () => {
    const { source, sink } = start(command, {}, { type: 'rtsp', url: URL_WITH_SECRETS, program });
    source.start(sink);
    const expected = installed
      ? /ended with \d+: .*(refused|Failed to connect|Could not open)/i
      : /is not installed/;
    await waitFor('problem', () => expected.test(source.problem() ?? ''));
    expect(source.problem()).not.toMatch(/operator|s3cret|t0ken/);
    await source.stop();
  });
});
