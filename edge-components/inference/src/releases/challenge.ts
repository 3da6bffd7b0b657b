/**
 * A new release answers frames beside the one in service, without effect, before it may replace it: what no golden sample
 * shows, the line itself may show. The frames that count are those that both answered with a class.
 */
import type { UseCaseSettings } from '../configuration/configuration';

export interface ChallengeOutcome {
  readonly frames: number;
  readonly disagreements: number;
  /** Median time of the graph over the compared frames, challenger / release in service; absent without any. */
  readonly latencyRatio?: number;
}

/** Milliseconds that both graphs took for one frame. */
export interface ComparedTimes {
  readonly own: number;
  readonly other: number;
}

/** Why the challenger may not replace the release in service; undefined when it may. */
export function challengeProblem(
  { frames, disagreements, latencyRatio = 0 }: ChallengeOutcome,
  { frames: wanted, minimumFrames, maximumDisagreement, maximumLatencyRatio }: UseCaseSettings['challenger'],
): string | undefined {
  const needed = Math.min(wanted, minimumFrames);
  if (frames < needed) {
    return `was compared with the release in service on ${frames} frames in the time that it had; needed are ${needed}`;
  }
  if (latencyRatio > maximumLatencyRatio) {
    return `takes ${latencyRatio.toFixed(1)} times as long for a frame as the release in service; allowed are ${maximumLatencyRatio} times`;
  }
  if (disagreements <= maximumDisagreement * frames) return undefined;
  const share = ((100 * disagreements) / frames).toFixed(1);
  return `answers ${disagreements} of ${frames} frames (${share} %) differently from the release in service; allowed are ${(100 * maximumDisagreement).toFixed(1)} %`;
}

/** Counts one challenge, and resolves when enough frames have been compared. */
export class Challenge {
  /** Resolves at the end; rejects when the challenger failed on a frame. */
  readonly ended: Promise<void>;
  private readonly times: ComparedTimes[] = [];
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
    const own = median(this.times.map((time) => time.own));
    const other = median(this.times.map((time) => time.other));
    return {
      frames: this.compares,
      disagreements: this.disagrees,
      ...(own && other && { latencyRatio: other / own }),
    };
  }

  /** One frame was answered by both. @param agrees undefined when one of the two gave no class */
  compared(agrees: boolean | undefined, times?: ComparedTimes): void {
    this.outstanding--;
    if (times) this.times.push(times);
    if (agrees !== undefined) this.compares++;
    if (agrees === false) this.disagrees++;
    if (this.outstanding <= 0) this.settle?.resolve();
  }

  /** The challenger gets no more frames. Without a problem, those that are under way may still be compared. */
  end(problem: Error | undefined): void {
    if (problem) this.settle?.reject(problem);
  }
}

/** The upper one of two in the middle; undefined of nothing. */
const median = (values: readonly number[]): number | undefined =>
  [...values].sort((x, y) => x - y)[Math.floor(values.length / 2)];
