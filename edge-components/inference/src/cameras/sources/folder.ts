import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, readdir, unlink } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Frame, FrameSink, FrameSource } from '../../ports';
import { NoRegularFile, withRegularFile } from '../../shared/regular-file';
import { SkippedEntries } from '../../shared/skipped-entries';
import { FileFrameIds } from './file-frame-ids';
import { type FrameSourcePorts, tooLarge } from './frame-source';

const FOLDER_POLL_MILLISECONDS = 100;
/** While the folder cannot be read. */
const FAILED_POLL_MILLISECONDS = 1_000;
const IMAGE_EXTENSIONS = new Set(['.jpg', '.jpeg', '.png']);

/**
 * Takes every image that appears in a folder, by name, and deletes it: the folder is a hand-over place, as a mail spool.
 * The camera process must write elsewhere on the same file system and rename into it. Files wait there while the frame
 * queue is full, so none is dropped. An entry that cannot be taken is reported and tried again later.
 */
export class FolderFrameSource implements FrameSource {
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> = Promise.resolve();
  private stopped = false;
  private failure: string | undefined;
  private logged: string | undefined;
  private readonly ids = new FileFrameIds();
  private readonly skipped: SkippedEntries;
  /** Files that have become frames and could not be deleted: entry -> what tells it from a new file of that name. */
  private readonly left = new Map<string, string>();

  constructor(
    private readonly cameraId: string,
    private readonly folder: string,
    private readonly ports: FrameSourcePorts,
  ) {
    this.skipped = new SkippedEntries(() => ports.clock.monotonic(), ports.random);
  }

  start(sink: FrameSink): void {
    const poll = async (): Promise<void> => {
      let failure: string | undefined;
      try {
        await this.takeFiles(sink);
      } catch (error) {
        failure = (error as Error).message;
      }
      this.failure = failure;
      this.logChange();
      if (!this.stopped) {
        this.timer = setTimeout(
          () => {
            this.polling = poll();
          },
          failure === undefined ? FOLDER_POLL_MILLISECONDS : FAILED_POLL_MILLISECONDS,
        );
      }
    };
    this.polling = poll();
  }

  problem(): string | undefined {
    return this.failure ?? this.skipped.problem();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.polling;
  }

  private async takeFiles(sink: FrameSink): Promise<void> {
    // As bytes: a name need not be UTF-8.
    const names = (await readdir(this.folder, { encoding: 'buffer' }))
      .filter((name) => IMAGE_EXTENSIONS.has(extname(name.toString('latin1')).toLowerCase()))
      .sort((left, right) => left.compare(right));
    this.forgetAllBut(new Set(names.map(keyOf)));
    for (const name of names) {
      if (this.stopped || sink.room() === 0) return;
      if (this.skipped.mayTry(keyOf(name))) await this.takeEntry(name, sink);
    }
  }

  private forgetAllBut(keys: ReadonlySet<string>): void {
    this.skipped.keepOnly(keys);
    for (const key of this.left.keys()) if (!keys.has(key)) this.left.delete(key);
  }

  private async takeEntry(name: Buffer, sink: FrameSink): Promise<void> {
    const key = keyOf(name);
    try {
      await withRegularFile(this.pathOf(name), async (file, stats) => {
        const version = `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
        if (this.left.get(key) === version) return;
        sink.accept(await this.frameOf(name, file, stats));
        this.left.set(key, version);
      });
      await this.delete(name);
      this.left.delete(key);
      this.skipped.taken(key);
    } catch (error) {
      const problem = error instanceof NoRegularFile ? error.message : codeOf(error as Error);
      this.skipped.failed(key, problem);
    }
  }

  private async delete(name: Buffer): Promise<void> {
    await unlink(this.pathOf(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw new NoRegularFile(`cannot be deleted (${error.code})`);
    });
  }

  private async frameOf(name: Buffer, file: FileHandle, { size, mtime }: Stats): Promise<Frame> {
    const maximum = this.ports.maximumFrameBytes();
    const oversize = size > maximum;
    const bytes = oversize ? Buffer.alloc(0) : await file.readFile();
    const content = oversize
      ? `${size} ${mtime.getTime()}`
      : createHash('sha256').update(bytes).digest('hex');
    return {
      cameraId: this.cameraId,
      frameId: this.ids.idOf({ name, content }),
      capturedAt: mtime.toISOString(),
      bytes,
      frameBytes: size,
      receivedAt: this.ports.clock.monotonic(),
      ...(oversize && { discarded: tooLarge(size, maximum) }),
    };
  }

  private pathOf(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.folder}/`), name]);
  }

  private logChange(): void {
    const problem = this.problem();
    if (problem === this.logged) return;
    this.logged = problem;
    const { cameraId } = this;
    if (problem === undefined) this.ports.log.info('camera is back', { cameraId });
    else this.ports.log.warn('camera', { cameraId, problem });
  }
}

/** What an entry is called here, and in words: bytes that are no UTF-8 stay apart, each as a character. */
function keyOf(name: Buffer): string {
  const text = name.toString('utf8');
  return Buffer.from(text).equals(name) ? text : name.toString('latin1');
}

const codeOf = (error: NodeJS.ErrnoException): string => `cannot be read (${error.code ?? error.message})`;
