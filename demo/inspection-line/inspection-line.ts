/**
 * A simulated inspection line: shows each device frames at a set rate over a Unix socket, as a camera process
 * would, and keeps the truth about every frame that it showed.
 */
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type ClassMix, type PartDrawer, partDrawer } from './draw-part';
import { encodeFrame } from './frame-message';
import type { StockFrame } from './frame-stock';

export interface ShownFrame {
  readonly frameId: string;
  readonly deviceId: string;
  /** What the part really is. */
  readonly label: string;
  /** Name of the stock that the frame came from. */
  readonly condition: string;
  /** Milliseconds since the epoch. */
  readonly shownAt: number;
  readonly bytes: number;
  /** Of the frame in its stock, where the stock has names. */
  readonly name?: string;
}

export interface InspectionLineOptions {
  /** One socket per device is made here: <thing name>.sock. At most 107 bytes with it (sun_path). */
  readonly socketDirectory: string;
  readonly deviceIds: readonly string[];
  readonly framesPerSecond: number;
  /** condition -> frames. */
  readonly stock: Readonly<Record<string, readonly StockFrame[]>>;
  /** condition -> how often each class comes along. @default - every frame of the stock as often as any other */
  readonly mixes?: Readonly<Record<string, ClassMix>>;
  readonly condition: string;
  readonly seed: number;
  /** Every shown frame is appended here as a JSON line. */
  readonly truthFile: string;
}

export class InspectionLine {
  private readonly cameras: Camera[] = [];
  private readonly truth = new Map<string, ShownFrame>();
  /** References into the stock, so that keeping them costs nothing. */
  private readonly images = new Map<string, Buffer>();
  private readonly drawers: ReadonlyMap<string, PartDrawer>;
  private condition: string;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: InspectionLineOptions) {
    this.drawers = new Map(
      Object.entries(options.mixes ?? {}).map(([condition, mix]) => [
        condition,
        partDrawer(this.framesOf(condition), mix),
      ]),
    );
    this.condition = options.condition;
    this.framesOf(options.condition);
  }

  async start(): Promise<void> {
    mkdirSync(this.options.socketDirectory, { recursive: true });
    for (const [index, deviceId] of this.options.deviceIds.entries()) {
      const camera = new Camera(this.socketPath(deviceId), deviceId, this.options.seed + index);
      await camera.start();
      this.cameras.push(camera);
    }
    this.resume();
  }

  socketPath(deviceId: string): string {
    return join(this.options.socketDirectory, `${deviceId}.sock`);
  }

  /** From now on the parts look like this. @throws Error when there is no such stock */
  change(condition: string): void {
    this.framesOf(condition);
    this.condition = condition;
  }

  /**
   * Shows every frame of a condition once, each to the next device that looks, and nothing else meanwhile or afterwards.
   * @returns what was shown, in this order, when the last frame has been
   * @throws the signal's reason, with frames left that nobody has looked at
   */
  async showEach(condition: string, signal: AbortSignal): Promise<ShownFrame[]> {
    this.pause();
    const waiting = [...this.framesOf(condition)];
    const shown: ShownFrame[] = [];
    while (waiting.length > 0) {
      await sleep(1000 / this.options.framesPerSecond, undefined, { signal });
      const round = this.cameras.flatMap((camera) => {
        const [next] = waiting;
        const sent = next && camera.show(next, condition);
        if (sent) waiting.shift();
        return sent ? [sent] : [];
      });
      shown.push(...this.keep(round));
    }
    return shown;
  }

  /** What a shown frame really is; undefined for a frame that this line never showed. */
  truthOf(frameId: string): ShownFrame | undefined {
    return this.truth.get(frameId);
  }

  get shown(): ReadonlyMap<string, ShownFrame> {
    return this.truth;
  }

  /** The image of a shown frame. @throws Error for a frame that this line never showed */
  imageOf(frameId: string): Buffer {
    const image = this.images.get(frameId);
    if (!image) throw new Error(`frame ${frameId} was never shown`);
    return image;
  }

  /** No part passes any more; the cameras stay connected. */
  pause(): void {
    clearInterval(this.timer);
  }

  /** Parts pass again, at random. */
  resume(): void {
    this.pause();
    this.timer = setInterval(() => this.showFrames(), 1000 / this.options.framesPerSecond);
  }

  async stop(): Promise<void> {
    this.pause();
    await Promise.all(this.cameras.map((camera) => camera.stop()));
  }

  private framesOf(condition: string): readonly StockFrame[] {
    const frames = this.options.stock[condition];
    if (!frames?.length) {
      throw new Error(
        `no frames for condition '${condition}'; there are ${Object.keys(this.options.stock).join(', ')}`,
      );
    }
    return frames;
  }

  private showFrames(): void {
    const frames = this.framesOf(this.condition);
    const draw = this.drawers.get(this.condition) ?? anyOf(frames);
    this.keep(this.cameras.flatMap((camera) => camera.showAny(draw, this.condition) ?? []));
  }

  /** Keeps the truth about frames that were shown. */
  private keep(shown: readonly SentFrame[]): ShownFrame[] {
    for (const { frame, image } of shown) {
      this.truth.set(frame.frameId, frame);
      this.images.set(frame.frameId, image);
    }
    const lines = shown.map(({ frame }) => `${JSON.stringify(frame)}\n`);
    if (lines.length > 0) appendFileSync(this.options.truthFile, lines.join(''));
    return shown.map(({ frame }) => frame);
  }
}

const anyOf =
  (frames: readonly StockFrame[]): PartDrawer =>
  (random) =>
    frames[uniformInt(random, 0, frames.length - 1)] as StockFrame;

interface SentFrame {
  readonly frame: ShownFrame;
  readonly image: Buffer;
}

/** One camera: a part passes only while a device looks, as nobody can be asked about a frame nobody saw. */
class Camera {
  private readonly server: Server;
  private readonly random;
  private client: Socket | undefined;
  private sequence = 0;

  constructor(
    private readonly path: string,
    private readonly deviceId: string,
    seed: number,
  ) {
    this.random = xoroshiro128plus(seed);
    this.server = createServer((socket) => {
      this.client?.destroy();
      this.client = socket;
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        if (this.client === socket) this.client = undefined;
      });
    });
  }

  start(): Promise<void> {
    rmSync(this.path, { force: true });
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.path, resolve);
    });
  }

  /** A part that comes along. A device that does not keep up misses it, as it would with a camera of glass and metal. */
  showAny(draw: PartDrawer, condition: string): SentFrame | undefined {
    if (!this.isLookedAt) return undefined;
    return this.show(draw(this.random), condition);
  }

  private get isLookedAt(): boolean {
    return this.client !== undefined && this.client.writableLength === 0;
  }

  /** @returns undefined when no device looks */
  show(frame: StockFrame, condition: string): SentFrame | undefined {
    if (!this.client || !this.isLookedAt) return undefined;
    const shownAt = Date.now();
    const frameId = `${this.deviceId}-${String(this.sequence++).padStart(7, '0')}`;
    const header = { frameId, capturedAt: new Date(shownAt).toISOString(), bytes: frame.jpeg.length };
    this.client.write(encodeFrame(header, frame.jpeg));
    const shown = {
      frameId,
      deviceId: this.deviceId,
      label: frame.label,
      condition,
      shownAt,
      bytes: frame.jpeg.length,
      ...(frame.name !== undefined && { name: frame.name }),
    };
    return { frame: shown, image: frame.jpeg };
  }

  stop(): Promise<void> {
    this.client?.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
