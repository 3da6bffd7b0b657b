/**
 * Images chosen for upload. Each is written to disk first, `captures/<captureId>.jpg` then `.json`, and deleted once both
 * are in S3; so a restart or an outage loses none below the bound. The day's byte budget is spent when a frame is chosen,
 * before anything is sent: a crash can only make the component send less than it may.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Capture, InferenceResult, UploadConfiguration } from '../../../../contracts';
import { backoffMilliseconds } from '../domain/backoff';
import {
  bytesUsedToday,
  type Selection,
  takeFromBudget,
  type UploadBudget,
} from '../domain/capture-selection';
import { InterruptibleWait } from '../domain/interruptible-wait';
import type { CaptureStore, Clock, Frame, ImageDecoder, Log } from '../ports';
import { type Disk, nodeDisk, readIfPresent, replaceFile } from './durable-file';

/** What waits on disk while the cloud is out of reach, at most. */
const LARGEST_SPOOL_BYTES = 64 * 1024 * 1024;
/** A sidecar has about 600 bytes. */
const SIDECAR_BYTES = 1024;
const RETRY = { first: 1_000, longest: 60_000 };

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
}

interface Spooled {
  readonly captureId: string;
  readonly bytes: number;
}

export class CaptureSpool {
  private budget: UploadBudget | undefined;
  private readonly spooled: Spooled[] = [];
  private readonly idle = new InterruptibleWait();
  private stopped = false;
  private running: Promise<void> | undefined;
  private droppedCaptures = 0;
  private lastError: string | undefined;
  /** Writes of one kind after the other: two would share a temporary name. */
  private writes: Promise<void> = Promise.resolve();

  private constructor(
    private readonly ports: CaptureSpoolPorts,
    private readonly disk: Disk,
  ) {}

  static async open(ports: CaptureSpoolPorts, disk: Disk = nodeDisk): Promise<CaptureSpool> {
    const spool = new CaptureSpool(ports, disk);
    await disk.mkdir(ports.folder, { recursive: true });
    await spool.readBudget();
    await spool.adopt();
    return spool;
  }

  get bytesToday(): number {
    return bytesUsedToday(this.budget, this.ports.clock.now());
  }

  get waiting(): number {
    return this.spooled.length;
  }

  /** Captures that gave way because the spool was full, or could not be written. */
  get dropped(): number {
    return this.droppedCaptures;
  }

  /** Why the last upload failed, until one succeeds. */
  get problem(): string | undefined {
    return this.lastError;
  }

  /**
   * Takes the frame's bytes out of today's budget. Synchronous, because the result must say whether the frame was chosen.
   * @returns whether they fit
   */
  reserve(frame: Frame): boolean {
    const { dailyByteBudget } = this.ports.upload();
    const now = this.ports.clock.now();
    const taken = takeFromBudget(this.budget, frame.frameBytes + SIDECAR_BYTES, dailyByteBudget, now);
    if (!taken) return false;
    this.budget = taken;
    return true;
  }

  /** Puts a chosen frame on disk. Never throws: the result does not depend on it. */
  async add(captureId: string, frame: Frame, result: InferenceResult, selection: Selection): Promise<void> {
    const { useCase, deviceId, decoder, log } = this.ports;
    const task = this.writes.then(async () => {
      const image = await decoder.toJpeg(frame.bytes);
      const sidecar: Capture = {
        schemaVersion: 1,
        captureId,
        deviceId,
        useCase,
        frameId: frame.frameId,
        releaseId: result.releaseId,
        capturedAt: result.capturedAt,
        ...(result.predictedClass !== undefined && {
          predictedClass: result.predictedClass,
          confidence: result.confidence,
        }),
        reasons: selection.reasons,
        inclusionProbability: selection.inclusionProbability,
        sha256: createHash('sha256').update(image).digest('hex'),
        bytes: image.length,
      };
      await replaceFile(join(this.ports.folder, 'budget.json'), JSON.stringify(this.budget), this.disk);
      await replaceFile(this.path(captureId, 'jpg'), image, this.disk);
      await replaceFile(this.path(captureId, 'json'), JSON.stringify(sidecar), this.disk);
      this.spooled.push({ captureId, bytes: image.length });
      await this.enforceBound();
      this.idle.wake();
    });
    this.writes = task.catch((error) => {
      this.droppedCaptures++;
      log.warn('capture not kept', { captureId, error: (error as Error).message });
    });
    await this.writes;
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.idle.wake();
    await this.writes;
    await this.running;
  }

  /** No pixel may leave the device any more: what waits is deleted. */
  async clear(): Promise<void> {
    while (this.spooled[0]) await this.delete(this.spooled[0]);
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      if (this.ports.upload().privacy === 'never') await this.clear();
      const next = this.spooled[0];
      if (!next) {
        await this.idle.pause(RETRY.longest);
        continue;
      }
      try {
        await this.upload(next);
        await this.delete(next);
        failures = 0;
        this.lastError = undefined;
      } catch (error) {
        failures++;
        this.lastError = (error as Error).message;
        if (failures === 1) this.ports.log.warn('upload failed', { error: this.lastError });
        await this.idle.pause(backoffMilliseconds(failures, RETRY, this.ports.random));
      }
    }
  }

  /** Image first, so that a sidecar always has its image. */
  private async upload({ captureId }: Spooled): Promise<void> {
    const { store, deviceId, useCase } = this.ports;
    const captureBucket = this.ports.captureBucket();
    const prefix = `captures/${useCase}/${deviceId}/${captureId}`;
    const image = await this.disk.readFile(this.path(captureId, 'jpg'));
    const sidecar = await this.disk.readFile(this.path(captureId, 'json'));
    await store.put(captureBucket, `${prefix}.jpg`, image, 'image/jpeg');
    await store.put(captureBucket, `${prefix}.json`, sidecar, 'application/json');
  }

  private async delete(entry: Spooled): Promise<void> {
    const index = this.spooled.indexOf(entry);
    if (index !== -1) this.spooled.splice(index, 1);
    await this.disk.rm(this.path(entry.captureId, 'json'), { force: true });
    await this.disk.rm(this.path(entry.captureId, 'jpg'), { force: true });
  }

  private async enforceBound(): Promise<void> {
    let bytes = this.spooled.reduce((sum, entry) => sum + entry.bytes, 0);
    while (bytes > LARGEST_SPOOL_BYTES && this.spooled.length > 1) {
      const oldest = this.spooled[0] as Spooled;
      bytes -= oldest.bytes;
      this.droppedCaptures++;
      await this.delete(oldest);
    }
  }

  /** Complete pairs of before; half-written ones are deleted. */
  private async adopt(): Promise<void> {
    const names = new Set(await this.disk.readdir(this.ports.folder));
    for (const name of [...names].sort()) {
      const captureId = name.replace(/\.(jpg|json)$/, '');
      if (name === 'budget.json') continue;
      if (name.endsWith('.jpg') && names.has(`${captureId}.json`)) {
        const { length } = await this.disk.readFile(join(this.ports.folder, name));
        this.spooled.push({ captureId, bytes: length });
      } else if (!(name.endsWith('.json') && names.has(`${captureId}.jpg`))) {
        await this.disk.rm(join(this.ports.folder, name), { recursive: true, force: true });
      }
    }
  }

  private async readBudget(): Promise<void> {
    try {
      const text = await readIfPresent(join(this.ports.folder, 'budget.json'), this.disk);
      const value = JSON.parse(text ?? '{}') as Partial<UploadBudget>;
      if (typeof value.day === 'string' && Number.isSafeInteger(value.bytes))
        this.budget = value as UploadBudget;
    } catch {
      // Without a readable count the safe answer is that today's budget is spent.
      const { dailyByteBudget } = this.ports.upload();
      this.budget = {
        day: new Date(this.ports.clock.now()).toISOString().slice(0, 10),
        bytes: dailyByteBudget,
      };
      await replaceFile(join(this.ports.folder, 'budget.json'), JSON.stringify(this.budget), this.disk);
    }
  }

  private path(captureId: string, extension: 'jpg' | 'json'): string {
    return join(this.ports.folder, `${captureId}.${extension}`);
  }
}
