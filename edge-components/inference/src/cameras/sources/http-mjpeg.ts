import type { IncomingMessage } from 'node:http';
import type { CameraSettings } from '../../configuration/camera-settings';
import type { FrameSink, FrameSource } from '../../ports';
import { AttemptLoop } from './attempt-loop';
import { Deadline, readyWithin, silenceMilliseconds } from './deadline';
import { FrameNames, type FrameSourcePorts, tooLarge } from './frame-source';
import { canBeImage, HttpCamera, mediaTypeOf } from './http-camera';
import { boundaryOf, type MultipartImage, MultipartParser } from './multipart-parser';

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

  constructor(
    cameraId: string,
    settings: CameraSettings,
    private readonly ports: FrameSourcePorts,
    options: MjpegOptions = {},
  ) {
    this.loop = new AttemptLoop(cameraId, ports);
    this.camera = new HttpCamera(settings.url as string);
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

  private async readConnection(sink: FrameSink, stop: AbortSignal): Promise<void> {
    const problem = `no frame for ${this.silenceMilliseconds / 1000} s`;
    const silence = new Deadline(this.silenceMilliseconds, problem, stop);
    try {
      const response = await this.camera.get(silence.signal);
      await this.readParts(response, (part, receivedAt) => this.take(part, receivedAt, sink, silence));
    } finally {
      silence.close();
    }
    throw new Error('the camera ended the stream');
  }

  private async readParts(
    response: IncomingMessage,
    take: (part: MultipartImage, receivedAt: number) => Promise<void>,
  ): Promise<void> {
    const { clock, maximumFrameBytes } = this.ports;
    const boundary = boundaryOf(response.headers['content-type']);
    if (boundary === undefined) throw new Error(notMultipart(mediaTypeOf(response)));
    const parser = new MultipartParser(boundary, maximumFrameBytes);
    for await (const chunk of response) {
      const receivedAt = clock.monotonic();
      for (const part of parser.push(chunk, clock.now())) await take(part, receivedAt);
    }
    for (const part of parser.end(clock.now())) await take(part, clock.monotonic());
  }

  private async take(
    part: MultipartImage,
    receivedAt: number,
    sink: FrameSink,
    silence: Deadline,
  ): Promise<void> {
    if (!canBeImage(part.contentType)) return;
    const { bytes, size, startedAt } = part;
    const discarded = part.tooLarge ? tooLarge(size, this.ports.maximumFrameBytes()) : undefined;
    const frame = this.names.frame({ bytes, frameBytes: size, startedAt, receivedAt, discarded });
    await readyWithin(sink, silence);
    this.loop.progressed();
    sink.accept(frame);
  }
}

function notMultipart(mediaType: string | undefined): string {
  const hint = mediaType?.startsWith('image/') ? "; for single images use type 'http-snapshot'" : '';
  return `the camera answered '${mediaType ?? 'no content type'}' without a boundary, not multipart/x-mixed-replace${hint}`;
}
