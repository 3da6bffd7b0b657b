/**
 * How far the mean of residuals lies from where it was, and what chance makes of that. Pure.
 *
 * For n residuals with mean m and a covariance of trace t
 *
 *     E |m - m0|^2 = |shift|^2 + t / n + b        t = (sum of squares - n |m|^2) / (n - 1)
 *
 * where b is what the reference varies by itself: with the release's own reference m0 = 0 and b = t * sum over predicted
 * classes of share^2 / images; with a field baseline of n0 residuals and trace t0, m0 is its mean and b = t0 / n0.
 *
 * Without a shift, f |m - m0|^2 / (t / n + b) is about chi-square with f = t^2 / (trace of the squared covariance) degrees
 * of freedom: the means of many residuals are about normal (Box 1954, Ann. Math. Stat. 25, 290). f is as many as there are
 * components where all vary alike, which they do over the validation split, and over no class of it.
 */
import type { EmbeddingSums, Release, Sketch } from '../../contracts';
import { ownValue } from '../../contracts/own-value';
import { chiSquareTail } from './chi-square';

/**
 * Images for each one that tells something new: of two views of a part the residuals correlate by 0.4 to 0.47 on the
 * rendered line, so that they vary by 1.4 to 1.5 times as much as as many parts would (Kish 1965, design effect).
 */
const DESIGN_EFFECT = 1.5;
/** Components for each degree of freedom of one class: on rendered lines classes have 4.6 to 8.9 degrees of 16. */
const COMPONENTS_PER_DEGREE = 3;

export type Reference = NonNullable<NonNullable<Release['embedding']>['reference']>;

/** By how much of a residual's variance a mean of so many images varies. */
export const shareOfImages = (images: number): number => DESIGN_EFFECT / images;

export interface ShareOfClass {
  /** Of the field's frames. */
  readonly share: number;
  /** Of its reference. */
  readonly images: number;
}

/** Each class of the reference, at the field's mix of predicted classes. */
export function mixOf(classCounts: Sketch['classCounts'], reference: Reference): ShareOfClass[] {
  const counts = Object.entries(reference).map(([name, { images }]) => ({
    count: ownValue(classCounts, name) ?? 0,
    images,
  }));
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  return counts.map(({ count, images }) => ({ share: all === 0 ? 0 : count / all, images }));
}

/** By how much of a residual's variance the release's means vary together. */
export const shareOfReference = (mix: readonly ShareOfClass[]): number =>
  mix.reduce((sum, { share, images }) => sum + share ** 2 * shareOfImages(images), 0);

const squaredLength = (vector: readonly number[]): number =>
  vector.reduce((sum, value) => sum + value * value, 0);

export interface Moments {
  readonly count: number;
  readonly mean: readonly number[];
  /** Of the covariance of the residuals. */
  readonly trace: number;
}

/** `undefined` without sums, and of one frame, which has no spread. */
export function momentsOf(sums: EmbeddingSums | undefined): Moments | undefined {
  if (!sums || sums.count < 2) return undefined;
  const { count, sum, squares } = sums;
  const mean = sum.map((value) => value / count);
  // Rounding, or a device that sends what cannot be, may leave a little below zero.
  return { count, mean, trace: Math.max(0, (squares - count * squaredLength(mean)) / (count - 1)) };
}

/** Of the residuals of one class. */
export const degreesOfClass = (size: number): number => Math.max(1, size / COMPONENTS_PER_DEGREE);

/**
 * Of the residuals of all. At the field's mix their covariance is r times the validation split's, which is 1 in each
 * component, where every class has at least r times its share; the rest lies in as few directions as a class does.
 */
export function degreesOfAll(
  { trace, mean: { length: size } }: Moments,
  mix: readonly ShareOfClass[],
): number {
  const images = mix.reduce((sum, one) => sum + one.images, 0);
  const least = Math.min(1, ...mix.map((one) => one.share / (one.images / images)));
  const common = Math.min(least, trace / size);
  const rest = trace - common * size;
  const squares = size * common ** 2 + 2 * common * rest + rest ** 2 / degreesOfClass(size);
  return squares > 0 ? Math.max(1, trace ** 2 / squares) : size;
}

export interface Distance {
  /** Squared length of the shift, in variances of the validation split, without what chance adds; 0 or more. */
  readonly value: number;
  /** What chance adds to it on average. */
  readonly chance: number;
  /** Probability of a mean at least this far away without a shift. */
  readonly pValue: number;
}

/**
 * @param before of the field when it was believed; without it the reference is where residuals are 0
 * @param ofReference share of a residual's variance by which the release's own reference varies
 */
export function distanceOf(
  now: Moments,
  before: Moments | undefined,
  ofReference: number,
  degrees: number,
): Distance {
  const distance = squaredLength(now.mean.map((value, index) => value - (before?.mean[index] ?? 0)));
  const chance = now.trace / now.count + (before ? before.trace / before.count : now.trace * ofReference);
  const pValue = chance > 0 ? chiSquareTail((degrees * distance) / chance, degrees) : Number(distance === 0);
  return { value: Math.max(0, distance - chance), chance, pValue };
}
