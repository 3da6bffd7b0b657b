import type { Batch, Confirmation } from './results-message';

/** Where batches wait until the cloud has taken them. */
export interface BatchQueue {
  /** The oldest one that is due; the same until it is published. */
  nextBatch(flush: boolean): Promise<Batch | undefined>;
  /** The nucleus has taken it. It comes again if the cloud confirms batches, and not this one. */
  published(batchId: string): Promise<void>;
  /**
   * Makes two of a batch that no message can hold; a single record is dropped and counted.
   * @throws Error when the disk refuses it
   */
  split(batchId: string): Promise<void>;
}

/** Results that the cloud has not taken yet. */
export interface ResultOutbox extends BatchQueue {
  /** Records that wait. */
  readonly records: number;
  /** Records refused, dropped by the bound and lost to damage since the component started. */
  readonly dropped: number;
  /** Of these, the ones lost to damage. */
  readonly corrupted: number;
  /**
   * Resolves when the record survives a power cut.
   * @param json a JSON object on one line
   * @throws Error when it cannot be kept; it is then counted as dropped
   */
  append(json: string): Promise<void>;
  /** The cloud has counted these batches: they will not come again. */
  confirm(confirmation: Confirmation): Promise<void>;
  /** What waits is sent after the next start. */
  close(): Promise<void>;
}
