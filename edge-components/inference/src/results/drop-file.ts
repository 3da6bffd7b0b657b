/**
 * Counts of dropped records on disk. A full disk is what drops records, and takes no new file then, so there is a second one
 * that has its bytes already and is written in place:
 *
 *     outbox/dropped.json    replaced as a whole
 *     outbox/dropped.room    <CRC-32 of what follows, 8 hexadecimal digits> <the same JSON>, and blanks
 *
 * Whichever was written last counts. A write in place that is cut off leaves a checksum that does not fit, and the other file.
 */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Disk, readIfPresent, replaceFile } from '../shared/durable-file';

/** Dropped records: not yet in a batch, and by the batch that reports them. */
export interface DropState {
  readonly unreported: number;
  readonly reported: Readonly<Record<string, number>>;
}

/** Some 200 batches with drops that are not confirmed. More are written when there is room again. */
const ROOM_BYTES = 16_384;

export class DropFile {
  private writes = 0;
  private hasRoom = false;

  constructor(
    private readonly folder: string,
    private readonly disk: Disk,
  ) {}

  /** Never rejects: a damaged count of losses is itself lost; the records are not. */
  async read(): Promise<DropState> {
    const whole = jsonOf(await this.text('dropped.json'));
    const room = jsonOf(unpacked(await this.text('dropped.room')));
    const latest = writesOf(room) > writesOf(whole) ? room : whole;
    this.writes = Math.max(writesOf(room), writesOf(whole));
    await this.makeRoom(JSON.stringify(latest ?? {}));
    return dropStateOf(latest ?? {});
  }

  /** @returns whether it is on disk */
  async write(state: DropState): Promise<boolean> {
    const text = JSON.stringify({ ...state, writes: ++this.writes });
    try {
      await replaceFile(join(this.folder, 'dropped.json'), text, this.disk);
    } catch {
      return this.writeInPlace(text);
    }
    if (!this.hasRoom) await this.makeRoom(text);
    return true;
  }

  private text(name: string): Promise<string | undefined> {
    return readIfPresent(join(this.folder, name), this.disk).catch(() => undefined);
  }

  private async makeRoom(text: string): Promise<void> {
    const content = packed(text) ?? packed('{}');
    try {
      await replaceFile(join(this.folder, 'dropped.room'), content as string, this.disk);
      this.hasRoom = true;
    } catch {
      // One of before may be there all the same; otherwise the next write that has room makes it.
    }
  }

  private async writeInPlace(text: string): Promise<boolean> {
    const content = packed(text);
    if (content === undefined) return false;
    try {
      // Synced with the write: there is nothing to allocate that a later sync could find no room for.
      const handle = await this.disk.open(join(this.folder, 'dropped.room'), 'rs+');
      try {
        await handle.write(Buffer.from(content), 0, ROOM_BYTES, 0);
      } finally {
        await handle.close();
      }
      return true;
    } catch {
      return false;
    }
  }
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

function packed(text: string): string | undefined {
  const content = `${checksum(text)} ${text}`;
  return Buffer.byteLength(content) <= ROOM_BYTES ? content.padEnd(ROOM_BYTES) : undefined;
}

function unpacked(content: string | undefined): string | undefined {
  const text = content?.slice(9).trimEnd();
  return text !== undefined && content?.startsWith(`${checksum(text)} `) ? text : undefined;
}

function jsonOf(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function writesOf(file: { readonly writes?: unknown } | undefined): number {
  return isCount(file?.writes) ? file.writes : 0;
}

/** Also as release 0.1.0 wrote it, which knew one reporting batch. What is no count is left out. */
function dropStateOf(file: Partial<DropState> & { batchId?: unknown; inBatch?: unknown }): DropState {
  const { unreported, reported = {}, batchId, inBatch } = file;
  const all = { ...reported, ...(typeof batchId === 'string' && { [batchId]: inBatch }) };
  return {
    unreported: isCount(unreported) ? unreported : 0,
    reported: Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, number] => isCount(entry[1])),
    ),
  };
}
