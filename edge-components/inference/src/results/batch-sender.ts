import { type Clock, type Log, MessageTooLarge, type Publisher } from '../ports';
import { waitsForTheTime, withRightTimes } from '../shared/record-time';
import { Retry } from '../shared/retry';
import type { BatchQueue } from './ports';
import { type Batch, resultsMessage } from './results-message';

const RETRY_MILLISECONDS = { first: 500, longest: 30_000 };
const LONGEST_IDLE_MILLISECONDS = 250;

export interface BatchSenderPorts {
  readonly outbox: BatchQueue;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly log: Log;
  readonly useCase: string;
  readonly deviceId: string;
  /** Where result batches go; no template. */
  readonly topic: () => string;
  /** How long a result may wait for others. */
  readonly flushMilliseconds: () => number;
  readonly random: () => number;
  /** How often to ask for a confirmation, at most; undefined: the cloud gives none. */
  readonly askMilliseconds: () => number | undefined;
  /** Told the outcome of every publish. */
  readonly connection: { succeeded(): void; failed(reason: string): void };
}

/** Sends the outbox, oldest first, one batch at a time, for ever; backs off while the cloud is out of reach. */
export class BatchSender {
  private stopped = false;
  private readonly retry: Retry;
  private running: Promise<void> | undefined;
  /** Monotonic. */
  private askedAt = Number.NEGATIVE_INFINITY;
  private askedAbout: string | undefined;

  constructor(private readonly ports: BatchSenderPorts) {
    this.retry = new Retry(RETRY_MILLISECONDS, ports.random);
  }

  start(): void {
    this.running = this.run();
  }

  /** The way to the cloud may be open again: do not wait out the delay. */
  retryNow(): void {
    this.retry.wake();
  }

  /** Ends after the publish that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.retry.wake();
    await this.running;
  }

  /** Sends what is there until a publish fails or `deadline` (monotonic) has passed. */
  async flush(deadline: number): Promise<void> {
    while (this.ports.clock.monotonic() < deadline && ['sent', 'split'].includes(await this.sendNext(true)));
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const outcome = await this.sendNext(false);
      if (this.stopped || outcome === 'sent' || outcome === 'split') continue;
      if (outcome === 'failed') await this.retry.backOff();
      else await this.retry.pause(Math.min(LONGEST_IDLE_MILLISECONDS, this.ports.flushMilliseconds()));
    }
  }

  private async sendNext(flush: boolean): Promise<'sent' | 'split' | 'nothing' | 'failed'> {
    try {
      const batch = await this.ports.outbox.nextBatch(flush);
      // The nucleus would keep it until it reaches the cloud, with times that are wrong for ever.
      if (!batch || waitsForTheTime(batch.records, this.ports.clock)) return 'nothing';
      if (!(await this.isTaken(batch))) {
        await this.ports.outbox.split(batch.batchId);
        return 'split';
      }
      await this.ports.outbox.published(batch.batchId);
      const failures = this.retry.succeeded();
      if (failures > 0) this.ports.log.info('results are sent again', { failures });
      return 'sent';
    } catch (error) {
      const { message } = error as Error;
      if (this.retry.failed()) this.ports.log.warn('results not sent', { error: message });
      return 'failed';
    }
  }

  /**
   * Whether the batch asks for a confirmation. One that is sent again does, because no answer came; and the first of each
   * start of the component, because an answer is about the batches of one.
   */
  private asks({ batchId, isSentAgain = false }: Batch): boolean {
    const askMilliseconds = this.ports.askMilliseconds();
    if (askMilliseconds === undefined) return false;
    const isDue = this.ports.clock.monotonic() - this.askedAt >= askMilliseconds;
    return isSentAgain || isDue || startOf(batchId) !== this.askedAbout;
  }

  /** @returns false when no message can hold it. @throws Error when it may go later */
  private async isTaken(batch: Batch): Promise<boolean> {
    const { useCase, deviceId, publisher, clock, topic, connection, log } = this.ports;
    const { batchId, droppedRecords } = batch;
    const records = batch.records.map((json) => withRightTimes(json, clock));
    const sentAt = new Date(clock.now()).toISOString();
    const confirm = this.asks(batch);
    const payload = Buffer.from(
      resultsMessage({ useCase, deviceId, batchId, sentAt, droppedRecords, confirm }, records),
    );
    try {
      await publisher.publishToCloud(topic(), payload);
      if (confirm) {
        this.askedAt = clock.monotonic();
        this.askedAbout = startOf(batchId);
      }
      connection.succeeded();
      return true;
    } catch (error) {
      if (error instanceof MessageTooLarge) {
        log.warn('batch is split', { batchId, records: records.length, error: error.message });
        return false;
      }
      connection.failed((error as Error).message);
      throw error;
    }
  }
}

/** What the ids of a start's batches have in common, those of halves too. */
const startOf = (batchId: string): string => batchId.slice(0, batchId.lastIndexOf('-'));
