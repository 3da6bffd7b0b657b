/** Confidence intervals at 95 %: a wave is judged by what its numbers can mean, not by what they happen to be. Pure. */
import type { Histogram } from '../../../contracts';
import { type Interval, wilsonInterval, Z_95 } from '../../shared/intervals';
import { quantile } from '../../telemetry/sketch';

export interface Share extends Interval {
  readonly count: number;
  readonly of: number;
}

/**
 * Share `count / of` with Wilson's score interval.
 * @returns `undefined` when there is nothing to take a share of
 */
export function shareOf(count: number, of: number): Share | undefined {
  if (of <= 0) return undefined;
  return { ...wilsonInterval(count / of, of), count, of };
}

/**
 * Median latency in milliseconds with the order-statistic interval of a quantile: the ranks between which the median
 * lies follow a binomial distribution, whatever the latencies' distribution is.
 * @param latency histogram of log10 of milliseconds
 */
export function medianLatency(latency: Histogram): Interval {
  const total = latency.counts.reduce((sum, count) => sum + count, 0);
  const half = total === 0 ? 0 : (Z_95 * 0.5) / Math.sqrt(total);
  const milliseconds = (q: number) => 10 ** quantile(latency, q);
  return { value: milliseconds(0.5), lower: milliseconds(0.5 - half), upper: milliseconds(0.5 + half) };
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
