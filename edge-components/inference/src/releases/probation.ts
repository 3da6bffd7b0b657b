/**
 * A release that ends its process on a frame that no golden sample resembles would be started again for ever, and every
 * such frame would cost the line its answers for the time of a start. So its own ends are counted: the second gives its
 * place to the release before. Enough good answers in between forgive it the first. What ends the process from outside says
 * nothing about a release (models/process-end.ts) and is not counted.
 */

import type { Clock } from '../ports';

/** What is on disk, so that the count outlives the component. */
export interface Probation {
  /** Envelope digest of the release. */
  readonly digest: string;
  /** How often it has ended its process, without {@link PROBATION} in between. */
  readonly deaths: number;
}

/** One end may be a flipped bit in memory; the second is a habit. */
export const MOST_DEATHS = 2;

/** Enough good answers, for long enough, to trust a release again. */
export const PROBATION = { results: 20, milliseconds: 60_000 } as const;

/** Whether the release has to give way to the one before. */
export const mustRevert = (deaths: number): boolean => deaths >= MOST_DEATHS;

export interface ProbationPorts {
  readonly note: (probation: Probation) => Promise<void>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Counts the ends of the release that answers now. */
export class ProbationWatch {
  private watched: { readonly digest: string; deaths: number; good: number; since: number } | undefined;

  constructor(private readonly ports: ProbationPorts) {}

  /** At a start: what was noted before. */
  restored(found: Probation | undefined): void {
    const { digest, deaths } = found ?? {};
    if (typeof digest === 'string' && typeof deaths === 'number') this.watch(digest, deaths);
  }

  /** Whether the release in service has not yet been forgiven an end. */
  get isOn(): boolean {
    return (this.watched?.deaths ?? 0) > 0;
  }

  /**
   * The release has ended its process.
   * @returns how often by now
   * @throws Error of the disk; it is counted all the same
   */
  async died(digest: string): Promise<number> {
    const deaths = (this.watched?.digest === digest ? this.watched.deaths : 0) + 1;
    this.watch(digest, deaths);
    await this.ports.note({ digest, deaths });
    return deaths;
  }

  /** How often a release has ended its process. */
  deathsOf(digest: string): number {
    return this.watched?.digest === digest ? this.watched.deaths : 0;
  }

  /** The release has answered a frame; `good` unless its result is invalid. */
  async answered(digest: string, good: boolean): Promise<void> {
    const { watched } = this;
    if (!watched || watched.digest !== digest || watched.deaths === 0 || !good) return;
    watched.good++;
    const elapsed = this.ports.clock.monotonic() - watched.since;
    if (watched.good < PROBATION.results || elapsed < PROBATION.milliseconds) return;
    this.watch(digest, 0);
    await this.ports.note({ digest, deaths: 0 });
  }

  private watch(digest: string, deaths: number): void {
    this.watched = { digest, deaths, good: 0, since: this.ports.clock.monotonic() };
  }
}
