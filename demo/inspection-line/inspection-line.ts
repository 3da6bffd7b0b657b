/**
 * A simulated inspection line: shows each device frames at a set rate over a Unix socket, as a camera process
 * would, and keeps the truth about every frame that it showed.
 */
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
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
}

export interface InspectionLineOptions {
  /** One socket per device is made here: <thing name>.sock. At most 107 bytes with it (sun_path). */
  readonly socketDirectory: string;
  readonly deviceIds: readonly string[];
  readonly framesPerSecond: number;
  /** condition -> frames. */
  readonly stock: Readonly<Record<string, readonly StockFrame[]>>;
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
  private condition: string;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: InspectionLineOptions) {
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
    this.timer = setInterval(() => this.showFrames(), 1000 / this.options.framesPerSecond);
  }

  socketPath(deviceId: string): string {
    return join(this.options.socketDirectory, `${deviceId}.sock`);
  }

  /** From now on the parts look like this. @throws Error when there is no such stock */
  change(condition: string): void {
    this.framesOf(condition);
    this.condition = condition;
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
    const lines: string[] = [];
    for (const camera of this.cameras) {
      const shown = camera.show(frames, this.condition);
      if (!shown) continue;
      this.truth.set(shown.frame.frameId, shown.frame);
      this.images.set(shown.frame.frameId, shown.image);
      lines.push(JSON.stringify(shown.frame));
    }
    if (lines.length > 0) appendFileSync(this.options.truthFile, `${lines.join('\n')}\n`);
  }
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

  show(
    frames: readonly StockFrame[],
    condition: string,
  ): { readonly frame: ShownFrame; readonly image: Buffer } | undefined {
    // A device that does not keep up misses the part, as it would with a camera of glass and metal.
    if (!this.client || this.client.writableLength > 0) return undefined;
    const frame = frames[uniformInt(this.random, 0, frames.length - 1)] as StockFrame;
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
    };
    return { frame: shown, image: frame.jpeg };
  }

  stop(): Promise<void> {
    this.client?.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
