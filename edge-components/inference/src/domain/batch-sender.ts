import type { ComponentConfiguration } from '../../../../contracts';
import type { Batch, Outbox } from '../adapters/outbox';
import type { Clock, Log, Publisher } from '../ports';
import { backoffMilliseconds } from './backoff';
import { InterruptibleWait } from './interruptible-wait';
import { expandTopic } from './topics';

const RETRY = { first: 500, longest: 30_000 };
const LONGEST_IDLE_MILLISECONDS = 250;
/** Limit of AWS IoT Core for a message. */
const LARGEST_MESSAGE_BYTES = 128 * 1024;

export interface BatchSenderPorts {
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly log: Log;
  readonly configuration: () => ComponentConfiguration;
  readonly deviceId: string;
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
      const longestIdle = Math.min(
        LONGEST_IDLE_MILLISECONDS,
        this.ports.configuration().outbox.flushMilliseconds,
      );
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
      if (this.failures > 0) this.ports.log.info('publishing again', { after: this.failures });
      this.failures = 0;
      return 'sent';
    } catch (error) {
      this.failures++;
      if (this.failures === 1) this.ports.log.warn('publish failed', { error: (error as Error).message });
      return 'failed';
    }
  }

  private async publish(batch: Batch): Promise<void> {
    const { deviceId, publisher, clock, onOutcome } = this.ports;
    const { useCase, resultsTopic } = this.ports.configuration();
    const head = {
      schemaVersion: 1,
      batchId: batch.batchId,
      deviceId,
      useCase,
      sentAt: new Date(clock.now()).toISOString(),
      droppedRecords: batch.droppedRecords,
    };
    // The records are JSON texts already: put in as they are, not parsed and written again.
    const payload = Buffer.from(
      `${JSON.stringify(head).slice(0, -1)},"records":[${batch.records.join(',')}]}`,
    );
    if (payload.length > LARGEST_MESSAGE_BYTES) {
      throw new Error(
        `batch ${batch.batchId} has ${payload.length} bytes, more than ${LARGEST_MESSAGE_BYTES}`,
      );
    }
    try {
      await publisher.publishToCloud(expandTopic(resultsTopic, deviceId), payload);
      onOutcome(true);
    } catch (error) {
      onOutcome(false);
      throw error;
    }
  }
}
