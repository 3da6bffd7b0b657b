/**
 * What a controller's registers have to show, and until when. A pure machine over the times it is told (monotonic
 * milliseconds): the newest decision, for as long as the part is there; then that nothing is decided; and a beat, so that
 * a controller notices when nobody writes any more.
 */
import { type DecisionRegisters, NO_DECISION, withoutDecision } from './decision-registers';

/** A decision that could not be written within this time is not written any more: the part has moved on. */
const LONGEST_AGE_MILLISECONDS = 1_000;
/** A controller that sees the beat stand still for three of these knows that nobody writes. */
const BEAT_MILLISECONDS = 1_000;
/** Some ten cycles of a controller: the last decision before the end is seen before it is taken back. */
const LAST_SHOWN_MILLISECONDS = 100;

interface Decision {
  readonly registers: DecisionRegisters;
  readonly decidedAt: number;
  /** Another answer about the part that is shown: it is shown for what is left of the part's time. */
  readonly isRevision?: boolean;
}

/** What became of the decisions. */
export interface DecisionCounts {
  readonly written: number;
  /** Gave way to a newer decision before they could be written. */
  readonly superseded: number;
  /** Could not be written in time. */
  readonly expired: number;
}

export class DecisionDisplay {
  /** Decided, not yet tried to be written. */
  private pending: Decision | undefined;
  /** Being written. */
  private underWay: { readonly registers: DecisionRegisters; readonly decision?: Decision } | undefined;
  /** Written, and still the answer for the part that is there. */
  private shown: { readonly registers: DecisionRegisters; readonly since: number } | undefined;
  private latest = NO_DECISION;
  /** Of this connection; undefined until something is: what the controller holds from before is nobody's answer. */
  private writtenAt: number | undefined;
  private isClosing = false;
  private readonly tally = { written: 0, superseded: 0, expired: 0 };

  /** @param hold for how long a decision is shown */
  constructor(private readonly hold: number) {}

  get counts(): DecisionCounts {
    return { ...this.tally };
  }

  decide(registers: DecisionRegisters, now: number): void {
    if (this.pending && !this.pending.isRevision) this.tally.superseded++;
    this.pending = { registers, decidedAt: now };
  }

  /**
   * Another answer about the part that was decided last: it takes the place of the first one where that still waits, and
   * follows it while the part is shown.
   * @returns false when the part has gone
   */
  revise(registers: DecisionRegisters, now: number): boolean {
    if (this.pending) {
      this.pending = { ...this.pending, registers };
      return true;
    }
    if (!this.underWay?.decision && !this.isShown(now)) return false;
    this.pending = { registers, decidedAt: now, isRevision: true };
    return true;
  }

  connected(): void {
    this.writtenAt = undefined;
  }

  close(): void {
    this.isClosing = true;
  }

  /** What is to be written now; {@link written} or {@link failed} says what became of it. */
  next(now: number): DecisionRegisters | undefined {
    const decision = this.takePending(now);
    const registers = decision?.registers ?? (now < this.due() ? undefined : this.standing(now));
    this.underWay = registers && { registers, ...(decision && { decision }) };
    return registers;
  }

  /** The controller has taken what {@link next} gave. */
  written(now: number): void {
    const { underWay } = this;
    if (!underWay) return;
    this.underWay = undefined;
    this.writtenAt = now;
    if (underWay.decision) {
      const since = underWay.decision.isRevision ? (this.shown?.since ?? now) : now;
      if (!underWay.decision.isRevision) this.tally.written++;
      this.latest = underWay.registers;
      this.shown = { registers: underWay.registers, since };
    } else if (this.shown?.registers !== underWay.registers) {
      this.shown = undefined;
    }
  }

  /** Nobody knows whether the controller has taken what {@link next} gave: a decision is tried again while it is the newest. */
  failed(): void {
    const decision = this.underWay?.decision;
    this.underWay = undefined;
    if (!decision) return;
    if (!this.pending) this.pending = decision;
    // The controller has seen no answer about the part: the second one is its first.
    else if (this.pending.isRevision) this.pending = { ...decision, registers: this.pending.registers };
    else if (!decision.isRevision) this.tally.superseded++;
  }

  /** Milliseconds until {@link next} may have something without a further decision; Infinity when it never will. */
  wait(now: number): number {
    return Math.max(0, this.due() - now);
  }

  /** Nothing remains to be said before the end. */
  get isDone(): boolean {
    return this.isClosing && !this.pending && !this.shown && this.writtenAt !== undefined;
  }

  private takePending(now: number): Decision | undefined {
    const { pending } = this;
    this.pending = undefined;
    if (pending?.isRevision) return this.isShown(now) ? pending : undefined;
    if (!pending || now - pending.decidedAt <= LONGEST_AGE_MILLISECONDS) return pending;
    this.tally.expired++;
    return undefined;
  }

  private standing(now: number): DecisionRegisters {
    return this.shown && this.isShown(now) ? this.shown.registers : withoutDecision(this.latest);
  }

  private isShown(now: number): boolean {
    return this.shown !== undefined && this.writtenAt !== undefined && now < this.endOfShow(this.shown.since);
  }

  private due(): number {
    if (this.writtenAt === undefined) return Number.NEGATIVE_INFINITY;
    const beat = this.writtenAt + BEAT_MILLISECONDS;
    return this.shown ? Math.min(beat, this.endOfShow(this.shown.since)) : beat;
  }

  private endOfShow(since: number): number {
    return since + (this.isClosing ? Math.min(LAST_SHOWN_MILLISECONDS, this.hold) : this.hold);
  }
}
