/**
 * Puts events on the default bus, in order, each twice: SageMaker says that it may send several events for one
 * change, so whoever listens here has to cope with that from the first day.
 */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { messageOf } from './errors';
import type { SageMakerEvent } from './events';

const DELIVERIES = 2;

export class EventPublisher {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: EventBridgeClient,
    private readonly onProblem: (message: string) => void,
  ) {}

  publish(event: SageMakerEvent): void {
    // What the event says is decided now, not when its turn comes.
    const detail = JSON.stringify(event.detail);
    this.last = this.last.then(() => this.deliver(event, detail));
  }

  /** Resolves when everything published so far has been sent or given up. */
  drain(): Promise<void> {
    return this.last;
  }

  private async deliver(event: SageMakerEvent, detail: string): Promise<void> {
    for (let delivery = 0; delivery < DELIVERIES; delivery++) {
      try {
        const answer = await this.client.send(
          new PutEventsCommand({
            Entries: [
              {
                Source: 'aws.sagemaker',
                DetailType: event.detailType,
                Resources: [...event.resources],
                Time: event.time,
                Detail: detail,
              },
            ],
          }),
        );
        const failed = answer.Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
        if (failed) throw new Error(`${failed.ErrorCode}: ${failed.ErrorMessage}`);
      } catch (error) {
        this.onProblem(`the event '${event.detailType}' was not delivered: ${messageOf(error)}`);
      }
    }
  }
}
