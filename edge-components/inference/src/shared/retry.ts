import { type BackoffBounds, backoffMilliseconds } from './backoff';
import { InterruptibleWait } from './interruptible-wait';

/** Counts the attempts in a row that failed, and waits before the next one: longer each time, until somebody wakes it. */
export class Retry extends InterruptibleWait {
  private failedInARow = 0;

  constructor(
    private readonly bounds: BackoffBounds,
    private readonly random: () => number,
  ) {
    super();
  }

  /** In a row; 0 after a success. */
  get failures(): number {
    return this.failedInARow;
  }

  /** @returns whether it is the first in a row: the one to be logged */
  failed(): boolean {
    return ++this.failedInARow === 1;
  }

  /** @returns how many attempts had failed before */
  succeeded(): number {
    const failures = this.failedInARow;
    this.failedInARow = 0;
    return failures;
  }

  /** To be called after a failure. */
  backOff(): Promise<void> {
    return this.pause(backoffMilliseconds(this.failedInARow, this.bounds, this.random));
  }
}
