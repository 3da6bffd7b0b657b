/**
 * Images chosen for upload. Each is written to disk first, `captures/<captureId>.jpg` then `.json`, and deleted once both
 * are in S3; so a restart or an outage loses none below the bound.
 *
 * - The day's byte budget is spent when a frame is chosen, before anything is sent: a crash can only make the component
 *   send less than it may. An upload that has to be repeated, or that waits for the next day, is not counted again.
 * - Under the policy `never` no pixel is written or sent. A switch to it ends the upload that is under way and deletes
 *   every image, also those that an earlier process left; a deletion that fails is tried again until it succeeds.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Capture, InferenceResult, UploadConfiguration } from '../../../../contracts';
import type { CaptureStore, Clock, Frame, ImageDecoder, Log } from '../ports';
import { type Disk, nodeDisk, readIfPresent, replaceFile } from '../shared/durable-file';
import { captureClock, withRightTimes } from '../shared/record-time';
import { Retry } from '../shared/retry';
import {
  budgetOf,
  bytesForAllDraws,
  bytesForRelease,
  bytesUsedToday,
  isClockBehind,
  type Selection,
  takeFromBudget,
  type UploadBudget,
} from './capture-selection';
import type { Captures } from './ports';

const LARGEST_SPOOL_BYTES = 64 * 1024 * 1024;
/** A sidecar has about 600 bytes. */
const SIDECAR_BYTES = 1024;
const RETRY_MILLISECONDS = { first: 1_000, longest: 60_000 };
const DAY_MILLISECONDS = 86_400_000;
const BUDGET_FILE = 'budget.json';

export interface CaptureSpoolPorts {
  readonly folder: string;
  readonly store: CaptureStore;
  readonly decoder: ImageDecoder;
  readonly clock: Clock;
  readonly log: Log;
  readonly useCase: string;
  readonly deviceId: string;
  readonly upload: () => UploadConfiguration;
  readonly captureBucket: () => string;
  readonly random: () => number;
  /** What waits on disk while the cloud is out of reach, at most; the oldest go. @default 64 MiB */
  readonly maximumBytes?: number;
}

interface Spooled {
  readonly captureId: string;
  readonly bytes: number;
  /** Only its deletion is left to do. */
  sent?: boolean;
}

export class CaptureSpool implements Captures {
  private budget: UploadBudget | undefined;
  /** Monotonic time since which the clock has shown an earlier day than the budget's. */
  private clockBehindSince: number | undefined;
  private readonly spooled: Spooled[] = [];
  private uploading: { readonly entry: Spooled; readonly abort: AbortController } | undefined;
  private readonly retry: Retry;
  private stopped = false;
  private running: Promise<void> | undefined;
  private droppedCaptures = 0;
  private lastError: string | undefined;
  /** Whether the folder may hold anything that the policy `never` forbids. */
  private mayHoldImages = true;
  private lastTurn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly ports: CaptureSpoolPorts,
    private readonly disk: Disk,
  ) {
    this.retry = new Retry(RETRY_MILLISECONDS, ports.random);
  }

  /** @throws Error when the folder cannot be made or listed */
  static async open(ports: CaptureSpoolPorts, disk: Disk = nodeDisk): Promise<CaptureSpool> {
    const spool = new CaptureSpool(ports, disk);
    await disk.mkdir(ports.folder, { recursive: true });
    await spool.readBudget();
    await spool.adopt();
    return spool;
  }

  get bytesToday(): number {
    return bytesUsedToday(this.budgetNow(), this.ports.clock.now());
  }

  get waiting(): number {
    return this.spooled.length;
  }

  get dropped(): number {
    return this.droppedCaptures;
  }

  get problem(): string | undefined {
    return this.lastError;
  }

  onlyControl(frame: Frame): boolean {
    return this.afterTaking(costOf(frame), bytesForAllDraws(this.ports.upload())) === undefined;
  }

  reserve(frame: Frame, releaseId: string): boolean {
    if (this.isForbidden) return false;
    const { clock, upload } = this.ports;
    const budget = budgetOf(releaseId, this.budgetNow(), clock.now());
    const taken = takeFromBudget(budget, costOf(frame), bytesForRelease(budget, upload()), clock.now());
    if (taken) this.budget = taken;
    return taken !== undefined;
  }

  async add(captureId: string, frame: Frame, result: InferenceResult, selection: Selection): Promise<void> {
    try {
      await this.inTurn(() => this.write(captureId, frame, result, selection));
    } catch (error) {
      this.droppedCaptures++;
      this.ports.log.warn('capture not kept', { captureId, error: (error as Error).message });
    }
  }

  start(): void {
    this.running = this.run();
  }

  retryNow(): void {
    this.retry.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.uploading?.abort.abort();
    this.retry.wake();
    await this.lastTurn;
    await this.running;
  }

  async clear(): Promise<void> {
    this.uploading?.abort.abort();
    await this.inTurn(() => this.deleteAll()).catch((error: Error) => {
      this.lastError = error.message;
      this.ports.log.error('captures not deleted yet', { error: error.message });
    });
    this.retry.wake();
  }

  private get isForbidden(): boolean {
    return this.ports.upload().privacy === 'never';
  }

  /** One after the other: two writes would share a temporary name, and a deletion must not miss one that begins. */
  private inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.lastTurn.then(action);
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const isIdle = await this.step();
        this.retry.succeeded();
        this.lastError = undefined;
        if (isIdle && !this.stopped) await this.retry.pause(RETRY_MILLISECONDS.longest);
      } catch (error) {
        this.lastError = (error as Error).message;
        if (this.retry.failed()) this.ports.log.warn('upload failed', { error: this.lastError });
        if (!this.stopped) await this.retry.backOff();
      }
    }
  }

  /** @returns whether there was nothing to do */
  private async step(): Promise<boolean> {
    if (this.isForbidden) {
      if (this.mayHoldImages) await this.inTurn(() => this.deleteAll());
      return true;
    }
    const entry = this.spooled[0];
    if (!entry) return true;
    const abort = new AbortController();
    this.uploading = { entry, abort };
    try {
      if (!entry.sent) await this.upload(entry, abort.signal);
      entry.sent = true;
      await this.inTurn(() => this.delete(entry));
    } catch (error) {
      // Cut off by a stop or by a new policy: what happens next is theirs to say.
      if (!abort.signal.aborted) throw error;
    } finally {
      this.uploading = undefined;
    }
    return false;
  }

  /** Image first, so that a sidecar always has its image. */
  private async upload(entry: Spooled, signal: AbortSignal): Promise<void> {
    const { store, deviceId, useCase, captureBucket, clock } = this.ports;
    const files = await this.readPair(entry);
    if (!files) return;
    const prefix = `captures/${useCase}/${deviceId}/${entry.captureId}`;
    signal.throwIfAborted();
    await store.put(captureBucket(), `${prefix}.jpg`, files.image, 'image/jpeg', signal);
    signal.throwIfAborted();
    const sidecar = Buffer.from(withRightTimes(files.sidecar.toString('utf8'), clock));
    await store.put(captureBucket(), `${prefix}.json`, sidecar, 'application/json', signal);
  }

  private async readPair({ captureId }: Spooled): Promise<{ image: Buffer; sidecar: Buffer } | undefined> {
    try {
      const image = await this.disk.readFile(this.path(captureId, 'jpg'));
      return { image, sidecar: await this.disk.readFile(this.path(captureId, 'json')) };
    } catch (error) {
      // The ones behind it must not wait for a file that somebody has deleted or that the disk has lost.
      this.droppedCaptures++;
      this.ports.log.warn('capture not readable', { captureId, error: (error as Error).message });
      return undefined;
    }
  }

  private async write(
    captureId: string,
    frame: Frame,
    result: InferenceResult,
    selection: Selection,
  ): Promise<void> {
    const image = await this.ports.decoder.toJpeg(frame.bytes);
    const sidecar = JSON.stringify(this.sidecar(captureId, frame, result, selection, image));
    if (this.isForbidden) return;
    const more = image.length + Buffer.byteLength(sidecar) - costOf(frame);
    if (more > 0 && !this.take(more))
      throw new Error(`as JPEG it has ${more} bytes more than are left today`);
    this.mayHoldImages = true;
    try {
      await this.writeBudget();
      await replaceFile(this.path(captureId, 'jpg'), image, this.disk);
      await replaceFile(this.path(captureId, 'json'), sidecar, this.disk);
    } catch (error) {
      // Half a capture would take room that a full disk does not have.
      for (const extension of ['json', 'jpg'] as const) {
        await this.disk.rm(this.path(captureId, extension), { force: true }).catch(() => undefined);
      }
      throw error;
    }
    this.spooled.push({ captureId, bytes: image.length });
    await this.enforceBound();
    this.retry.wake();
  }

  private sidecar(
    captureId: string,
    frame: Frame,
    result: InferenceResult,
    selection: Selection,
    image: Buffer,
  ): Capture {
    const { useCase, deviceId } = this.ports;
    const clock = captureClock(result);
    const { disposition, reviewReason, shadow } = result;
    return {
      schemaVersion: 1,
      captureId,
      deviceId,
      useCase,
      frameId: frame.frameId,
      releaseId: result.releaseId,
      capturedAt: result.capturedAt,
      ...(clock && { clock }),
      ...(result.predictedClass !== undefined && {
        predictedClass: result.predictedClass,
        confidence: result.confidence,
      }),
      ...suggestionOf(result),
      ...(disposition && { disposition }),
      ...(reviewReason && { reviewReason }),
      ...(shadow?.disposition && {
        shadow: { releaseId: shadow.releaseId, disposition: shadow.disposition },
      }),
      reasons: selection.reasons,
      inclusionProbability: selection.inclusionProbability,
      sha256: createHash('sha256').update(image).digest('hex'),
      bytes: image.length,
    };
  }

  /** The sidecar first: an image without one is deleted by the next start. */
  private async delete(entry: Spooled): Promise<void> {
    await this.disk.rm(this.path(entry.captureId, 'json'), { force: true });
    await this.disk.rm(this.path(entry.captureId, 'jpg'), { force: true });
    const index = this.spooled.indexOf(entry);
    if (index !== -1) this.spooled.splice(index, 1);
  }

  /** By what is in the folder, not by what is known: a write that was cut off may have left pixels too. */
  private async deleteAll(): Promise<void> {
    const { folder } = this.ports;
    for (const name of await this.disk.readdir(folder)) {
      if (name !== BUDGET_FILE) await this.disk.rm(join(folder, name), { recursive: true, force: true });
    }
    this.spooled.length = 0;
    this.mayHoldImages = false;
  }

  private async enforceBound(): Promise<void> {
    const { maximumBytes = LARGEST_SPOOL_BYTES } = this.ports;
    let bytes = this.spooled.reduce((sum, entry) => sum + entry.bytes, 0);
    while (bytes > maximumBytes) {
      const oldest = this.spooled.find((entry) => entry !== this.uploading?.entry);
      if (!oldest) return;
      bytes -= oldest.bytes;
      this.droppedCaptures++;
      await this.delete(oldest);
    }
  }

  /** Complete pairs of before, oldest first; whatever else is in the folder is deleted. */
  private async adopt(): Promise<void> {
    const { folder } = this.ports;
    const names = new Set(await this.disk.readdir(folder));
    const ids = [...names]
      .filter((name) => name.endsWith('.jpg'))
      .map((name) => name.slice(0, -'.jpg'.length));
    const pairs = await Promise.all(
      ids.filter((id) => names.has(`${id}.json`)).map((captureId) => this.pair(captureId)),
    );
    // Ids of different starts have no order.
    this.spooled.push(
      ...pairs.flatMap((pair) => pair ?? []).sort((left, right) => left.writtenAt - right.writtenAt),
    );
    const kept = new Set(this.spooled.flatMap(({ captureId }) => [`${captureId}.jpg`, `${captureId}.json`]));
    for (const name of names) {
      if (name === BUDGET_FILE || kept.has(name)) continue;
      await this.disk.rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }

  private async pair(captureId: string): Promise<(Spooled & { readonly writtenAt: number }) | undefined> {
    try {
      const { size, mtimeMs } = await this.disk.stat(this.path(captureId, 'jpg'));
      return { captureId, bytes: size, writtenAt: mtimeMs };
    } catch {
      return undefined;
    }
  }

  private take(bytes: number): boolean {
    const taken = this.afterTaking(bytes, this.ports.upload().dailyByteBudget);
    if (taken) this.budget = taken;
    return taken !== undefined;
  }

  private afterTaking(bytes: number, limit: number): UploadBudget | undefined {
    return takeFromBudget(this.budgetNow(), bytes, limit, this.ports.clock.now());
  }

  /**
   * A clock that is set back gives no second budget (see takeFromBudget). But one that was wrong once and showed a far day
   * would then never give one again: after a whole day in which it kept showing the earlier date, that date is believed.
   */
  private budgetNow(): UploadBudget {
    const { clock } = this.ports;
    const fresh = { day: new Date(clock.now()).toISOString().slice(0, 10), bytes: 0 };
    if (!isClockBehind(this.budget, clock.now())) {
      this.clockBehindSince = undefined;
      return this.budget ?? fresh;
    }
    this.clockBehindSince ??= clock.monotonic();
    if (clock.monotonic() - this.clockBehindSince >= DAY_MILLISECONDS) this.budget = fresh;
    return this.budget as UploadBudget;
  }

  private writeBudget(): Promise<void> {
    return replaceFile(join(this.ports.folder, BUDGET_FILE), JSON.stringify(this.budgetNow()), this.disk);
  }

  private async readBudget(): Promise<void> {
    try {
      const text = await readIfPresent(join(this.ports.folder, BUDGET_FILE), this.disk);
      if (text === undefined) return;
      const { day, bytes, newest } = JSON.parse(text) as Partial<UploadBudget>;
      if (!/^\d{4}-\d\d-\d\d$/.test(String(day)) || !Number.isSafeInteger(bytes) || (bytes as number) < 0) {
        throw new Error(`${BUDGET_FILE} holds no budget`);
      }
      this.budget = { day: day as string, bytes: bytes as number, ...(isNewest(newest) && { newest }) };
    } catch (error) {
      // Without a readable count the safe answer is that today's budget is spent.
      this.ports.log.warn('upload budget not readable', { error: (error as Error).message });
      const day = new Date(this.ports.clock.now()).toISOString().slice(0, 10);
      this.budget = { day, bytes: this.ports.upload().dailyByteBudget };
      // Or tomorrow's start would find the same damage and take it for tomorrow's count.
      await this.writeBudget().catch(() => undefined);
    }
  }

  private path(captureId: string, extension: 'jpg' | 'json'): string {
    return join(this.ports.folder, `${captureId}.${extension}`);
  }
}

/** Bytes of the day's budget, before the image is a JPEG. */
const costOf = ({ frameBytes }: Frame): number => frameBytes + SIDECAR_BYTES;

/** Without it, the release that serves counts as a new one: it gets half of what is left, as any other. */
function isNewest(newest: UploadBudget['newest']): newest is NonNullable<UploadBudget['newest']> {
  const { releaseId, from } = newest ?? {};
  return typeof releaseId === 'string' && Number.isSafeInteger(from) && (from as number) >= 0;
}

/** What the larger network said: of use to who labels, and no label. */
function suggestionOf({ secondOpinion }: InferenceResult): Pick<Capture, 'secondOpinion'> {
  const { predictedClass, confidence } = secondOpinion ?? {};
  return predictedClass === undefined || confidence === undefined
    ? {}
    : { secondOpinion: { predictedClass, confidence } };
}
