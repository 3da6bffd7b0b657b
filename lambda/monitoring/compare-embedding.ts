/**
 * How far what the classifier reads of the field lies from where it was validated. Pure.
 *
 * A residual is the embedding of a frame less the mean of its predicted class over the validation images, in units in
 * which residuals have variance 1 there. Brightness moves for many reasons that no classifier minds; where the vector
 * moves that it decides by, it was not shown to be right. For n residuals with mean m and a covariance of trace t
 *
 *     E |m - m0|^2 = |shift|^2 + t / n + b        t = (sum of squares - n |m|^2) / (n - 1)
 *
 * where b is what the reference varies by itself: with the release's own reference m0 = 0 and b = t * sum over predicted
 * classes of share^2 / images; with a field baseline of n0 residuals and trace t0, m0 is its mean and b = t0 / n0. What is
 * compared with the limit is the estimate of |shift|^2.
 *
 * Without a shift, d |m - m0|^2 / (t / n + b) is about chi-square with d degrees of freedom: the means of many residuals
 * are about normal, and the whitened components vary about alike (Box 1954, Ann. Math. Stat. 25, 290; components that do
 * not would have fewer degrees and a longer tail). From some hundred residuals on the limit lies above
 * what this test asks for; below, the test decides.
 */
import type { EmbeddingSums, Release, Sketch } from '../../contracts';
import { ownValue } from '../../contracts/own-value';
import { chiSquareTail } from './chi-square';
import { storedProbability } from './compare-distributions';

/** The embeddings and the confidence share the accepted false alarms (Bonferroni). */
const JUDGED_TOGETHER = 2;

export interface EmbeddingLimits {
  /** Largest squared shift that is no drift, in variances of the validation split. */
  readonly embeddingLimit: number;
  /** Accepted probability of a false alarm over all features of one evaluation. */
  readonly falseAlarmProbability: number;
}

export interface EmbeddingComparison {
  /** Whose residuals were summed up. */
  readonly frames: number;
  /** Squared length of the shift, in variances of the validation split, without what chance adds; 0 or more. */
  readonly value: number;
  /** What chance adds to it on average. */
  readonly chance: number;
  /** Probability of a mean at least this far away without a shift. */
  readonly pValue: number;
  readonly limit: number;
  readonly drifted: boolean;
}

const squaredLength = (vector: readonly number[]): number =>
  vector.reduce((sum, value) => sum + value * value, 0);

interface Moments {
  readonly mean: readonly number[];
  /** Of the covariance of the residuals. */
  readonly trace: number;
}

function momentsOf({ count, sum, squares }: EmbeddingSums): Moments {
  const mean = sum.map((value) => value / count);
  // Rounding, or a device that sends what cannot be, may leave a little below zero.
  return { mean, trace: Math.max(0, (squares - count * squaredLength(mean)) / (count - 1)) };
}

/** By how much of a residual's variance the release's means of classes vary, at the field's mix of predicted classes. */
function shareOfReference(
  classCounts: Sketch['classCounts'],
  reference: NonNullable<NonNullable<Release['embedding']>['reference']>,
): number {
  const known = Object.entries(classCounts).flatMap(([name, count]) => {
    const images = ownValue(reference, name)?.images;
    return images === undefined || count === 0 ? [] : [{ count, images }];
  });
  const all = known.reduce((sum, { count }) => sum + count, 0);
  return known.reduce((sum, { count, images }) => sum + (count / all) ** 2 / images, 0);
}

const isOfSize = (sums: EmbeddingSums | undefined, size: number): sums is EmbeddingSums =>
  sums !== undefined && sums.count > 1 && sums.sum.length === size;

/**
 * Compares the sums of the field with the release's reference.
 * @param baseline what the field was like when it was believed. @default - the release's reference alone
 * @returns `undefined` for a release without a reference; without sums of its size, a comparison of no frames
 */
export function compareEmbedding(
  { embedding }: Pick<Release, 'embedding'>,
  field: Pick<Sketch, 'embedding' | 'classCounts'>,
  { embeddingLimit: limit, falseAlarmProbability }: EmbeddingLimits,
  baseline?: EmbeddingSums,
): EmbeddingComparison | undefined {
  if (!embedding?.reference) return undefined;
  const { size, reference } = embedding;
  if (!isOfSize(field.embedding, size)) {
    return { frames: 0, value: 0, chance: 0, pValue: 1, limit, drifted: false };
  }
  const { count } = field.embedding;
  const { mean, trace } = momentsOf(field.embedding);
  const before = isOfSize(baseline, size) ? momentsOf(baseline) : undefined;
  const distance = squaredLength(mean.map((value, index) => value - (before?.mean[index] ?? 0)));
  const ofReference =
    before && baseline
      ? before.trace / baseline.count
      : trace * shareOfReference(field.classCounts, reference);
  const chance = trace / count + ofReference;
  const value = Math.max(0, distance - chance);
  const pValue =
    chance > 0 ? storedProbability(chiSquareTail((size * distance) / chance, size)) : Number(distance === 0);
  const drifted = value > limit && pValue < falseAlarmProbability / JUDGED_TOGETHER;
  return { frames: count, value, chance, pValue, limit, drifted };
}
