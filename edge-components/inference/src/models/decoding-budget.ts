/** How long one image may keep the decoder. */

/** Of an image whatever its size: a small one takes some milliseconds. */
const LEAST_MILLISECONDS = 1_000;
/** A fifth of what a slow core does (50 megapixels a second). */
const PIXELS_PER_MILLISECOND = 10_000;
/** Of the time that has passed: below it the process was not given a processor, which is not the image's doing. */
const LEAST_SHARE_OF_PROCESSOR = 0.5;
/** So often the time may pass without a processor; beyond it whoever waits is served better by another image. */
const MOST_EXTENSIONS = 4;

/** @param maximumPixels of an image that is allowed at all */
export const budgetMilliseconds = (maximumPixels: number): number =>
  LEAST_MILLISECONDS + maximumPixels / PIXELS_PER_MILLISECOND;

export interface BudgetPorts {
  /** Processor time of this process so far, milliseconds. */
  readonly processorMilliseconds: () => number;
  /** Resolves when the time is over, or when it is cancelled. */
  readonly pause: (milliseconds: number, cancelled: AbortSignal) => Promise<void>;
}

/** @returns what `work` resolves with; `spent` when it has had its time and is still not done */
export async function withinBudget<Result>(
  milliseconds: number,
  work: Promise<Result>,
  { processorMilliseconds, pause }: BudgetPorts,
): Promise<Result | 'spent'> {
  const done = new AbortController();
  const isSpent = async (): Promise<'spent'> => {
    const before = processorMilliseconds();
    for (let rounds = 1; rounds <= MOST_EXTENSIONS; rounds++) {
      await pause(milliseconds, done.signal);
      if (processorMilliseconds() - before >= LEAST_SHARE_OF_PROCESSOR * milliseconds) break;
    }
    return 'spent';
  };
  try {
    return await Promise.race([work, isSpent()]);
  } finally {
    done.abort();
  }
}
