import type { IncomingMessage } from 'node:http';
import type { CameraSettings } from '../../configuration/camera-settings';
import type { FrameSink, FrameSource } from '../../ports';
import { InterruptibleWait } from '../../shared/interruptible-wait';
import { within } from '../../shared/within';
import { AttemptLoop } from './attempt-loop';
import { Deadline } from './deadline';
import { FrameNames, type FrameSourcePorts, type NamelessImage, tooLarge } from './frame-source';
import { canBeImage, HttpCamera, mediaTypeOf } from './http-camera';
import { JpegWalk } from './jpeg-walk';

/** JPEG, PNG; a first chunk of fewer bytes is no camera's. */
const IMAGE_STARTS = [Buffer.from([0xff, 0xd8]), Buffer.from([0x89, 0x50])];
/** From the connection to the last byte; a snapshot takes some hundred milliseconds. */
const REQUEST_MILLISECONDS = 10_000;

export interface SnapshotOptions {
  /** @default 10000 */
  readonly requestMilliseconds?: number;
}

/** One GET for every frame, never two at the same time: a camera that is slower than `framesPerSecond` sets the pace. */
export class SnapshotFrameSource implements FrameSource {
  private readonly loop: AttemptLoop;
  private readonly camera: HttpCamera;
  private readonly names: FrameNames;
  private readonly intervalMilliseconds: number;
  private readonly requestMilliseconds: number;
  private readonly pace = new InterruptibleWait();
  /** `Clock.monotonic`. */
  private dueAt: number;

  constructor(
    cameraId: string,
    settings: CameraSettings,
    private readonly ports: FrameSourcePorts,
    { requestMilliseconds = REQUEST_MILLISECONDS }: SnapshotOptions = {},
  ) {
    this.loop = new AttemptLoop(cameraId, ports);
    this.camera = new HttpCamera(settings.url as string, settings);
    this.names = new FrameNames(cameraId);
    this.dueAt = ports.clock.monotonic();
    this.intervalMilliseconds = 1000 / settings.framesPerSecond;
    this.requestMilliseconds = requestMilliseconds;
  }

  start(sink: FrameSink): void {
    this.loop.start(async (signal) => {
      await this.waitUntilDue(signal);
      await within(signal, sink.ready());
      const image = await this.takeSnapshot(signal);
      this.loop.progressed();
      sink.accept(this.names.frame(image));
    });
  }

  problem(): string | undefined {
    return this.loop.problem();
  }

  async stop(): Promise<void> {
    this.pace.wake();
    await this.loop.stop();
    this.camera.close();
  }

  /** Keeps the pace on average, but does not catch up on more than one frame. */
  private async waitUntilDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    const wait = this.dueAt - clock.monotonic();
    if (wait > 0) await this.pace.pause(wait);
    signal.throwIfAborted();
    this.dueAt =
      Math.max(this.dueAt, clock.monotonic() - this.intervalMilliseconds) + this.intervalMilliseconds;
  }

  private async takeSnapshot(stop: AbortSignal): Promise<NamelessImage> {
    const problem = (): string => `no whole answer within ${this.requestMilliseconds} ms`;
    const deadline = new Deadline(this.requestMilliseconds, problem, stop);
    try {
      return await this.readImage(await this.camera.get(deadline.signal));
    } finally {
      // Without ending the answer, whose connection serves the next request.
      deadline.release();
    }
  }

  private async readImage(response: IncomingMessage): Promise<NamelessImage> {
    const { clock, maximumFrameBytes } = this.ports;
    const maximum = maximumFrameBytes();
    const announced = Number(response.headers['content-length'] ?? 0);
    let startedAt = clock.now();
    const body = new SnapshotBody(announced);
    if (announced <= maximum) {
      for await (const chunk of response) {
        if (body.size === 0) {
          startedAt = clock.now();
          requireImage(response, chunk);
        }
        body.push(chunk);
        if (body.size > maximum || body.isWholeAlready) break;
      }
    } else {
      requireImage(response, Buffer.alloc(0));
    }
    const receivedAt = clock.monotonic();
    const frameBytes = body.isWholeAlready ? body.size : Math.max(body.size, announced);
    if (frameBytes > maximum) {
      response.destroy();
      const discarded = tooLarge(frameBytes, maximum);
      return { bytes: Buffer.alloc(0), frameBytes, discarded, startedAt, receivedAt };
    }
    if (frameBytes === 0) throw new Error('the camera answered with no bytes');
    return { bytes: body.bytes(), frameBytes, startedAt, receivedAt };
  }
}

/** The bytes of an answer that may announce more than it has. */
class SnapshotBody {
  size = 0;
  private readonly chunks: Buffer[] = [];
  private readonly walk = new JpegWalk();

  constructor(private readonly announced: number) {}

  push(chunk: Buffer): void {
    // The walk begins behind the start of the image.
    const from = Math.max(0, 2 - this.size);
    this.walk.walk(chunk, Math.min(from, chunk.length), chunk.length);
    this.size += chunk.length;
    this.chunks.push(chunk);
  }

  /** Whether a JPEG image has come to its end although more bytes are announced: nobody knows whether they come. */
  get isWholeAlready(): boolean {
    return this.size < this.announced && this.walk.finished;
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** Cameras call an image a text; what only calls itself an image is answered as one that is none. */
function requireImage(response: IncomingMessage, firstChunk: Buffer): void {
  const type = mediaTypeOf(response);
  const looksLikeImage = IMAGE_STARTS.some((start) => firstChunk.subarray(0, start.length).equals(start));
  if (canBeImage(type) || looksLikeImage) return;
  response.destroy();
  throw new Error(`the camera answered '${type}', not an image`);
}
