import { problemsOf, type ResultsConfirmation } from '../../../../contracts';
import type { CloudSubscriber, Log } from '../ports';
import type { ResultOutbox } from './ports';
import type { Confirmation } from './results-message';

export interface ConfirmationsPorts {
  readonly subscriber: CloudSubscriber;
  readonly outbox: Pick<ResultOutbox, 'confirm'>;
  readonly log: Log;
  readonly useCase: string;
  readonly deviceId: string;
  /** Where they come; undefined: none do. No template. */
  readonly topic: () => string | undefined;
}

/** Hears which batches the cloud has counted, and lets the outbox forget them. */
export class Confirmations {
  private subscribedTo: string | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly ports: ConfirmationsPorts) {}

  /** Listens on the topic that is configured now. */
  apply(): void {
    const topic = this.ports.topic();
    if (topic === this.subscribedTo) return;
    this.stop();
    this.subscribedTo = topic;
    if (topic !== undefined) {
      this.unsubscribe = this.ports.subscriber.subscribeToCloud(topic, (payload) => void this.take(payload));
    }
  }

  stop(): void {
    this.unsubscribe();
    this.unsubscribe = () => undefined;
    this.subscribedTo = undefined;
  }

  /** What is no confirmation of this device changes nothing: its batches are sent again. */
  private async take(payload: Buffer): Promise<void> {
    const { outbox, log } = this.ports;
    try {
      await outbox.confirm(this.parse(payload));
    } catch (error) {
      log.warn('confirmation not used', { error: (error as Error).message });
    }
  }

  private parse(payload: Buffer): Confirmation {
    const value: unknown = JSON.parse(payload.toString());
    const problems = problemsOf('results-confirmation', value);
    const { deviceId, useCase } = this.ports;
    const confirmation = value as ResultsConfirmation;
    if (problems.length === 0 && (confirmation.deviceId !== deviceId || confirmation.useCase !== useCase)) {
      problems.push(`it is for ${confirmation.useCase} of ${confirmation.deviceId}`);
    }
    if (problems.length > 0) throw new Error(problems.join('; '));
    // The contract says that a range has two ends.
    return confirmation as Confirmation & ResultsConfirmation;
  }
}
