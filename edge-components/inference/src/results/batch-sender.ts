import type { Clock, Log, Publisher } from '../ports';
import { backoffMilliseconds } from '../shared/backoff';
import { InterruptibleWait } from '../shared/interruptible-wait';
import { type Batch, resultsMessage } from './results-message';

const RETRY = { first: 500, longest: 30_000 };
const LONGEST_IDLE_MILLISECONDS = 250;

/** Where batches wait, such as the outbox. */
export interface BatchQueue {
  /** The oldest one that is due; the same until it is acknowledged. */
  nextBatch(flush: boolean): Promise<Batch | undefined>;
  acknowledge(batchId: string): Promise<void>;
}

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
  /** Told the outcome of every publish. */
  readonly onOutcome: (ok: boolean) => void;
}

/** Sends the outbox, oldest first, one batch at a time, for ever; backs off while the cloud is out of reach. */
export class BatchSender {
  private stopped = false;
  private readonly idle = new InterruptibleWait();
  private running: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly ports: BatchSenderPorts) {}

  start(): void {
    this.running = this.run();
  }

  /** The way to the cloud may be open again: do not wait out the delay. */
  retryNow(): void {
    this.idle.wake();
  }

  /** Ends after the publish that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.idle.wake();
    await this.running;
  }

  /** Sends what is there until a publish fails or `deadline` (monotonic) has passed. */
  async flush(deadline: number): Promise<void> {
    while (this.ports.clock.monotonic() < deadline && (await this.sendNext(true)) === 'sent');
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const outcome = await this.sendNext(false);
      if (this.stopped || outcome === 'sent') continue;
      const longestIdle = Math.min(LONGEST_IDLE_MILLISECONDS, this.ports.flushMilliseconds());
      await this.idle.pause(
        outcome === 'nothing' ? longestIdle : backoffMilliseconds(this.failures, RETRY, this.ports.random),
      );
    }
  }

  private async sendNext(flush: boolean): Promise<'sent' | 'nothing' | 'failed'> {
    try {
      const batch = await this.ports.outbox.nextBatch(flush);
      if (!batch) return 'nothing';
      await this.publish(batch);
      await this.ports.outbox.acknowledge(batch.batchId);
      if (this.failures > 0) this.ports.log.info('results are sent again', { failures: this.failures });
      this.failures = 0;
      return 'sent';
    } catch (error) {
      this.failures++;
      if (this.failures === 1) this.ports.log.warn('results not sent', { error: (error as Error).message });
      return 'failed';
    }
  }

  private async publish(batch: Batch): Promise<void> {
    const { useCase, deviceId, publisher, clock, topic, onOutcome } = this.ports;
    const { batchId, droppedRecords, records } = batch;
    const sentAt = new Date(clock.now()).toISOString();
    const payload = Buffer.from(
      resultsMessage({ useCase, deviceId, batchId, sentAt, droppedRecords }, records),
    );
    try {
      await publisher.publishToCloud(topic(), payload);
      onOutcome(true);
    } catch (error) {
      onOutcome(false);
      throw error;
    }
  }
}
