/**
 * A new release answers frames beside the one in service, without effect, before it may replace it: what no golden sample
 * shows, the line itself may show. The frames that count are those that both answered with a class.
 */
import type { UseCaseSettings } from '../configuration/configuration';

export interface ChallengeOutcome {
  readonly frames: number;
  readonly disagreements: number;
}

/** Why the challenger may not replace the release in service; undefined when it may. */
export function challengeProblem(
  { frames, disagreements }: ChallengeOutcome,
  { maximumDisagreement }: UseCaseSettings['challenger'],
): string | undefined {
  if (disagreements <= maximumDisagreement * frames) return undefined;
  const share = ((100 * disagreements) / frames).toFixed(1);
  return `answers ${disagreements} of ${frames} frames (${share} %) differently from the release in service; allowed are ${(100 * maximumDisagreement).toFixed(1)} %`;
}

/** Counts one challenge, and resolves when enough frames have been compared. */
export class Challenge {
  /** Resolves at the end; rejects when the challenger failed on a frame. */
  readonly ended: Promise<void>;
  private outstanding: number;
  private compares = 0;
  private disagrees = 0;
  private settle: { resolve(): void; reject(error: Error): void } | undefined;

  /** @param frames how many frames the challenger has to answer, at least 1 */
  constructor(readonly frames: number) {
    this.outstanding = frames;
    this.ended = new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.ended.catch(() => undefined);
  }

  get outcome(): ChallengeOutcome {
    return { frames: this.compares, disagreements: this.disagrees };
  }

  /** One frame was answered by both. @param agrees undefined when one of the two gave no class */
  compared(agrees: boolean | undefined): void {
    this.outstanding--;
    if (agrees !== undefined) this.compares++;
    if (agrees === false) this.disagrees++;
    if (this.outstanding <= 0) this.settle?.resolve();
  }

  /** The challenger gets no more frames. Without a problem, those that are under way may still be compared. */
  end(problem: Error | undefined): void {
    if (problem) this.settle?.reject(problem);
  }
}
