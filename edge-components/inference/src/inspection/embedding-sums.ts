/**
 * What the cloud is told of where a release's frames lie: sums over many, on one record now and then. Of what is not yet
 * on a record nothing survives a restart or a switch; that is at most the interval's frames of a statistic.
 */
import type { EmbeddingSums, Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import type { Clock } from '../ports';

/** As the contract says: one frame moves no mean. Residuals of the validation split have variance 1. */
const LARGEST_COMPONENT = 8;
/** Below so many frames a mean says little, and a slow line would pay for every frame. */
const FEWEST_FRAMES = 10;
const MILLISECONDS_PER_SECOND = 1_000;

/**
 * An embedding less the mean of its predicted class, each component within -8..8. Undefined where the release has no such
 * mean, or the graph gave what is no number.
 */
export function residualOf(
  embedding: readonly number[],
  predictedClass: string,
  reference: NonNullable<Release['embedding']>['reference'] = {},
): number[] | undefined {
  const mean = ownValue(reference, predictedClass)?.mean;
  if (!mean || !embedding.every(Number.isFinite)) return undefined;
  return mean.map((value, index) => {
    const component = (embedding[index] as number) - value;
    return Math.min(LARGEST_COMPONENT, Math.max(-LARGEST_COMPONENT, component));
  });
}

export interface EmbeddingSumsPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly settings: () => { readonly embeddingSums: { readonly everySeconds: number } };
}

interface Pending {
  readonly releaseId: string;
  /** Monotonic milliseconds of its first frame. */
  readonly since: number;
  count: number;
  readonly sum: number[];
  squares: number;
}

/** Of the release that serves. */
export class ServingSums {
  private pending: Pending | undefined;

  constructor(private readonly ports: EmbeddingSumsPorts) {}

  /**
   * Counts a frame of a valid answer.
   * @returns what its record carries, when the interval has passed; the next frame then begins anew
   */
  count(
    { releaseId, embedding: described }: Pick<Release, 'releaseId' | 'embedding'>,
    predictedClass: string,
    embedding: readonly number[] | undefined,
  ): EmbeddingSums | undefined {
    const residual = embedding && residualOf(embedding, predictedClass, described?.reference);
    if (!residual) return undefined;
    const pending = this.pendingOf(releaseId, residual.length);
    pending.count++;
    for (const [index, component] of residual.entries()) {
      (pending.sum[index] as number) += component;
      pending.squares += component ** 2;
    }
    if (!this.isDue(pending)) return undefined;
    this.pending = undefined;
    const { count, sum, squares } = pending;
    return { count, sum: sum.map(thousandths) as EmbeddingSums['sum'], squares: tenths(squares) };
  }

  private pendingOf(releaseId: string, size: number): Pending {
    if (this.pending?.releaseId !== releaseId) {
      const since = this.ports.clock.monotonic();
      this.pending = { releaseId, since, count: 0, sum: Array(size).fill(0), squares: 0 };
    }
    return this.pending;
  }

  private isDue({ since, count }: Pending): boolean {
    const { clock, settings } = this.ports;
    const interval = settings().embeddingSums.everySeconds * MILLISECONDS_PER_SECOND;
    return count >= FEWEST_FRAMES && clock.monotonic() - since >= interval;
  }
}

/** Far below what chance moves a sum by: digits beyond cost bytes. */
const thousandths = (value: number): number => Math.round(value * 1_000) / 1_000;
const tenths = (value: number): number => Math.round(value * 10) / 10;
