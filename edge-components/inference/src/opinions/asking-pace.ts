/**
 * How often the cloud may be asked. A pure machine over the times it is told (monotonic milliseconds): so many questions
 * a minute, so many at a time; none while the cloud has said that it would refuse them all, and fewer and fewer while
 * nobody answers, so that a dead function costs next to nothing and is found alive within minutes.
 */

export interface Pace {
  readonly questionsPerMinute: number;
  readonly maximumInFlight: number;
}

const MINUTE = 60_000;
/** In a row, before it counts as silence: one late answer is a slow start of the function. */
const SILENT_QUESTIONS = 3;
const SHORTEST_PAUSE = 30_000;
const LONGEST_PAUSE = 600_000;

export class AskingPace {
  private underWay = 0;
  /** Questions that may be asked at once; at most those of a minute. */
  private room: number | undefined;
  private roomAt = 0;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private silent = 0;

  /** @returns why there must be no question now; undefined: there may be one, and it counts until {@link ended} */
  take(
    now: number,
    { questionsPerMinute, maximumInFlight }: Pace,
  ): 'paused' | 'busy' | 'too-many' | undefined {
    if (now < this.pausedUntil) return 'paused';
    if (this.underWay >= maximumInFlight) return 'busy';
    const grown = (this.room ?? questionsPerMinute) + ((now - this.roomAt) * questionsPerMinute) / MINUTE;
    this.room = Math.min(questionsPerMinute, grown);
    this.roomAt = now;
    if (this.room < 1) return 'too-many';
    this.room--;
    this.underWay++;
    return undefined;
  }

  /**
   * @param heard whether the cloud has said anything to it
   * @param pauseSeconds for how long it has asked not to be asked
   */
  ended(now: number, heard: boolean, pauseSeconds = 0): void {
    this.underWay--;
    if (!heard) {
      this.silent++;
      if (this.silent >= SILENT_QUESTIONS) this.pause(now, silencePause(this.silent));
      return;
    }
    this.silent = 0;
    this.pause(now, pauseSeconds * 1_000);
  }

  private pause(now: number, milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, now + milliseconds);
  }
}

/** Doubles with each further question that nobody answers. */
const silencePause = (silent: number): number =>
  Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** Math.min(10, silent - SILENT_QUESTIONS));
