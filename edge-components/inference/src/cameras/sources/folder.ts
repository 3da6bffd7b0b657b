import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Frame, FrameSink, FrameSource } from '../../ports';
import { isIdentifier } from './frame-message';
import { type FrameSourcePorts, tooLarge } from './frame-source';

const FOLDER_POLL_MILLISECONDS = 100;
const IMAGE_EXTENSIONS = new Set(['.jpg', '.jpeg', '.png']);

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
    private readonly cameraId: string,
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
      cameraId: this.cameraId,
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
