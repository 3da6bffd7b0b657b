/**
 * Results that the cloud has not taken yet, on disk.
 *
 *     outbox/<start, 8 digits>-<random>-<sequence, 8 digits>.log    one segment = one batch; its name is the batch id
 *     outbox/starts                                                 how often the component has started
 *     outbox/dropped.json                                           records dropped and not yet reported
 *     outbox/quarantine/                                            the last damaged segments, as found
 *
 * Invariants
 * - An append is confirmed once its bytes are synced; a confirmed record is sent at least once unless it is dropped,
 *   and a dropped record is counted.
 * - A sealed segment never changes, so a batch that is sent again, also after a crash, has the same id and records.
 * - A segment is deleted only after its batch was acknowledged, or as the oldest when the outbox is full.
 * - Ids never repeat: the number of the start and a random part are in every name.
 */
import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentConfiguration } from '../../../../contracts';
import { encodeRecord, salvage } from '../domain/outbox-records';
import { type Disk, nodeDisk, readIfPresent, replaceFile, syncFolder } from './durable-file';

export type OutboxLimits = ComponentConfiguration['outbox'];

/** AWS IoT takes 128 KB a message; the envelope of a batch takes below 1 KB. */
const LARGEST_BATCH_BYTES = 96 * 1024;
const QUARANTINED_KEPT = 3;
const SEGMENT = /^\d{8}-[0-9a-f]{8}-\d{8}\.log$/;

export interface Batch {
  readonly batchId: string;
  /** JSON texts of the records, in order. */
  readonly records: readonly string[];
  /** Records dropped since the batch before. */
  readonly droppedRecords: number;
}

interface Segment {
  readonly name: string;
  records: number;
  bytes: number;
}

interface Waiting {
  readonly line: string;
  resolve(): void;
  reject(error: Error): void;
}

/** Dropped records: not yet in a batch, and in the batch that is being sent. */
interface DropState {
  readonly unreported: number;
  readonly batchId?: string;
  readonly inBatch?: number;
}

export class Outbox {
  private readonly sealed: Segment[] = [];
  private active:
    | { readonly segment: Segment; readonly handle: FileHandle; readonly openedAt: number }
    | undefined;
  private sequence = 0;
  private drops: DropState = { unreported: 0 };
  private dropWrites: Promise<void> = Promise.resolve();
  private sending: Segment | undefined;
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private totalDropped = 0;
  private totalCorrupted = 0;

  private constructor(
    private readonly folder: string,
    private readonly limits: () => OutboxLimits,
    private readonly prefix: string,
    private readonly disk: Disk,
    private readonly monotonic: () => number,
  ) {}

  /** Reads what is there, puts damaged segments aside and counts what they lost. */
  static async open(
    folder: string,
    limits: () => OutboxLimits,
    monotonic: () => number = () => performance.now(),
    disk: Disk = nodeDisk,
  ): Promise<Outbox> {
    await disk.mkdir(join(folder, 'quarantine'), { recursive: true });
    const names = (await disk.readdir(folder)).filter((name) => SEGMENT.test(name)).sort();
    const counted = Number((await readIfPresent(join(folder, 'starts'), disk)) ?? 0);
    const start =
      Math.max(
        Number.isSafeInteger(counted) ? counted : 0,
        ...names.map((name) => Number(name.slice(0, 8))),
      ) + 1;
    await replaceFile(join(folder, 'starts'), String(start), disk);
    const prefix = `${String(start).padStart(8, '0')}-${randomBytes(4).toString('hex')}`;
    const outbox = new Outbox(folder, limits, prefix, disk, monotonic);
    await outbox.readDrops();
    for (const name of names) await outbox.adopt(name);
    return outbox;
  }

  /** Records that wait, sealed or not. */
  get records(): number {
    return this.sealed.reduce((sum, segment) => sum + segment.records, this.active?.segment.records ?? 0);
  }

  /** Records dropped by the bound and lost to damage since the component started. */
  get dropped(): number {
    return this.totalDropped;
  }

  get corrupted(): number {
    return this.totalCorrupted;
  }

  get bytes(): number {
    return this.sealed.reduce((sum, segment) => sum + segment.bytes, this.active?.segment.bytes ?? 0);
  }

  /**
   * Resolves when the record is on disk. Appends that come while a write is under way share the next write and sync.
   * @throws Error when the disk refuses; the record is then counted as dropped
   */
  append(json: string): Promise<void> {
    const line = encodeRecord(json);
    if (Buffer.byteLength(line) > LARGEST_BATCH_BYTES) {
      return this.drop(1).then(() => Promise.reject(new Error('a record is larger than a whole batch')));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ line, resolve, reject });
      void this.startWriting();
    });
  }

  /**
   * The oldest batch to send, or undefined when nothing is due. An unfinished segment is due when it is old enough and
   * nothing else waits: while the cloud is out of reach, segments fill up instead of becoming thousands of small files.
   * The same batch comes again until it is acknowledged.
   * @param flush whether everything is due at once
   */
  async nextBatch(flush = false): Promise<Batch | undefined> {
    // A flush also waits for the appends that are under way.
    if (this.sealed.length === 0 && (flush || this.isDue(flush))) {
      await this.exclusive(async () => {
        if (this.isDue(flush)) await this.seal();
      });
    }
    const segment = this.sending ?? this.sealed[0];
    if (!segment) return undefined;
    const { records, lost } = salvage(await this.disk.readFile(join(this.folder, segment.name)));
    const missing = Math.max(0, segment.records - records.length);
    if (missing > 0) {
      segment.records = records.length;
      this.totalCorrupted += Math.max(missing, lost);
      await this.drop(missing);
    }
    if (records.length === 0) {
      await this.remove(segment);
      return this.nextBatch(flush);
    }
    this.sending = segment;
    const batchId = segment.name.slice(0, -'.log'.length);
    return { batchId, records, droppedRecords: await this.assignDrops(batchId) };
  }

  /** The cloud has taken the batch: it will not come again. */
  async acknowledge(batchId: string): Promise<void> {
    // The count first: a kill in between sends the batch again, and the cloud counts a batch id once.
    if (this.drops.batchId === batchId) await this.writeDrops({ unreported: this.drops.unreported });
    const segment = this.sealed.find(({ name }) => name === `${batchId}.log`);
    if (segment) await this.remove(segment);
  }

  /** Finishes writes and closes the file. What is on disk is sent after the next start. */
  async close(): Promise<void> {
    await this.exclusive(() => this.seal());
  }

  /** One writer at a time: appends, sealing and bounds never overlap. */
  private async exclusive(action: () => Promise<void>): Promise<void> {
    while (this.writing) await this.writing.catch(() => undefined);
    const run = action();
    this.writing = run.finally(() => {
      this.writing = undefined;
      void this.startWriting();
    });
    this.writing.catch(() => undefined);
    await run;
  }

  private async startWriting(): Promise<void> {
    if (this.writing || this.waiting.length === 0) return;
    await this.exclusive(async () => {
      while (this.waiting.length > 0) await this.writeGroup();
    });
  }

  private async writeGroup(): Promise<void> {
    const group = this.takeGroup();
    try {
      const { handle, segment } = await this.openActive();
      const text = group.map(({ line }) => line).join('');
      await handle.appendFile(text);
      await handle.datasync();
      segment.records += group.length;
      segment.bytes += Buffer.byteLength(text);
      if (this.isFull(segment)) await this.seal();
      await this.enforceBound();
      for (const { resolve } of group) resolve();
    } catch (error) {
      // What the failed write left is unknown: the segment is read again before it is sent.
      await this.abandonActive();
      await this.drop(group.length).catch(() => undefined);
      for (const { reject } of group) reject(error as Error);
    }
  }

  /** As many waiting lines as fit into the unfinished segment; at least one. */
  private takeGroup(): Waiting[] {
    const { records = 0, bytes = 0 } = this.active?.segment ?? {};
    let room = LARGEST_BATCH_BYTES - bytes;
    let count = 0;
    const most = Math.max(1, this.limits().batchRecords - records);
    while (count < this.waiting.length && count < most) {
      room -= Buffer.byteLength((this.waiting[count] as Waiting).line);
      if (room < 0 && count > 0) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private isFull(segment: Segment): boolean {
    // A quarter of the room is kept for the next group, which may be larger than one record.
    return segment.records >= this.limits().batchRecords || segment.bytes >= LARGEST_BATCH_BYTES * 0.75;
  }

  private isDue(flush: boolean): boolean {
    if (!this.active || this.active.segment.records === 0) return false;
    return flush || this.monotonic() - this.active.openedAt >= this.limits().flushMilliseconds;
  }

  private async openActive(): Promise<NonNullable<Outbox['active']>> {
    if (!this.active) {
      this.sequence++;
      const name = `${this.prefix}-${String(this.sequence).padStart(8, '0')}.log`;
      const handle = await this.disk.open(join(this.folder, name), 'ax', 0o600);
      this.active = { segment: { name, records: 0, bytes: 0 }, handle, openedAt: this.monotonic() };
      await syncFolder(this.folder, this.disk);
    }
    return this.active;
  }

  private async seal(): Promise<void> {
    const active = this.active;
    if (!active) return;
    this.active = undefined;
    if (active.segment.records > 0) this.sealed.push(active.segment);
    await active.handle.close();
  }

  private async abandonActive(): Promise<void> {
    const name = this.active?.segment.name;
    await this.active?.handle.close().catch(() => undefined);
    this.active = undefined;
    if (name) await this.adopt(name, false).catch(() => undefined);
  }

  /** Takes over a segment of before: repaired when damaged, deleted when nothing is readable. */
  private async adopt(name: string, countLost = true): Promise<void> {
    const path = join(this.folder, name);
    const bytes = await this.disk.readFile(path);
    const { records, lost, torn } = salvage(bytes);
    if (lost > 0) await this.quarantine(name, bytes);
    if (lost > 0 || torn) {
      if (records.length > 0) await replaceFile(path, records.map(encodeRecord).join(''), this.disk);
      if (countLost && lost > 0) {
        this.totalCorrupted += lost;
        await this.drop(lost);
      }
    }
    if (records.length === 0) {
      await this.disk.rm(path, { force: true });
      return;
    }
    this.sealed.push({ name, records: records.length, bytes: bytes.length });
  }

  private async quarantine(name: string, bytes: Buffer): Promise<void> {
    const folder = join(this.folder, 'quarantine');
    await replaceFile(join(folder, name), bytes, this.disk);
    const kept = (await this.disk.readdir(folder)).sort();
    for (const old of kept.slice(0, Math.max(0, kept.length - QUARANTINED_KEPT))) {
      await this.disk.rm(join(folder, old), { force: true });
    }
  }

  /** Oldest out, except the batch that is being sent: the cloud may already have it. */
  private async enforceBound(): Promise<void> {
    while (this.bytes > this.limits().maximumBytes) {
      const oldest = this.sealed.find((segment) => segment !== this.sending);
      if (!oldest) return;
      const { records } = oldest;
      // Counted before it is deleted: a kill in between counts too much rather than too little.
      await this.drop(records);
      await this.remove(oldest);
    }
  }

  private async remove(segment: Segment): Promise<void> {
    if (this.sending === segment) this.sending = undefined;
    const index = this.sealed.indexOf(segment);
    if (index !== -1) this.sealed.splice(index, 1);
    await this.disk.rm(join(this.folder, segment.name), { force: true });
  }

  private async drop(records: number): Promise<void> {
    this.totalDropped += records;
    await this.writeDrops({ ...this.drops, unreported: this.drops.unreported + records });
  }

  /** How many dropped records this batch reports; stays the same when the batch is sent again. */
  private async assignDrops(batchId: string): Promise<number> {
    const { unreported, batchId: assignedTo, inBatch = 0 } = this.drops;
    if (assignedTo !== batchId && unreported + inBatch > 0) {
      // A batch that was to report some and was never acknowledged hands them on.
      await this.writeDrops({ unreported: 0, batchId, inBatch: unreported + inBatch });
    }
    return this.drops.batchId === batchId ? (this.drops.inBatch ?? 0) : 0;
  }

  private writeDrops(drops: DropState): Promise<void> {
    this.drops = drops;
    const write = this.dropWrites.then(() =>
      replaceFile(join(this.folder, 'dropped.json'), JSON.stringify(drops), this.disk),
    );
    this.dropWrites = write.catch(() => undefined);
    return write;
  }

  private async readDrops(): Promise<void> {
    try {
      const value = JSON.parse((await readIfPresent(join(this.folder, 'dropped.json'), this.disk)) ?? '{}');
      if (Number.isSafeInteger(value?.unreported) && value.unreported >= 0) this.drops = value as DropState;
    } catch {
      // A damaged count of losses is itself lost; the records are not.
    }
  }
}
