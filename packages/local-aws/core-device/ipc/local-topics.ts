import { topicMatches } from './topic-filter';

/** What PublishToTopic carries: one of the two. `binaryMessage.message` is base64. */
export interface LocalMessage {
  readonly jsonMessage?: { readonly message?: unknown };
  readonly binaryMessage?: { readonly message?: string };
}
type Listener = (topic: string, message: LocalMessage) => void;

/** Publish/subscribe between the components of one device; a message reaches those subscribed at that moment. */
export class LocalTopics {
  private readonly subscriptions = new Set<{
    filter: string;
    component: string;
    fromOthersOnly: boolean;
    listener: Listener;
  }>();

  /** @returns ends the subscription */
  subscribe(component: string, filter: string, fromOthersOnly: boolean, listener: Listener): () => void {
    const entry = { filter, component, fromOthersOnly, listener };
    this.subscriptions.add(entry);
    return () => this.subscriptions.delete(entry);
  }

  publish(component: string, topic: string, message: LocalMessage): void {
    for (const entry of this.subscriptions) {
      if (entry.fromOthersOnly && entry.component === component) continue;
      if (topicMatches(entry.filter, topic)) entry.listener(topic, message);
    }
  }
}
