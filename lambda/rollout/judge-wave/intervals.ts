/** Intervals of what is no share: by how much a wave's devices are slower. Pure. */
import type { Interval } from '../../shared/intervals';

/** Quantile of Student's t from the normal one (Abramowitz and Stegun 26.7.5); within 4 % from four degrees on. */
export function studentQuantile(z: number, degrees: number): number {
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  return (
    z +
    (z3 + z) / (4 * degrees) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees ** 3)
  );
}

/** The standard deviation that the prior stands for counts as so many devices. */
const PRIOR_DEGREES = 4;
/** Standard deviation of normal data by its median absolute deviation. */
const DEVIATIONS = 1.4826;
/** The median's standard error by the mean's, for normal data: sqrt(pi / 2). */
const MEDIAN_BY_MEAN = 1.2533;

const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
};

/**
 * The median of the devices' ratios, new / previous, each device by itself: one that claims anything moves it by no more
 * than one place. Bounds by Student's t with a moderated deviation (Smyth 2004, Statistical Applications in Genetics
 * 3:3): few devices do not tell how much devices differ, and then what lines usually differ stands in for it.
 * @param ratios above 0, one per device, at least one
 * @param usual standard deviation of the logarithm of one device's ratio, where nothing has changed
 * @param z how sure each bound is
 */
export function medianRatio(ratios: readonly number[], usual: number, z: number): Interval {
  const logs = ratios.map(Math.log);
  const median = medianOf(logs);
  const deviation = DEVIATIONS * medianOf(logs.map((value) => Math.abs(value - median)));
  const degrees = PRIOR_DEGREES + logs.length - 1;
  const variance = (PRIOR_DEGREES * usual ** 2 + (logs.length - 1) * deviation ** 2) / degrees;
  const error = MEDIAN_BY_MEAN * Math.sqrt(variance / logs.length);
  const half = studentQuantile(z, degrees) * error;
  return { value: Math.exp(median), lower: Math.exp(median - half), upper: Math.exp(median + half) };
}

/**
 * Interval of the difference `before - after` of two independent shares from their own intervals (Newcombe 1998,
 * method 10).
 */
export function dropBetween(before: Interval, after: Interval): Interval {
  const value = before.value - after.value;
  return {
    value,
    lower: value - Math.hypot(before.value - before.lower, after.upper - after.value),
    upper: value + Math.hypot(before.upper - before.value, after.value - after.lower),
  };
}
