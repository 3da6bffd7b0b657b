/** Confidence intervals at 95 %: a wave is judged by what its numbers can mean, not by what they happen to be. Pure. */
import type { Histogram } from '../../../contracts';
import { quantile } from '../../telemetry/sketch';

/** Two-sided 95 % of the normal distribution. */
const Z = 1.959964;

export interface Share {
  readonly value: number;
  /** Bounds of the 95 % interval. */
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly of: number;
}

/**
 * Share `count / of` with Wilson's score interval (Wilson 1927), which keeps to 0..1 and has a width even at 0 and 1.
 * @returns `undefined` when there is nothing to take a share of
 */
export function shareOf(count: number, of: number): Share | undefined {
  if (of <= 0) return undefined;
  const value = count / of;
  const z2 = Z * Z;
  const middle = (value + z2 / (2 * of)) / (1 + z2 / of);
  const half = (Z / (1 + z2 / of)) * Math.sqrt((value * (1 - value)) / of + z2 / (4 * of * of));
  return { value, lower: Math.max(0, middle - half), upper: Math.min(1, middle + half), count, of };
}

/**
 * Median latency in milliseconds with the order-statistic interval of a quantile: the ranks between which the median
 * lies follow a binomial distribution, whatever the latencies' distribution is.
 * @param latency histogram of log10 of milliseconds
 */
export function medianLatency(latency: Histogram): { value: number; lower: number; upper: number } {
  const total = latency.counts.reduce((sum, count) => sum + count, 0);
  const half = total === 0 ? 0 : (Z * 0.5) / Math.sqrt(total);
  const milliseconds = (q: number) => 10 ** quantile(latency, q);
  return { value: milliseconds(0.5), lower: milliseconds(0.5 - half), upper: milliseconds(0.5 + half) };
}

/**
 * Interval of the difference `before - after` of two independent shares from their own intervals (Newcombe 1998,
 * method 10).
 */
export function dropBetween(
  before: { value: number; lower: number; upper: number },
  after: { value: number; lower: number; upper: number },
): { value: number; lower: number; upper: number } {
  const value = before.value - after.value;
  return {
    value,
    lower: value - Math.hypot(before.value - before.lower, after.upper - after.value),
    upper: value + Math.hypot(before.upper - before.value, after.value - after.lower),
  };
}
