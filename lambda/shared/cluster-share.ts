/**
 * Interval of a share whose trials come in clusters: frames of one device are more alike than frames of two, and one
 * device must not speak for many. Pure.
 *
 * Each cluster has a share of its own, drawn from a beta distribution around the common one (the beta-binomial model:
 * Skellam 1948; Williams 1975, Biometrics 31:949). Its correlation within a cluster is not known, and a few clusters do
 * not tell it, so that every correlation up to {@link LARGEST_CORRELATION} that fits the counts has its say: bounds are
 * those of the profile likelihood (Venzon and Moolgavkar 1988, Applied Statistics 37:87). So a cluster counts for no more
 * than one draw, however many trials it claims, and two clusters stay two.
 */
import type { Interval } from './intervals';
import { logGamma } from './log-gamma';

/** Of one cluster; effective numbers need not be whole. */
export interface ClusterCount {
  readonly count: number;
  readonly of: number;
}

export interface ClusterShare extends Interval {
  readonly clusters: number;
  /** Of all clusters, each with its bounded weight. */
  readonly count: number;
  readonly of: number;
}

const { exp, log1p } = Math;

/** Up to which frames of one device may be alike; goal G22 of the judge asks for no more. */
export const LARGEST_CORRELATION = 0.15;
const CORRELATIONS = [0, 0.01, 0.03, 0.07, LARGEST_CORRELATION];
/** A cluster counts for at most so many times the median one: the rest of what it claims is left out. */
const LARGEST_WEIGHT = 2;

/** Steps of a search over the log odds, which ends below a thousandth of them. */
const STEPS = 30;
const WIDEST_LOG_ODDS = 16;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Clusters of equal counts are one group. */
interface Group extends ClusterCount {
  readonly times: number;
}

/** The same clusters, none of which counts for more than twice the median (the lower one of two). */
export function bounded(clusters: readonly ClusterCount[]): ClusterCount[] {
  const sizes = clusters.map(({ of }) => of).sort((x, y) => x - y);
  const most = LARGEST_WEIGHT * (sizes[Math.floor((sizes.length - 1) / 2)] ?? 0);
  return clusters.map((cluster) =>
    cluster.of <= most ? cluster : { count: (cluster.count / cluster.of) * most, of: most },
  );
}

function groupsOf(clusters: readonly ClusterCount[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { count, of } of clusters) {
    const key = `${count}/${of}`;
    groups.set(key, { count, of, times: (groups.get(key)?.times ?? 0) + 1 });
  }
  return [...groups.values()];
}

const shareAt = (logOdds: number): number => 1 / (1 + exp(-logOdds));

/** Log-likelihood of the share with these log odds, without the binomial coefficients, which are the same for all. */
function likelihood(groups: readonly Group[], logOdds: number, correlation: number): number {
  const share = shareAt(logOdds);
  if (correlation === 0) {
    const [yes, no] = [-log1p(exp(-logOdds)), -log1p(exp(logOdds))];
    return groups.reduce((sum, { count, of, times }) => sum + times * (count * yes + (of - count) * no), 0);
  }
  const both = 1 / correlation - 1;
  const [a, b] = [share * both, shareAt(-logOdds) * both];
  const [logA, logB, logBoth] = [logGamma(a), logGamma(b), logGamma(both)];
  let sum = 0;
  for (const { count, of, times } of groups) {
    const yes = count === 0 ? 0 : logGamma(a + count) - logA;
    const no = of === count ? 0 : logGamma(b + of - count) - logB;
    sum += times * (yes + no - (logGamma(both + of) - logBoth));
  }
  return sum;
}

type Curve = (logOdds: number) => number;

/** Golden section (Kiefer 1953): the curve has one top. */
function topOf(curve: Curve): number {
  let [low, high] = [-WIDEST_LOG_ODDS, WIDEST_LOG_ODDS];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [curve(left), curve(right)];
  for (let step = 0; step < STEPS; step++) {
    if (atLeft < atRight) {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = curve(right);
    } else {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = curve(left);
    }
  }
  return (low + high) / 2;
}

/** Where the curve falls to `level` between its top and an end; the end when it does not. */
function crossing(curve: Curve, level: number, top: number, end: number): number {
  if (curve(end) >= level) return end;
  let [above, below] = [top, end];
  for (let step = 0; step < STEPS; step++) {
    const middle = (above + below) / 2;
    if (curve(middle) >= level) above = middle;
    else below = middle;
  }
  return below;
}

/** How sure each bound is, as quantiles of the standard normal distribution. */
export interface Sureness {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The common share of the clusters, the most likely one, with bounds of which each is one-sided.
 * @returns `undefined` when no cluster has a trial
 */
export function clusterShare(clusters: readonly ClusterCount[], sure: Sureness): ClusterShare | undefined {
  const given = bounded(clusters.filter(({ of }) => of > 0));
  if (given.length === 0) return undefined;
  const groups = groupsOf(given);
  const profile = CORRELATIONS.map((correlation) => {
    const curve: Curve = (logOdds) => likelihood(groups, logOdds, correlation);
    const top = topOf(curve);
    return { curve, top, height: curve(top) };
  });
  const best = profile.reduce((first, second) => (second.height > first.height ? second : first));
  const bound = (end: number, z: number): number[] => {
    const level = best.height - (z * z) / 2;
    return profile
      .filter(({ height }) => height >= level)
      .map(({ curve, top }) => crossing(curve, level, top, end));
  };
  const sum = (of: (cluster: ClusterCount) => number) => given.reduce((total, one) => total + of(one), 0);
  const [count, of] = [sum((one) => one.count), sum((one) => one.of)];
  // Where all agree the top lies at an end, which the log odds do not reach.
  const value = count === 0 ? 0 : count === of ? 1 : shareAt(best.top);
  return {
    value,
    lower: count === 0 ? 0 : shareAt(Math.min(...bound(-WIDEST_LOG_ODDS, sure.lower))),
    upper: count === of ? 1 : shareAt(Math.max(...bound(WIDEST_LOG_ODDS, sure.upper))),
    clusters: given.length,
    count,
    of,
  };
}
