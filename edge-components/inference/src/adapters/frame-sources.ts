/** Where frames come from: the camera process's Unix socket, or a folder into which a camera process moves files. */
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { basename, extname, join } from 'node:path';
import type { Clock, Frame, FrameSink, FrameSource, Log } from '../ports';
import { FrameParser, isIdentifier } from './frame-message';

const RECONNECT_MILLISECONDS = { first: 100, longest: 5_000 };
const FOLDER_POLL_MILLISECONDS = 100;
const IMAGE_EXTENSIONS = new Set(['.jpg', '.jpeg', '.png']);

export interface FrameSourcePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly maximumFrameBytes: () => number;
}

function tooLarge(bytes: number, maximum: number): string {
  return `frame has ${bytes} bytes, more than ${maximum}`;
}

/** Connects to the camera's socket and stays connected; a stream that is out of step is closed and opened again. */
export class SocketFrameSource implements FrameSource {
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private delay = RECONNECT_MILLISECONDS.first;
  private stopped = false;
  private failure: string | undefined = 'not connected yet';

  constructor(
    private readonly path: string,
    private readonly ports: FrameSourcePorts,
  ) {}

  start(sink: FrameSink): void {
    if (this.stopped) return;
    const parser = new FrameParser(this.ports.maximumFrameBytes);
    const socket = connect(this.path);
    this.socket = socket;
    socket.on('connect', () => {
      this.failure = undefined;
      this.delay = RECONNECT_MILLISECONDS.first;
    });
    socket.on('data', (chunk) => {
      try {
        for (const message of parser.push(chunk)) sink.accept(this.frameOf(message));
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error) => {
      if (this.failure !== error.message) this.ports.log.warn('camera socket', { error: error.message });
      this.failure = error.message;
    });
    socket.on('close', () => {
      this.failure ??= 'the camera closed the connection';
      if (this.stopped) return;
      this.timer = setTimeout(() => this.start(sink), this.delay);
      this.delay = Math.min(this.delay * 2, RECONNECT_MILLISECONDS.longest);
    });
  }

  problem(): string | undefined {
    return this.failure;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.destroy();
  }

  private frameOf({ header, image, tooLarge: discarded }: ReturnType<FrameParser['push']>[number]): Frame {
    return {
      frameId: header.frameId,
      capturedAt: header.capturedAt,
      bytes: image,
      frameBytes: header.bytes,
      receivedAt: this.ports.clock.monotonic(),
      ...(discarded && { discarded: tooLarge(header.bytes, this.ports.maximumFrameBytes()) }),
    };
  }
}

/**
 * Takes every image that appears in a folder, by name, and deletes it: the folder is a hand-over place, as a mail spool.
 * The camera process must write elsewhere on the same file system and rename into it. Files wait there while the frame
 * queue is full, so none is dropped.
 */
export class FolderFrameSource implements FrameSource {
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> = Promise.resolve();
  private stopped = false;
  private failure: string | undefined;

  constructor(
    private readonly folder: string,
    private readonly ports: FrameSourcePorts,
  ) {}

  start(sink: FrameSink): void {
    const poll = async (): Promise<void> => {
      try {
        await this.takeFiles(sink);
        this.failure = undefined;
      } catch (error) {
        this.failure = (error as Error).message;
      }
      if (!this.stopped) {
        this.timer = setTimeout(() => {
          this.polling = poll();
        }, FOLDER_POLL_MILLISECONDS);
      }
    };
    this.polling = poll();
  }

  problem(): string | undefined {
    return this.failure;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.polling;
  }

  private async takeFiles(sink: FrameSink): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) =>
      IMAGE_EXTENSIONS.has(extname(name).toLowerCase()),
    );
    for (const name of names.sort()) {
      if (this.stopped || sink.room() === 0) return;
      sink.accept(await this.frameOf(name));
      await unlink(join(this.folder, name));
    }
  }

  private async frameOf(name: string): Promise<Frame> {
    const path = join(this.folder, name);
    const { size, mtime } = await stat(path);
    const stem = basename(name, extname(name));
    const maximum = this.ports.maximumFrameBytes();
    const oversize = size > maximum;
    return {
      // A file name that is no identifier is replaced, not refused: the frame is still a part on the line.
      frameId: isIdentifier(stem) ? stem : stem.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 128) || 'unnamed',
      capturedAt: mtime.toISOString(),
      bytes: oversize ? Buffer.alloc(0) : await readFile(path),
      frameBytes: size,
      receivedAt: this.ports.clock.monotonic(),
      ...(oversize && { discarded: tooLarge(size, maximum) }),
    };
  }
}
