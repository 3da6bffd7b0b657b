import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

const SLICE_MILLISECONDS = 20;

/** A Unix socket that leads to another one, as well or as badly as the test wants. */
export class UnreliableLink {
  /** Of each direction; unlimited when undefined. */
  bytesPerSecond: number | undefined;
  /** What the far side answers gets lost. */
  losesAnswers = false;
  private isUp = true;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(
    readonly path: string,
    private readonly target: string,
  ) {
    this.server = createServer((near) => this.connect(near));
  }

  async start(): Promise<this> {
    rmSync(this.path, { force: true });
    await new Promise<void>((resolve) => this.server.listen(this.path, resolve));
    return this;
  }

  /** Cuts every connection and refuses new ones. */
  down(): void {
    this.isUp = false;
    for (const socket of this.sockets) socket.destroy();
  }

  up(): void {
    this.isUp = true;
  }

  async stop(): Promise<void> {
    this.down();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connect(near: Socket): void {
    if (!this.isUp) {
      near.destroy();
      return;
    }
    const far = createConnection(this.target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    void this.carry(near, far, () => false);
    void this.carry(far, near, () => this.losesAnswers);
  }

  /** The sender is slowed down, not buffered: as with a full window, it waits. */
  private async carry(from: Socket, to: Socket, isLost: () => boolean): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let offset = 0; offset < chunk.length; ) {
          const slice = Math.max(1, Math.floor(((this.bytesPerSecond ?? 0) * SLICE_MILLISECONDS) / 1_000));
          const length = this.bytesPerSecond === undefined ? chunk.length : slice;
          if (!isLost()) to.write(chunk.subarray(offset, offset + length));
          offset += length;
          if (this.bytesPerSecond !== undefined) {
            await new Promise((resolve) => setTimeout(resolve, SLICE_MILLISECONDS));
          }
        }
      }
    } catch {
      // Cut: the other side is closed by its event.
    }
  }
}
