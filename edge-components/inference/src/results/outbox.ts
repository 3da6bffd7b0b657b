/**
 * Results that the cloud has not taken yet, on disk.
 *
 *     outbox/<start, 8 digits>-<random>-<sequence, 8 digits>.log    one segment = one message; its name is the batch id
 *     outbox/<the same><a or b, ...>.log                            the halves of one that was too large
 *     outbox/starts                                                 how often the component has started
 *     outbox/dropped.json, dropped.room                             records dropped, by the batch that reports them
 *     outbox/quarantine/                                            the last damaged segments, as found
 *
 * Invariants
 * - An append is confirmed once its bytes are synced; a confirmed record is sent at least once unless it is dropped,
 *   and a dropped record is counted.
 * - A sealed segment never changes, so a batch that is sent again, also after a crash, has the same id and records.
 * - A segment is deleted only after the cloud has confirmed its batch, or as the oldest when the outbox is full. Where no
 *   confirmation is configured, the nucleus's word is taken for it.
 * - Ids never repeat: the number of the start and a random part are in every name. Their order is that of the appends,
 *   whatever the clock does.
 * - A disk that refuses, full or failing, costs the records that it refuses: what is confirmed can still be sent, and all
 *   goes on once it takes writes again. A full disk takes counts all the same (results/drop-file.ts); where one that fails
 *   does not, they may be reported twice after a crash, or not at all.
 */
import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutboxConfiguration } from '../../../../contracts';
import { LARGEST_RECORDS_BYTES } from '../../../../contracts/compressed-records';
import { type Disk, nodeDisk, readIfPresent, replaceFile, syncFolder } from '../shared/durable-file';
import { DropFile, type DropState } from './drop-file';
import { MessageFill, recordBytes } from './message-fill';
import { encodeRecord, isRecord, type Salvage, salvage } from './outbox-records';
import type { ResultOutbox } from './ports';
import { type Batch, type Confirmation, LARGEST_MESSAGE_BYTES } from './results-message';
import { isNamed, SentBatches } from './sent-batches';

export type { Batch } from './results-message';

export type OutboxLimits = Readonly<Required<OutboxConfiguration>>;

const QUARANTINED_KEPT = 3;
const QUARANTINE = 'quarantine';
const SEGMENT = /^\d{8}-[0-9a-f]{8}-\d{8}[ab]*\.log$/;
/** Sorts behind its whole and before the next segment. */
const HALF = /[ab]\.log$/;
/** A sector that cannot be read three times in a row will not be readable the fourth time. */
const READ_ATTEMPTS = 3;
/** Segments read at the same time at the start. */
const PARALLEL_READS = 32;

export interface OutboxOptions {
  /** Bytes of a message beside its compressed records. @default 512 */
  readonly envelopeBytes?: number;
  /** Milliseconds that never go back. */
  readonly monotonic?: () => number;
  readonly disk?: Disk;
  /**
   * After how long a published batch that nobody has confirmed goes again; undefined: the cloud confirms none, and a batch
   * is done when it is published. @default undefined
   */
  readonly resendMilliseconds?: () => number | undefined;
}

interface Segment {
  readonly name: string;
  readonly batchId: string;
  sends: number;
  /** Confirmed ones. */
  records: number;
  /** On disk. */
  bytes: number;
  failedReads: number;
}

/** The segment that takes appends. */
interface Active {
  readonly segment: Segment;
  readonly handle: FileHandle;
  readonly openedAt: number;
  readonly opening: Opening;
}

/** What a segment is opened with. */
interface Opening {
  /** In force then: a change concerns the next one. */
  readonly limits: OutboxLimits;
  readonly fill: MessageFill;
}

interface Waiting {
  readonly json: string;
  resolve(): void;
  reject(error: Error): void;
}

export class Outbox implements ResultOutbox {
  /** To be sent, oldest first. */
  private readonly sealed: Segment[] = [];
  /** Published and not confirmed. */
  private readonly sent = new SentBatches<Segment>();
  private readonly sealedTotals = { records: 0, bytes: 0 };
  private active: Active | undefined;
  private sequence = 0;
  private drops: DropState = { unreported: 0, reported: {} };
  private readonly dropFile: DropFile;
  private sending: { readonly segment: Segment; readonly batch: Batch } | undefined;
  private readonly waiting: Waiting[] = [];
  private lastTurn: Promise<unknown> = Promise.resolve();
  private totalDropped = 0;
  private totalCorrupted = 0;

  private constructor(
    private readonly folder: string,
    private readonly limits: () => OutboxLimits,
    private readonly prefix: string,
    private readonly options: Required<OutboxOptions>,
  ) {
    this.dropFile = new DropFile(folder, options.disk);
  }

  private get disk(): Disk {
    return this.options.disk;
  }

  /**
   * Reads what is there, puts damaged segments aside and counts what they lost.
   * @param limits read when a segment is opened
   * @throws Error when the folder cannot be made or listed
   */
  static async open(folder: string, limits: () => OutboxLimits, given: OutboxOptions = {}): Promise<Outbox> {
    const options = {
      envelopeBytes: 512,
      monotonic: () => performance.now(),
      disk: nodeDisk,
      resendMilliseconds: () => undefined,
      ...given,
    };
    const { disk } = options;
    await disk.mkdir(folder, { recursive: true });
    const entries = await disk.readdir(folder);
    // A split that was cut off: the whole is still there, so no half of it was ever sent.
    const halves = entries.filter((name) => HALF.test(name) && entries.includes(name.replace(HALF, '.log')));
    const names = entries.filter((name) => SEGMENT.test(name) && !halves.includes(name)).sort();
    const start = await countStart(folder, names, disk);
    const prefix = `${String(start).padStart(8, '0')}-${randomBytes(4).toString('hex')}`;
    const outbox = new Outbox(folder, limits, prefix, options);
    outbox.drops = await outbox.dropFile.read();
    const left = [...halves, ...entries.filter((name) => name.endsWith('.tmp'))];
    for (const name of left) await outbox.deleteFile(name);
    for (let first = 0; first < names.length; first += PARALLEL_READS) {
      await outbox.adopt(names.slice(first, first + PARALLEL_READS));
    }
    return outbox;
  }

  /** Records that wait, or were published and are not confirmed. */
  get records(): number {
    return this.sealedTotals.records + (this.active?.segment.records ?? 0);
  }

  get bytes(): number {
    return this.sealedTotals.bytes + (this.active?.segment.bytes ?? 0);
  }

  /** Records refused by the disk, dropped by the bound and lost to damage since the component started. */
  get dropped(): number {
    return this.totalDropped;
  }

  /** Of these, the ones lost to damage. */
  get corrupted(): number {
    return this.totalCorrupted;
  }

  /**
   * Resolves when the record is on disk. Appends that come while a write is under way share the next write and sync.
   * @param json a JSON object on one line
   * @throws Error when the disk refuses it, or no message can hold it; the record is then counted as dropped
   */
  append(json: string): Promise<void> {
    const problem = this.problemOf(json);
    if (problem) return this.inTurn(() => this.drop(1)).then(() => Promise.reject(new Error(problem)));
    return new Promise((resolve, reject) => {
      this.waiting.push({ json, resolve, reject });
      if (this.waiting.length === 1) void this.inTurn(() => this.writeGroup());
    });
  }

  /**
   * The oldest batch to send, or undefined when nothing is due. An unfinished segment is due when it is old enough and
   * nothing else waits: while the cloud is out of reach, segments fill up instead of becoming thousands of small files.
   * The same batch comes again until it is published. One that is to be sent again comes first.
   * @param flush whether everything is due at once
   * @throws Error when the segment cannot be read; when that stays so, its records are counted as lost
   */
  nextBatch(flush = false): Promise<Batch | undefined> {
    return this.inTurn(() => this.oldestBatch(flush));
  }

  published(batchId: string): Promise<void> {
    return this.inTurn(async () => {
      const index = this.sealed.findIndex((segment) => segment.batchId === batchId);
      const segment = this.sealed[index];
      if (!segment) return;
      if (this.options.resendMilliseconds() === undefined) return this.settle(segment);
      if (this.sending?.segment === segment) this.sending = undefined;
      this.sealed.splice(index, 1);
      segment.sends++;
      this.sent.add(segment, this.options.monotonic());
    });
  }

  /** The batches are done, whether they wait for a confirmation or, after a restart, to be sent again. */
  confirm(confirmation: Confirmation): Promise<void> {
    return this.inTurn(async () => {
      const waiting = this.sealed.filter(({ batchId }) => isNamed(batchId, confirmation));
      for (const segment of [...this.sent.confirm(confirmation), ...waiting]) await this.settle(segment);
    });
  }

  /** Until the whole is deleted its halves count for nothing: a kill leaves the one or the other. */
  split(batchId: string): Promise<void> {
    return this.inTurn(async () => {
      const segment = this.sealed.find((other) => other.batchId === batchId);
      if (!segment) return;
      const records = await this.readRecords(segment);
      if (records.length > 1) await this.replaceByHalves(segment, records);
      else {
        await this.drop(records.length);
        await this.remove(segment);
      }
    });
  }

  /** Finishes writes and closes the file. What is on disk is sent after the next start. */
  close(): Promise<void> {
    return this.inTurn(() => this.seal());
  }

  private problemOf(json: string): string | undefined {
    if (!isRecord(json)) return 'a record must be a JSON object on one line';
    const bytes = Buffer.byteLength(json);
    // What has half of its bytes fits, however badly it compresses.
    if (this.options.envelopeBytes + 2 * bytes <= LARGEST_MESSAGE_BYTES) return undefined;
    const fits =
      bytes + 2 <= LARGEST_RECORDS_BYTES &&
      this.options.envelopeBytes + recordBytes(json) <= LARGEST_MESSAGE_BYTES;
    return fits ? undefined : `a record of ${bytes} bytes fits no message of ${LARGEST_MESSAGE_BYTES} bytes`;
  }

  /** One after the other: writes, bounds, reads and deletions never overlap. */
  private inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.lastTurn.then(action);
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  private async writeGroup(): Promise<void> {
    // The turn before has taken what came while it was waiting.
    if (this.waiting.length === 0) return;
    let opening = this.active?.opening ?? this.newOpening();
    let group = this.takeGroup(opening);
    if (group.length === 0) {
      await this.seal();
      opening = this.newOpening();
      group = this.takeGroup(opening);
    }
    try {
      await this.write(group, opening);
      await this.enforceBound();
      for (const { resolve } of group) resolve();
    } catch (error) {
      await this.abandonActive();
      await this.drop(group.length);
      for (const { reject } of group) reject(error as Error);
    }
    // In a turn of its own, so that a camera that never pauses does not keep batches from being sent.
    if (this.waiting.length > 0) void this.inTurn(() => this.writeGroup());
  }

  /** As many waiting records as fit into the unfinished segment; at least one into an empty one. */
  private takeGroup({ fill }: Opening): Waiting[] {
    let count = 0;
    while (this.waiting[count] && fill.add((this.waiting[count] as Waiting).json)) count++;
    return this.waiting.splice(0, count);
  }

  private newOpening(): Opening {
    const limits = this.limits();
    const room = limits.messageBytes - this.options.envelopeBytes;
    return { limits, fill: new MessageFill(room, limits.batchRecords) };
  }

  /** Once this resolves, the records are confirmed. */
  private async write(group: readonly Waiting[], opening: Opening): Promise<void> {
    const { handle, segment } = this.active ?? (await this.openActive(opening));
    const text = group.map(({ json }, index) => encodeRecord(json, segment.records + index)).join('');
    await handle.appendFile(text);
    await handle.datasync();
    segment.records += group.length;
    segment.bytes += Buffer.byteLength(text);
    if (segment.records >= opening.limits.batchRecords) await this.seal();
  }

  private async openActive(opening: Opening): Promise<Active> {
    this.sequence++;
    const name = `${this.prefix}-${String(this.sequence).padStart(8, '0')}.log`;
    const handle = await this.disk.open(join(this.folder, name), 'ax', 0o600);
    try {
      await syncFolder(this.folder, this.disk);
    } catch (error) {
      await handle.close().catch(() => undefined);
      await this.deleteFile(name);
      throw error;
    }
    this.active = { segment: segmentOf(name), handle, openedAt: this.options.monotonic(), opening };
    return this.active;
  }

  private async seal(): Promise<void> {
    const { active } = this;
    if (!active) return;
    this.active = undefined;
    this.keep(active.segment);
    // Everything in it is synced: what closing still can say does not matter.
    await active.handle.close().catch(() => undefined);
  }

  /** After a failed write: what was confirmed before it is kept, what it left behind is cut off. */
  private async abandonActive(): Promise<void> {
    const { active } = this;
    if (!active) return;
    await active.handle.truncate(active.segment.bytes).catch(() => undefined);
    await this.seal();
    if (active.segment.records === 0) await this.remove(active.segment);
  }

  private async replaceByHalves(whole: Segment, records: readonly string[]): Promise<void> {
    const middle = Math.ceil(records.length / 2);
    const halves: Segment[] = [];
    for (const [letter, part] of [
      ['a', records.slice(0, middle)],
      ['b', records.slice(middle)],
    ] as const) {
      const name = whole.name.replace('.log', `${letter}.log`);
      const text = part.map(encodeRecord).join('');
      await replaceFile(join(this.folder, name), text, this.disk);
      halves.push(segmentOf(name, part.length, Buffer.byteLength(text)));
    }
    await this.disk.rm(join(this.folder, whole.name));
    await syncFolder(this.folder, this.disk).catch(() => undefined);
    const index = this.sealed.indexOf(whole);
    for (const half of halves) this.keep(half);
    this.sealed.splice(index, 1, ...this.sealed.splice(-2));
    this.sealedTotals.records -= whole.records;
    this.sealedTotals.bytes -= whole.bytes;
    this.sending = undefined;
    const [first] = halves;
    const reported = this.drops.reported[whole.batchId];
    if (first && reported) await this.writeDrops(handedOn(this.drops, whole.batchId, first.batchId));
  }

  private isDue(flush: boolean): boolean {
    if (!this.active || this.active.segment.records === 0) return false;
    return flush || this.options.monotonic() - this.active.openedAt >= this.limits().flushMilliseconds;
  }

  private async oldestBatch(flush: boolean): Promise<Batch | undefined> {
    if (this.sending) return this.sending.batch;
    await this.takeBackDue();
    if (this.sealed.length === 0 && this.isDue(flush)) await this.seal();
    for (let segment = this.sealed[0]; segment; segment = this.sealed[0]) {
      const records = await this.readRecords(segment);
      if (records.length === 0) {
        await this.remove(segment);
        continue;
      }
      const { batchId, sends } = segment;
      const droppedRecords = await this.assignDrops(segment);
      const batch = { batchId, records, droppedRecords, ...(sends > 0 && { isSentAgain: true }) };
      this.sending = { segment, batch };
      return batch;
    }
    return undefined;
  }

  /** To the front of those that are to be sent: the batch that was sent and shall be again. */
  private async takeBackDue(): Promise<void> {
    const resendMilliseconds = this.options.resendMilliseconds();
    if (resendMilliseconds === undefined) return;
    const { segment, isRefused } = this.sent.due(this.options.monotonic(), resendMilliseconds) ?? {};
    if (!segment) return;
    if (isRefused) await this.discard(segment);
    else {
      this.sent.remove(segment.batchId);
      this.sealed.unshift(segment);
    }
  }

  private async readRecords(segment: Segment): Promise<readonly string[]> {
    const bytes = await this.readSegment(segment);
    const { records } = bytes ? salvage(bytes) : { records: [] };
    const missing = Math.max(0, segment.records - records.length);
    if (missing > 0) {
      await this.countCorrupted(missing);
      if (bytes) await this.quarantine(segment.name, bytes);
      else await this.moveToQuarantine(segment.name);
    }
    // A write that failed may have left whole records behind the confirmed ones.
    return records.slice(0, segment.records);
  }

  /** @returns undefined when it is gone or stays unreadable. @throws Error when another attempt may help */
  private async readSegment(segment: Segment): Promise<Buffer | undefined> {
    try {
      return await this.disk.readFile(join(this.folder, segment.name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      segment.failedReads++;
      if (segment.failedReads < READ_ATTEMPTS) throw error;
      return undefined;
    }
  }

  /** Takes over segments of before, repaired when damaged. */
  private async adopt(names: readonly string[]): Promise<void> {
    const segments = names.map((name) => segmentOf(name));
    const contents = await Promise.all(segments.map((segment) => this.readPersistently(segment)));
    for (const [index, segment] of segments.entries()) await this.adoptOne(segment, contents[index]);
  }

  private async readPersistently(segment: Segment): Promise<Buffer | undefined> {
    for (;;) {
      try {
        return await this.readSegment(segment);
      } catch {
        // Ends after the last attempt.
      }
    }
  }

  private async adoptOne(segment: Segment, bytes: Buffer | undefined): Promise<void> {
    const { name } = segment;
    if (!bytes) {
      // How many records it held cannot be read either; at least one.
      await this.countCorrupted(1);
      await this.moveToQuarantine(name);
      return;
    }
    const found = salvage(bytes);
    if (found.lost > 0) {
      await this.quarantine(name, bytes);
      await this.countCorrupted(found.lost);
    }
    if (found.records.length === 0) {
      await this.deleteFile(name);
      return;
    }
    if (found.lost > 0) await this.repair(name, found);
    this.keep({ ...segment, records: found.records.length, bytes: bytes.length });
  }

  /** So that the next start does not count the same loss again. Not needed for sending, so a full disk may refuse. */
  private async repair(name: string, { records }: Salvage): Promise<void> {
    const text = records.map(encodeRecord).join('');
    await replaceFile(join(this.folder, name), text, this.disk).catch(() => undefined);
  }

  /** For whoever wants to know what happened. Nothing depends on it. */
  private async quarantine(name: string, bytes: Buffer): Promise<void> {
    await this.inQuarantine((folder) => replaceFile(join(folder, name), bytes, this.disk));
  }

  private async moveToQuarantine(name: string): Promise<void> {
    await this.inQuarantine((folder) => this.disk.rename(join(this.folder, name), join(folder, name)));
  }

  private async inQuarantine(put: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.folder, QUARANTINE);
    try {
      await this.disk.mkdir(folder, { recursive: true });
      await put(folder);
      const kept = (await this.disk.readdir(folder)).sort();
      for (const old of kept.slice(0, Math.max(0, kept.length - QUARANTINED_KEPT))) {
        await this.deleteFile(join(QUARANTINE, old));
      }
    } catch {
      // A full disk, or a segment that somebody has deleted.
    }
  }

  /** Oldest out, except the batch that is being sent: the cloud may already have it. */
  private async enforceBound(): Promise<void> {
    while (this.bytes > this.limits().maximumBytes) {
      const waiting = this.sealed.find((segment) => segment !== this.sending?.segment);
      const candidates = waiting ? [waiting, ...this.sent.items()] : [...this.sent.items()];
      if (candidates.length === 0) return;
      await this.discard(candidates.reduce((oldest, other) => (other.name < oldest.name ? other : oldest)));
    }
  }

  /** Gives up a batch: its records are dropped, and what it would have reported, or has in vain, is left to another. */
  private async discard(segment: Segment): Promise<void> {
    // Counted before it is deleted: a kill in between counts too much rather than too little.
    this.drops = handedOn(this.drops, segment.batchId);
    const isCounted = await this.drop(segment.records);
    await this.remove(segment);
    // A full disk takes the count now that there is room.
    if (!isCounted) await this.writeDrops(this.drops);
  }

  /** The cloud has the batch. */
  private async settle(segment: Segment): Promise<void> {
    const { [segment.batchId]: told, ...reported } = this.drops.reported;
    // The count first: a kill in between sends the batch again, and the cloud counts a batch id once.
    if (told !== undefined) await this.writeDrops({ ...this.drops, reported });
    await this.remove(segment);
  }

  private keep(segment: Segment): void {
    this.sealed.push(segment);
    this.sealedTotals.records += segment.records;
    this.sealedTotals.bytes += segment.bytes;
  }

  private async remove(segment: Segment): Promise<void> {
    if (this.sending?.segment === segment) this.sending = undefined;
    const index = this.sealed.indexOf(segment);
    if (index !== -1) this.sealed.splice(index, 1);
    if (index !== -1 || this.sent.remove(segment.batchId)) {
      this.sealedTotals.records -= segment.records;
      this.sealedTotals.bytes -= segment.bytes;
    }
    await this.deleteFile(segment.name);
  }

  /** A file that cannot be deleted comes again after the next start, under its old id, which the cloud counts once. */
  private async deleteFile(name: string): Promise<void> {
    await this.disk.rm(join(this.folder, name), { force: true }).catch(() => undefined);
  }

  private async countCorrupted(records: number): Promise<void> {
    this.totalCorrupted += records;
    await this.drop(records);
  }

  /** @returns whether the count is on disk */
  private async drop(records: number): Promise<boolean> {
    this.totalDropped += records;
    return this.writeDrops({ ...this.drops, unreported: this.drops.unreported + records });
  }

  /**
   * How many dropped records this batch reports; stays the same when the batch is sent again. One that may have been sent
   * before takes no new ones: the cloud may have counted it, and counts a batch id once.
   */
  private async assignDrops({ name, batchId, sends }: Segment): Promise<number> {
    const before = this.drops;
    const told = before.reported[batchId];
    if (told !== undefined || before.unreported === 0) return told ?? 0;
    if (sends > 0 || !name.startsWith(this.prefix)) return 0;
    const reported = { ...before.reported, [batchId]: before.unreported };
    if (await this.writeDrops({ unreported: 0, reported })) return before.unreported;
    // Results must not wait for a disk that takes no writes: a later batch reports the drops.
    this.drops = before;
    return 0;
  }

  /** @returns whether it is on disk; it is in force either way */
  private async writeDrops(drops: DropState): Promise<boolean> {
    this.drops = drops;
    return this.dropFile.write(drops);
  }
}

const segmentOf = (name: string, records = 0, bytes = 0): Segment => ({
  name,
  batchId: name.slice(0, -'.log'.length),
  sends: 0,
  records,
  bytes,
  failedReads: 0,
});

/** Without the reports of one batch: they are another's, or nobody's yet. */
function handedOn({ unreported, reported }: DropState, from: string, to?: string): DropState {
  const { [from]: told = 0, ...others } = reported;
  if (told === 0) return { unreported, reported };
  return to
    ? { unreported, reported: { ...others, [to]: told } }
    : { unreported: unreported + told, reported: others };
}

/** The number of this start: higher than that of every segment that is still there. */
async function countStart(folder: string, names: readonly string[], disk: Disk): Promise<number> {
  const path = join(folder, 'starts');
  const counted = Number(await readIfPresent(path, disk).catch(() => undefined));
  const start =
    Math.max(Number.isSafeInteger(counted) ? counted : 0, ...names.map((name) => Number(name.slice(0, 8)))) +
    1;
  // Where it cannot be written, the random part keeps ids apart, and the segments that are there keep them in order.
  await replaceFile(path, String(start), disk).catch(() => undefined);
  return start;
}
