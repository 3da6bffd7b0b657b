/** Opens a camera as a device does, for some seconds, and says what comes and what is wrong. */
import type { CameraConfiguration } from '../../../contracts';
import type { CompleteImagePolicy } from '../../../contracts/image-policy';
import { frameSourceOf } from '../src/cameras/sources';
import { ChildProcessFrameSource } from '../src/cameras/sources/child-process';
import { Deadline } from '../src/cameras/sources/deadline';
import { HttpCamera, mediaTypeOf } from '../src/cameras/sources/http-camera';
import { MjpegFrameSource } from '../src/cameras/sources/http-mjpeg';
import { cameraSettings } from '../src/configuration/camera-settings';
import { SharpImageDecoder } from '../src/models/image-decoder';
import { type DecodedImage, type FrameSource, UnreadableFrame } from '../src/ports';
import { redactUrl } from '../src/shared/redact-url';
import { type CameraRequest, cameraOf } from './camera-of';
import { complaintsOf } from './complaints';
import { type DecodedFrame, describeFrames } from './describe-frames';
import { copyFolder } from './folder-copy';
import type { Trial } from './format-trial';
import { type Watched, type WatchTimes, watchSource, watchTimes } from './watch-source';

/** As the contract has them by default. */
const LIMITS = { maximumPixels: 16_777_216, maximumFrameBytes: 16_777_216 } as const;
const ASK_MILLISECONDS = 5_000;

export interface TrialRequest extends CameraRequest {
  readonly seconds: number;
  readonly policy: CompleteImagePolicy;
  /** @default - those of {@link watchTimes} */
  readonly times?: WatchTimes | undefined;
}

export interface TrialOutcome {
  readonly trial: Trial;
  /** The last frame that a device could decode. */
  readonly lastFrame?: DecodedImage | undefined;
}

/** What an http camera answers with; a stream, when it does not answer: the source says what is wrong. */
async function askedType(
  camera: CameraConfiguration,
  signal: AbortSignal,
): Promise<'http-snapshot' | 'http-mjpeg'> {
  const http = new HttpCamera(camera.url as string, camera);
  const deadline = new Deadline(ASK_MILLISECONDS, () => 'no answer', signal);
  try {
    const response = await http.get(deadline.signal);
    const isImage = mediaTypeOf(response)?.startsWith('image/') ?? false;
    // An image of unknown length is one that never ends.
    const type = isImage && response.headers['content-length'] !== undefined ? 'http-snapshot' : 'http-mjpeg';
    response.destroy();
    return type;
  } catch {
    return 'http-mjpeg';
  } finally {
    deadline.close();
    http.close();
  }
}

/** @throws Error with everything that is wrong with the request */
export async function chosenCamera(
  request: CameraRequest,
  signal: AbortSignal,
): Promise<CameraConfiguration> {
  const guess = cameraOf(request);
  if ('camera' in guess) return guess.camera;
  return guess.askFor(await askedType(guess.askFor('http-mjpeg'), signal));
}

const quiet = (): void => undefined;

export const realPorts = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  log: { info: quiet, warn: quiet, error: quiet },
  maximumFrameBytes: () => LIMITS.maximumFrameBytes,
  random: Math.random,
};

/** A device is patient for at least 15 s, which here would be longer than the trial: what has come so far is to be told. */
const SILENCE_MILLISECONDS = 6_000;

function sourceOf(camera: CameraConfiguration): FrameSource {
  const silence = { silenceMilliseconds: SILENCE_MILLISECONDS };
  const settings = cameraSettings(camera);
  // A program takes longer to its first image, and its own words say why.
  const ofProgram = { silenceMilliseconds: 2 * SILENCE_MILLISECONDS };
  switch (camera.type) {
    case 'http-mjpeg':
      return new MjpegFrameSource('camera-1', settings, realPorts, silence);
    case 'rtsp':
    case 'v4l2':
      return new ChildProcessFrameSource('camera-1', settings, realPorts, ofProgram);
    default:
      return frameSourceOf('camera-1', camera, realPorts);
  }
}

async function watch(camera: CameraConfiguration, times: WatchTimes, signal: AbortSignal): Promise<Watched> {
  if (camera.type !== 'folder') {
    return watchSource(sourceOf(camera), times, signal);
  }
  const copy = await copyFolder(camera.path as string);
  try {
    const watched = await watchSource(
      frameSourceOf('camera-1', { ...camera, path: copy.path }, realPorts),
      times,
      signal,
    );
    return { ...watched, problems: [...copy.problems, ...watched.problems] };
  } finally {
    await copy.remove();
  }
}

async function decode(images: readonly Buffer[]): Promise<{ decoded: DecodedFrame[]; last?: DecodedImage }> {
  const decoder = new SharpImageDecoder();
  const decoded: DecodedFrame[] = [];
  let last: DecodedImage | undefined;
  for (const image of images) {
    const started = performance.now();
    try {
      last = await decoder.decode(image, LIMITS.maximumPixels);
      const size = { width: last.width, height: last.height };
      decoded.push({ size, milliseconds: performance.now() - started });
    } catch (error) {
      if (!(error instanceof UnreadableFrame)) throw error;
      decoded.push({ problem: error.message, milliseconds: performance.now() - started });
    }
  }
  return { decoded, ...(last && { last }) };
}

/** @throws Error when the request means no camera, or its folder cannot be read */
export async function tryCamera(request: TrialRequest, signal: AbortSignal): Promise<TrialOutcome> {
  const { seconds, policy } = request;
  const camera = await chosenCamera(request, signal);
  const isLive = camera.type !== 'folder';
  const started = performance.now();
  const watched = await watch(camera, request.times ?? watchTimes(seconds), signal);
  const ran = (performance.now() - started) / 1000;
  const { decoded, last } = await decode(watched.kept);
  const figures = describeFrames(watched.frames, decoded);
  const complaints = complaintsOf({
    figures,
    policy,
    problems: watched.problems,
    lost: watched.lost,
    discarded: watched.discarded,
    isLive,
    seconds: Math.round(ran),
  });
  const shown = camera.url === undefined ? camera : { ...camera, url: redactUrl(camera.url) };
  return { trial: { camera: shown, seconds: ran, isLive, figures, complaints, policy }, lastFrame: last };
}
