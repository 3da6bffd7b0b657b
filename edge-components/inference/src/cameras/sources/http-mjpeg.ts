import type { IncomingMessage } from 'node:http';
import type { CameraSettings } from '../../configuration/camera-settings';
import type { FrameSink, FrameSource } from '../../ports';
import { AttemptLoop } from './attempt-loop';
import { Deadline, readyWithin, silenceMilliseconds } from './deadline';
import { FrameNames, type FrameSourcePorts, tooLarge } from './frame-source';
import { canBeImage, HttpCamera, mediaTypeOf } from './http-camera';
import { type MultipartImage, MultipartParser } from './multipart-parser';
import { boundaryOf } from './part-boundary';
import { StreamAccount } from './stream-account';

export interface MjpegOptions {
  /** How long a connection may give no frame. @default - `stallSeconds`, at least 15 s */
  readonly silenceMilliseconds?: number;
}

/**
 * One GET whose answer never ends, a part for every frame. The camera sets the pace. A connection that gives no frame for
 * long is made anew.
 */
export class MjpegFrameSource implements FrameSource {
  private readonly loop: AttemptLoop;
  private readonly camera: HttpCamera;
  private readonly names: FrameNames;
  private readonly silenceMilliseconds: number;
  private lostFrames = 0;

  constructor(
    cameraId: string,
    settings: CameraSettings,
    private readonly ports: FrameSourcePorts,
    options: MjpegOptions = {},
  ) {
    this.loop = new AttemptLoop(cameraId, ports);
    this.camera = new HttpCamera(settings.url as string, settings);
    this.names = new FrameNames(cameraId);
    this.silenceMilliseconds = options.silenceMilliseconds ?? silenceMilliseconds(settings.stallSeconds);
  }

  start(sink: FrameSink): void {
    this.loop.start((signal) => this.readConnection(sink, signal));
  }

  problem(): string | undefined {
    return this.loop.problem();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    this.camera.close();
  }

  lost(): number {
    return this.lostFrames;
  }

  private async readConnection(sink: FrameSink, stop: AbortSignal): Promise<void> {
    const account = new StreamAccount();
    const problem = (): string =>
      `no frame for ${this.silenceMilliseconds / 1000} s: ${account.explanation()}`;
    const silence = new Deadline(this.silenceMilliseconds, problem, stop);
    try {
      const response = await this.camera.get(silence.signal);
      account.answer();
      const hint = singleImage(response);
      if (!canBeStream(response)) throw new Error(noStream(response));
      await this.readParts(response, account, (part, receivedAt) =>
        this.take(part, receivedAt, sink, silence),
      );
      throw new Error(account.images === 1 && hint ? `the camera sent one image${hint}` : endOf(account));
    } finally {
      silence.close();
    }
  }

  private async readParts(
    response: IncomingMessage,
    account: StreamAccount,
    take: (part: MultipartImage, receivedAt: number) => Promise<void>,
  ): Promise<void> {
    const { clock, maximumFrameBytes } = this.ports;
    const parser = new MultipartParser(boundaryOf(response.headers['content-type']), maximumFrameBytes);
    const takePart = async (part: MultipartImage, receivedAt: number): Promise<void> => {
      // Cameras call an image text/plain; what only calls itself an image is answered as one that is none.
      if (!part.isJpeg && !canBeImage(part.contentType)) return account.otherPart(part.contentType);
      account.frame();
      await take(part, receivedAt);
    };
    try {
      for await (const chunk of response) {
        account.bytes(chunk);
        const receivedAt = clock.monotonic();
        for (const part of parser.push(chunk, clock.now())) await takePart(part, receivedAt);
      }
      for (const part of parser.end(clock.now())) await takePart(part, clock.monotonic());
    } finally {
      if (parser.isWithinPart) this.lostFrames++;
    }
  }

  private async take(
    { bytes, size, startedAt, tooLarge: oversize }: MultipartImage,
    receivedAt: number,
    sink: FrameSink,
    silence: Deadline,
  ): Promise<void> {
    const discarded = oversize ? tooLarge(size, this.ports.maximumFrameBytes()) : undefined;
    const frame = this.names.frame({ bytes, frameBytes: size, startedAt, receivedAt, discarded });
    await readyWithin(sink, silence);
    this.loop.progressed();
    sink.accept(frame);
  }
}

const endOf = (account: StreamAccount): string =>
  account.images > 0
    ? 'the camera ended the stream'
    : `the camera ended the stream: ${account.explanation()}`;

/** Whether images can stand in the body: of a page there is no need to read it. */
function canBeStream(response: IncomingMessage): boolean {
  const type = mediaTypeOf(response);
  if (type?.startsWith('image/')) return response.headers['content-length'] === undefined;
  return canBeImage(type) || /^(?:multipart|video|text\/plain)/.test(type as string);
}

/** What to do when an answer is one image and no more. */
const singleImage = (response: IncomingMessage): string | undefined =>
  mediaTypeOf(response)?.startsWith('image/') ? "; for single images use type 'http-snapshot'" : undefined;

function noStream(response: IncomingMessage): string {
  const type = mediaTypeOf(response);
  return `the camera answered '${type}', not multipart/x-mixed-replace${singleImage(response) ?? ''}`;
}
