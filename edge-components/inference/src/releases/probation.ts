/**
 * A release that ends the whole process, by a crash in native code on a frame that no golden sample resembles, would be
 * restored at every start and end it again. So the first frames after a start are answered on probation: the release is
 * noted before the first one, and cleared after enough good answers. A start that finds its release still noted knows
 * that the process died with it.
 */

import type { Clock } from '../ports';

/** What is on disk. */
export interface Probation {
  /** Envelope digest of the release. */
  readonly digest: string;
  /** Processes that died with it on probation, one after the other. */
  readonly deaths: number;
  /** Whether frames are being answered on probation. */
  readonly pending: boolean;
  /** Identifier of this boot of the operating system. */
  readonly bootId: string;
}

/**
 * The nucleus gives a component up (BROKEN) after its third error in a row (Lifecycle.java, MAXIMUM_CONTINUAL_ERROR = 3),
 * so the start after the second death is the last that can still put the release before back into service.
 */
export const MOST_DEATHS = 2;

/** Enough good answers, for long enough, to trust a release again. */
export const PROBATION = { results: 20, milliseconds: 60_000 } as const;

/** What a start makes of the note that it finds. A power cut kills every process, so it says nothing about a release. */
export function deathsAfterStart(found: Probation | undefined, digest: string, bootId: string): number {
  if (!found || found.digest !== digest) return 0;
  if (!found.pending) return found.deaths;
  return found.bootId === bootId ? found.deaths + 1 : found.deaths;
}

/** Whether the release has to give way to the one before. */
export const mustRevert = (deaths: number): boolean => deaths >= MOST_DEATHS;

export interface ProbationPorts {
  readonly note: (probation: Probation) => Promise<void>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly bootId: string;
}

/** Keeps the note of the release that answers now. */
export class ProbationWatch {
  private onProbation: { digest: string; good: number; readonly since: number } | undefined;
  private deaths: { digest: string; count: number } | undefined;

  constructor(private readonly ports: ProbationPorts) {}

  /** What a start has found out about the release that it restores. */
  restored(digest: string, deaths: number): void {
    this.deaths = { digest, count: deaths };
  }

  /** Resolves when the note is on disk: only then may the release answer its first frame. */
  async begin(digest: string): Promise<void> {
    if (this.deaths?.digest !== digest) this.deaths = { digest, count: 0 };
    this.onProbation = { digest, good: 0, since: this.ports.clock.monotonic() };
    await this.note(true);
  }

  /** A frame was answered; `good` unless its result is invalid. */
  async answered(good: boolean): Promise<void> {
    const { onProbation } = this;
    if (!onProbation || !good) return;
    onProbation.good++;
    const elapsed = this.ports.clock.monotonic() - onProbation.since;
    if (onProbation.good < PROBATION.results || elapsed < PROBATION.milliseconds) return;
    this.onProbation = undefined;
    this.deaths = { digest: onProbation.digest, count: 0 };
    await this.note(false);
  }

  /** The process is about to end because it was told to: not the release's doing. */
  async end(): Promise<void> {
    if (!this.onProbation) return;
    this.onProbation = undefined;
    await this.note(false);
  }

  private async note(pending: boolean): Promise<void> {
    if (!this.deaths) return;
    const { digest, count } = this.deaths;
    await this.ports.note({ digest, deaths: count, pending, bootId: this.ports.bootId });
  }
}
