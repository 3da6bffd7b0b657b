/**
 * Batches that have left the device and that the cloud has not confirmed: which of them is to be sent again, and when.
 * Pure; times are monotonic milliseconds.
 *
 * A nucleus may lose what it has taken: lite with the connection, the classic one with its memory. So a batch is sent
 * again when a confirmation shows that it is missing (it names batches before and after it, and not this one), but not
 * before the cloud can have counted it. Of the others only the oldest is sent again, to ask: its answer names whatever
 * was counted with it. While no answer comes, it is asked more and more seldom.
 */
import { covers, placeOf, type SequenceRanges } from '../../../../contracts/batch-place';
import type { Confirmation } from './results-message';

/** Between two questions of a device that hears nothing: up to 32 times the wait before the first one. */
const MOST_DOUBLINGS = 5;
/** What is still missing after so many times is refused by the cloud, and would be for ever. */
const MOST_SENDS = 5;

export interface SendableBatch {
  readonly batchId: string;
  /** How often it has been sent since the start. */
  readonly sends: number;
}

interface Entry<Item> {
  readonly item: Item;
  readonly sentAt: number;
  isMissing: boolean;
}

export class SentBatches<Item extends SendableBatch> {
  /** In the order in which they were sent last. */
  private readonly entries = new Map<string, Entry<Item>>();
  private missing = 0;
  private questions = 0;
  private askedAt = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.entries.size;
  }

  *items(): Iterable<Item> {
    for (const { item } of this.entries.values()) yield item;
  }

  add(item: Item, now: number): void {
    this.entries.set(item.batchId, { item, sentAt: now, isMissing: false });
  }

  remove(batchId: string): Item | undefined {
    const entry = this.entries.get(batchId);
    this.entries.delete(batchId);
    if (entry?.isMissing) this.missing--;
    return entry?.item;
  }

  /**
   * The batch that is to be sent again now, if any; refused, when it has been missing too often to be sent again.
   * @param resendMilliseconds how long the cloud may take
   */
  due(now: number, resendMilliseconds: number): { segment: Item; isRefused: boolean } | undefined {
    if (this.missing > 0) {
      for (const { item, sentAt, isMissing } of this.entries.values()) {
        if (isMissing && now - sentAt >= resendMilliseconds) {
          return { segment: item, isRefused: item.sends >= MOST_SENDS };
        }
      }
    }
    const [oldest] = this.entries.values();
    const wait = resendMilliseconds * 2 ** Math.min(this.questions, MOST_DOUBLINGS);
    if (!oldest || now - Math.max(oldest.sentAt, this.askedAt) < wait) return undefined;
    this.questions++;
    this.askedAt = now;
    return { segment: oldest.item, isRefused: false };
  }

  /** @returns those that it names; they stay until they are removed */
  confirm(confirmation: Confirmation): Item[] {
    this.questions = 0;
    this.askedAt = Number.NEGATIVE_INFINITY;
    const { stream, received } = confirmation;
    const named: Item[] = [];
    for (const entry of this.entries.values()) {
      const place = placeOf(entry.item.batchId);
      if (place.stream !== stream) continue;
      if (covers(received, place.sequence)) named.push(entry.item);
      else if (!entry.isMissing && isWithin(received, place.sequence)) {
        entry.isMissing = true;
        this.missing++;
      }
    }
    return named;
  }
}

/** A confirmation says nothing of what is before or after all that it names: the cloud keeps its counts by time. */
const isWithin = (received: SequenceRanges, sequence: number): boolean =>
  sequence > (received[0]?.[0] ?? Infinity) && sequence < (received.at(-1)?.[1] ?? 0);

/** Whether the confirmation says that this batch has been counted. */
export function isNamed(batchId: string, { stream, received }: Confirmation): boolean {
  const place = placeOf(batchId);
  return place.stream === stream && covers(received, place.sequence);
}
