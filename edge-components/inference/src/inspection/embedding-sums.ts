/**
 * What the cloud is told of where a release's frames lie: sums over many of one predicted class, on a record of that class
 * now and then. The mean of the class that an unknown thing is called moves several times as far as the mean of all. Of what
 * is not yet on a record nothing survives a restart or a switch; that is at most the interval's frames of a statistic.
 */
import type { EmbeddingSums, Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import type { Clock } from '../ports';

/** As the contract says: one frame moves no mean. Residuals of the validation split have variance 1. */
const LARGEST_COMPONENT = 8;
/** Below so many frames a mean says little, and is close to saying where a single one lies. */
const FEWEST_FRAMES = 3;
/** Classes that may be told of in one interval: at 260 bytes each, 2 KB in four quarters of an hour. */
const CLASSES_PER_INTERVAL = 2;
const MILLISECONDS_PER_SECOND = 1_000;

type Reference = NonNullable<NonNullable<Release['embedding']>['reference']>;

/**
 * An embedding less the mean of its predicted class, each component within -8..8. Undefined where the release has no such
 * mean, or the graph gave what is no number.
 */
export function residualOf(
  embedding: readonly number[],
  predictedClass: string,
  reference: Reference,
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

/** Of one predicted class. */
interface Pending {
  /** Monotonic milliseconds of its first frame. */
  readonly since: number;
  count: number;
  readonly sum: number[];
  squares: number;
}

/** Of the release that serves. */
export class ServingSums {
  private releaseId: string | undefined;
  private readonly pending = new Map<string, Pending>();

  constructor(private readonly ports: EmbeddingSumsPorts) {}

  /**
   * Counts a frame of a valid answer.
   * @returns what its record carries of its class, when the interval has passed; the class's next frame then begins anew
   */
  count(
    {
      releaseId,
      embedding: { reference = {} } = { outputName: '', size: 0 },
    }: Pick<Release, 'releaseId' | 'embedding'>,
    predictedClass: string,
    embedding: readonly number[] | undefined,
  ): EmbeddingSums | undefined {
    const residual = embedding && residualOf(embedding, predictedClass, reference);
    if (!residual) return undefined;
    const pending = this.pendingOf(releaseId, predictedClass, residual.length);
    pending.count++;
    for (const [index, component] of residual.entries()) {
      (pending.sum[index] as number) += component;
      pending.squares += component ** 2;
    }
    if (!this.isDue(pending, Object.keys(reference).length)) return undefined;
    this.pending.delete(predictedClass);
    const { count, sum, squares } = pending;
    return { count, sum: sum.map(thousandths) as EmbeddingSums['sum'], squares: tenths(squares) };
  }

  private pendingOf(releaseId: string, predictedClass: string, size: number): Pending {
    if (this.releaseId !== releaseId) this.pending.clear();
    this.releaseId = releaseId;
    const known = this.pending.get(predictedClass);
    if (known) return known;
    const since = this.ports.clock.monotonic();
    const pending = { since, count: 0, sum: Array<number>(size).fill(0), squares: 0 };
    this.pending.set(predictedClass, pending);
    return pending;
  }

  /** Each class waits by a clock of its own, the longer the more there are: none takes the turn of another. */
  private isDue({ since, count }: Pending, classes: number): boolean {
    const { clock, settings } = this.ports;
    const intervals = Math.max(1, classes / CLASSES_PER_INTERVAL);
    const milliseconds = settings().embeddingSums.everySeconds * intervals * MILLISECONDS_PER_SECOND;
    return count >= FEWEST_FRAMES && clock.monotonic() - since >= milliseconds;
  }
}

/** Far below what chance moves a sum by: digits beyond cost bytes. */
const thousandths = (value: number): number => Math.round(value * 1_000) / 1_000;
const tenths = (value: number): number => Math.round(value * 10) / 10;
