/** Of a camera that nothing is known about; only whether the others have the same counts. */
const UNKNOWN_MILLISECONDS = 1;
/** Taking a frame that is not decoded costs something too. */
const LEAST_MILLISECONDS = 0.1;
/** So long any camera may wait for any other. */
const SLOW_MILLISECONDS = 50;
/** Cameras of one line have images of different sizes; this much apart they are another kind. */
const SLOW_RATIO = 4;
/** A slow image is remembered at once, and forgotten over about so many others. */
const FORGETTING = 8;

/** What one camera has cost the decoder, and what its next frame is going to cost. */
export class DecodingAccount {
  /** Decodings that have begun and not ended. */
  begun = 0;
  /** Up to when the lane has had its share, in virtual time. */
  private servedUntil = 0;
  private expected: number | undefined;
  /** Charged for those that have begun. */
  private readonly charged: number[] = [];

  /** Virtual time at which its next frame is due; `now` for a camera that had nothing to do. */
  due(now: number): number {
    return Math.max(now, this.servedUntil);
  }

  /** @returns the virtual time from now on */
  begin(now: number): number {
    const due = this.due(now);
    const cost = this.expected ?? UNKNOWN_MILLISECONDS;
    this.servedUntil = due + cost;
    this.charged.push(cost);
    this.begun++;
    return due;
  }

  end(milliseconds: number): void {
    const cost = Math.max(LEAST_MILLISECONDS, milliseconds);
    this.begun = Math.max(0, this.begun - 1);
    this.servedUntil += cost - (this.charged.shift() ?? cost);
    const expected = this.expected ?? cost;
    this.expected = cost > expected ? cost : expected + (cost - expected) / FORGETTING;
  }

  /** Whether it takes far longer than one of the others. */
  isSlowBeside(others: readonly DecodingAccount[]): boolean {
    const { expected } = this;
    if (expected === undefined || expected < SLOW_MILLISECONDS) return false;
    return others.some((other) => other.expected !== undefined && expected > SLOW_RATIO * other.expected);
  }
}
