/**
 * From a result on the device to its count in the cloud, in virtual time: the real outbox and sender on a real disk, the
 * stand-in's real way of either nucleus to answer, a line that is cut, and the real ingest over a table in memory.
 */
import { EventEmitter } from 'node:events';
import { iotCoreOver, NUCLEI, type NucleusName } from '@kaizen-edge/local-aws';
import type { ResultsConfirmation } from '../../contracts';
import { BatchSender } from '../../edge-components/inference/src/results/batch-sender';
import { Confirmations } from '../../edge-components/inference/src/results/confirmations';
import { Outbox } from '../../edge-components/inference/src/results/outbox';
import { ingestResults } from '../../lambda/telemetry/ingest-results/ingest-results';
import { fromItem, mergeSketches } from '../../lambda/telemetry/sketch';
import { SketchTable } from '../../lambda/telemetry/sketch-table';
import { aMessage, aResult, DEVICE, RECEIVED_AT, USE_CASE } from '../lambda/shared/builders';
import { MemoryTable } from '../lambda/telemetry/memory-table';
import { faultyDisk, type TestDisk } from './crashing-disk';
import { silent } from './fake-device';

const SECOND = 1_000;
/** As prod asks, and sends again. */
const CONFIRMATIONS = { askMilliseconds: 60 * SECOND, resendMilliseconds: 300 * SECOND };
const LIMITS = {
  maximumBytes: 50_000_000,
  batchRecords: 50,
  flushMilliseconds: 5 * SECOND,
  messageBytes: 5_120,
};

/** The line: what is on it when it is cut is lost, both ways. */
class Line extends EventEmitter {
  isConnected = true;
  private onIt: { readonly payload: Buffer; resolve(): void; reject(error: Error): void }[] = [];

  publish(_topic: string, payload: Buffer): Promise<void> {
    if (!this.isConnected) return Promise.reject(new Error('offline'));
    return new Promise((resolve, reject) => this.onIt.push({ payload, resolve, reject }));
  }

  subscribe = async () => () => undefined;

  /** What was on the line arrives. */
  arrive(): Buffer[] {
    const arrived = this.onIt;
    this.onIt = [];
    for (const { resolve } of arrived) resolve();
    return arrived.map(({ payload }) => payload);
  }

  cut(): void {
    this.isConnected = false;
    const lost = this.onIt;
    this.onIt = [];
    for (const { reject } of lost) reject(new Error('the connection is lost'));
  }

  restore(): void {
    this.isConnected = true;
    this.emit('connected');
  }
}

/** The queue and the function behind it. */
class Cloud {
  readonly confirmations: ResultsConfirmation[] = [];
  readonly stored = new Set<string>();
  droppedOnDevice = 0;
  messages = 0;
  private readonly table = new MemoryTable(['partition', 'window']);
  private readonly sketches = new SketchTable(this.table as never, 'sketches', async () => undefined);
  private waiting: string[] = [];
  private invocations = 0;

  /** Batches that it refuses, as it would refuse those of a component that it does not know. */
  refuses: (batchId: string) => boolean = () => false;

  constructor(private readonly now: () => number) {}

  receive(payload: Buffer): void {
    this.messages++;
    this.waiting.push(aMessage(JSON.parse(payload.toString()), { receivedAt: RECEIVED_AT + this.now() }));
  }

  get counted(): number {
    const items = [...this.table.items.values()].filter((item) => 'results' in item);
    return mergeSketches(items.map(fromItem))?.results ?? 0;
  }

  /** One invocation for all that has arrived. */
  async ingest(): Promise<void> {
    const bodies = this.waiting.filter((body) => !this.refuses(JSON.parse(body).batchId));
    this.waiting = [];
    const outcomes = await ingestResults(
      bodies,
      { windowSeconds: 3_600, invocationId: String(++this.invocations) },
      {
        classesOf: async () => undefined,
        storeLines: async (_key, lines) => {
          for (const line of lines) this.stored.add((line as { recordId: string }).recordId);
        },
        counted: (sketch) => this.sketches.counted(sketch),
        addOnce: (shares, known) => this.sketches.addOnce(shares, known),
        noteOnce: (...batch) => this.sketches.noteOnce(...batch),
        onLinesLeft: () => undefined,
        confirm: async (confirmation) => void this.confirmations.push(confirmation),
      },
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason;
      if (!outcome.value.repeated) this.droppedOnDevice += outcome.value.droppedOnDevice;
    }
  }
}

/** What is not synced is lost with the power, and nothing here waits for that: it is the outbox's own test. */
const isSync = (name: string): boolean => name === 'sync' || name === 'datasync';

export interface LineOptions {
  readonly nucleus: NucleusName;
  readonly folder: string;
  readonly random: () => number;
  /** Whether the device waits for the cloud's confirmation, or takes the nucleus's word. */
  readonly confirms: boolean;
}

/** A device, its line, and the cloud. Time passes in seconds, when the test says so. */
export class LineToCloud {
  readonly line = new Line();
  readonly cloud = new Cloud(() => this.now);
  /** Record ids that the outbox has confirmed to the line. */
  readonly kept = new Set<string>();
  private now = 0;
  private starts = 0;
  private records = 0;
  private outbox: Outbox | undefined;
  private disk: TestDisk | undefined;
  private sender: BatchSender | undefined;
  private hear: (payload: Buffer) => void = () => undefined;

  constructor(private readonly options: LineOptions) {}

  /** Starts nucleus and component: after a power cut nothing is left but the disk. */
  async start(): Promise<this> {
    const { nucleus, folder, random, confirms } = this.options;
    this.starts++;
    this.line.removeAllListeners();
    const iotCore = iotCoreOver(this.line, NUCLEI[nucleus], true);
    this.disk = faultyDisk(() => undefined, isSync);
    const outbox = await Outbox.open(folder, () => LIMITS, {
      disk: this.disk.disk,
      monotonic: () => this.now,
      resendMilliseconds: () => (confirms ? CONFIRMATIONS.resendMilliseconds : undefined),
    });
    this.outbox = outbox;
    this.sender = new BatchSender({
      outbox,
      publisher: {
        publishToCloud: (topic, payload) => iotCore.publish(topic, payload, 1, false),
        publishLocally: async () => undefined,
      },
      clock: { now: () => RECEIVED_AT + this.now, monotonic: () => this.now },
      log: silent,
      useCase: USE_CASE,
      deviceId: DEVICE,
      topic: () => 'results',
      flushMilliseconds: () => LIMITS.flushMilliseconds,
      askMilliseconds: () => (confirms ? CONFIRMATIONS.askMilliseconds : undefined),
      random,
      connection: { succeeded: () => undefined, failed: () => undefined },
    });
    new Confirmations({
      subscriber: {
        subscribeToCloud: (_topic, onMessage) => {
          this.hear = onMessage;
          return () => undefined;
        },
      },
      outbox,
      log: silent,
      useCase: USE_CASE,
      deviceId: DEVICE,
      topic: () => 'confirmations',
    }).apply();
    return this;
  }

  async stop(): Promise<void> {
    await this.outbox?.close();
  }

  /** Records that wait on the device. */
  get waiting(): number {
    return this.outbox?.records ?? 0;
  }

  /** Records that were kept, are not in the cloud, not on the device, and that nobody has counted. */
  get lostUncounted(): number {
    const missing = [...this.kept].filter((recordId) => !this.cloud.stored.has(recordId)).length;
    return missing - this.cloud.droppedOnDevice;
  }

  /** @param decides whether the line inspects in these seconds */
  async pass(seconds: number, decides = true): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.now += SECOND;
      // What was sent a second ago: a cut in between takes it.
      if (this.line.isConnected) await this.exchange();
      if (decides) await this.decide();
      await this.sender?.flush(this.now + 1);
    }
  }

  /** SIGKILL for everything: what is not on the disk is gone. */
  async cutPower(): Promise<void> {
    this.line.cut();
    await this.disk?.bury();
    await this.start();
  }

  private async decide(): Promise<void> {
    const recordId = `start${this.starts}-${++this.records}`;
    await this.outbox?.append(JSON.stringify(aResult({ recordId })));
    this.kept.add(recordId);
  }

  private async exchange(): Promise<void> {
    for (const payload of this.line.arrive()) this.cloud.receive(payload);
    // The function's batching window.
    if (this.now % (10 * SECOND) !== 0) return;
    await this.cloud.ingest();
    for (const confirmation of this.cloud.confirmations.splice(0)) {
      this.hear(Buffer.from(JSON.stringify(confirmation)));
    }
    // The outbox works in turns: the next one comes after the confirmation.
    await this.outbox?.published('no batch');
  }
}
