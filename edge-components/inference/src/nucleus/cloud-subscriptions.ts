import type { Log } from '../ports';
import { Retry } from '../shared/retry';

const RETRY_MILLISECONDS = { first: 1_000, longest: 60_000 };

/** Subscribes on the connection that stands. @throws Error when the nucleus refuses, as it does while it is offline */
export type Subscribe = (topic: string, onMessage: (payload: Buffer) => void) => Promise<void>;

interface Subscription {
  readonly topic: string;
  readonly onMessage: (payload: Buffer) => void;
  readonly retry: Retry;
  isEnded: boolean;
}

/**
 * Subscriptions to the cloud, over every connection to the nucleus. A nucleus that is offline refuses to make one, so it is
 * asked again until it does; the component works without.
 */
export class CloudSubscriptions {
  private readonly all = new Set<Subscription>();
  private subscribe: Subscribe | undefined;

  constructor(
    private readonly log: Log,
    private readonly random: () => number,
  ) {}

  /** @returns ends it: later messages are dropped, and no later connection makes it again */
  add(topic: string, onMessage: (payload: Buffer) => void): () => void {
    const subscription: Subscription = {
      topic,
      onMessage,
      retry: new Retry(RETRY_MILLISECONDS, this.random),
      isEnded: false,
    };
    this.all.add(subscription);
    if (this.subscribe) void this.make(subscription, this.subscribe);
    return () => {
      subscription.isEnded = true;
      subscription.retry.wake();
      this.all.delete(subscription);
    };
  }

  connected(subscribe: Subscribe): void {
    this.subscribe = subscribe;
    for (const subscription of this.all) void this.make(subscription, subscribe);
  }

  disconnected(): void {
    this.subscribe = undefined;
    for (const { retry } of this.all) retry.wake();
  }

  private async make(subscription: Subscription, subscribe: Subscribe): Promise<void> {
    const { topic, retry, onMessage } = subscription;
    const isWanted = (): boolean => !subscription.isEnded && this.subscribe === subscribe;
    while (isWanted()) {
      try {
        await subscribe(topic, (payload) => {
          if (!subscription.isEnded) onMessage(payload);
        });
        if (retry.succeeded() > 0) this.log.info('subscribed to the cloud', { topic });
        return;
      } catch (error) {
        if (retry.failed()) {
          this.log.warn('not subscribed to the cloud', { topic, error: (error as Error).message });
        }
        if (isWanted()) await retry.backOff();
      }
    }
  }
}
