/** Time that passes only when nobody has anything left to do. */

interface Timer {
  readonly at: number;
  readonly order: number;
  wake(): void;
}

/** What was begun goes as far as it can without time; one turn of the event loop ends every chain of promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualClock {
  private timers: Timer[] = [];
  private order = 0;

  /** @param now epoch milliseconds */
  constructor(public now: number) {}

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Calls `wake` then; those of the same moment in the order in which they were asked for. */
  after(milliseconds: number, wake: () => void): void {
    const timer = { at: this.now + Math.max(0, milliseconds), order: this.order++, wake };
    // Sorted from the last to the first, so that the next one is taken from the end.
    let index = this.timers.length;
    while (index > 0 && isEarlier(this.timers[index - 1] as Timer, timer)) index -= 1;
    this.timers.splice(index, 0, timer);
  }

  /** Lets time pass until `isDone`, asked between any two moments, or until the time `end`; false then. */
  async runUntil(isDone: () => boolean, end: number): Promise<boolean> {
    await settle();
    while (!isDone()) {
      const next = this.timers.pop();
      if (!next || next.at > end) return false;
      this.now = next.at;
      next.wake();
      await settle();
    }
    return true;
  }
}

const isEarlier = (one: Timer, other: Timer): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** Runs with `new Date()` and `Date.now()` of the clock: the handlers ask nobody else. */
export async function withClock<Result>(clock: VirtualClock, run: () => Promise<Result>): Promise<Result> {
  const RealDate = globalThis.Date;
  class ClockDate extends RealDate {
    constructor(...of: unknown[]) {
      super(...((of.length === 0 ? [clock.now] : of) as [number]));
    }
    static override now(): number {
      return clock.now;
    }
  }
  globalThis.Date = ClockDate as DateConstructor;
  try {
    return await run();
  } finally {
    globalThis.Date = RealDate;
  }
}
