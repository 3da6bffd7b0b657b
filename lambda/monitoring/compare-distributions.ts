/**
 * How far two samples of counts over the same bins lie apart, and whether chance alone explains it. Pure.
 *
 * The distances say how large a change is, whatever the samples' size; the test says whether it is real. Either
 * alone raises false alarms: the index of two small samples of one distribution is large by chance (its mean is
 * about (bins - 1)(1/n + 1/m): 0.31 for 32 bins and 200 results each), and the test of two large ones finds
 * differences that do not matter.
 */
import { chiSquareTail } from './chi-square';

export interface DistributionComparison {
  /** Population stability index, natural logarithm, over the pooled bins: 0 equal, 0.25 a customary limit. */
  readonly populationStabilityIndex: number;
  /** Jensen-Shannon distance, base 2: 0 equal .. 1 disjoint. */
  readonly jensenShannon: number;
  /** Largest difference of the cumulative distributions, 0..1; only for ordered bins. */
  readonly kolmogorovSmirnov?: number;
  /** Probability of a difference at least this large when both samples come from one distribution. */
  readonly pValue: number;
}

/** A bin in which the smaller sample expects fewer than this is pooled: below it chi-square is no approximation. */
const LEAST_EXPECTED_COUNT = 5;
/** Added to each pooled bin, so that an empty one gives a large index and not an infinite one (Jeffreys' prior). */
const PSEUDO_COUNT = 0.5;

type Pair = readonly [baseline: number, field: number];

function totals(pairs: readonly Pair[]): Pair {
  return pairs.reduce<Pair>(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
}

/** Joins neighbouring bins until each is large enough; what remains at the end joins the last one. */
function poolBins(pairs: readonly Pair[]): Pair[] {
  const [n, m] = totals(pairs);
  const shareOfSmaller = Math.min(n, m) / (n + m);
  const pooled: Pair[] = [];
  let open: Pair = [0, 0];
  for (const [a, b] of pairs) {
    open = [open[0] + a, open[1] + b];
    if ((open[0] + open[1]) * shareOfSmaller >= LEAST_EXPECTED_COUNT) {
      pooled.push(open);
      open = [0, 0];
    }
  }
  const last = pooled.pop();
  pooled.push(last ? [last[0] + open[0], last[1] + open[1]] : open);
  return pooled;
}

/** Two-sample chi-square statistic for samples of different size. */
function chiSquareStatistic(pairs: readonly Pair[]): number {
  const [n, m] = totals(pairs);
  return pairs.reduce(
    (sum, [a, b]) => (a + b === 0 ? sum : sum + (a * Math.sqrt(m / n) - b * Math.sqrt(n / m)) ** 2 / (a + b)),
    0,
  );
}

const LEAST_PROBABILITY = 1e-100;
/** DynamoDB holds no number between 0 and 1e-130; what is this improbable is impossible. */
export const storedProbability = (tail: number): number => (tail < LEAST_PROBABILITY ? 0 : tail);

function significance(pairs: readonly Pair[]): number {
  return storedProbability(chiSquareTail(chiSquareStatistic(pairs), pairs.length - 1));
}

function populationStabilityIndex(pairs: readonly Pair[]): number {
  const [n, m] = totals(pairs);
  const smoothed = PSEUDO_COUNT * pairs.length;
  return pairs.reduce((sum, [a, b]) => {
    const p = (a + PSEUDO_COUNT) / (n + smoothed);
    const q = (b + PSEUDO_COUNT) / (m + smoothed);
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

function jensenShannon(pairs: readonly Pair[]): number {
  const [n, m] = totals(pairs);
  const part = (share: number, middle: number) => (share === 0 ? 0 : share * Math.log2(share / middle));
  const divergence = pairs.reduce((sum, [a, b]) => {
    const [p, q] = [a / n, b / m];
    const middle = (p + q) / 2;
    return sum + (part(p, middle) + part(q, middle)) / 2;
  }, 0);
  return Math.sqrt(Math.max(0, divergence));
}

function kolmogorovSmirnov(pairs: readonly Pair[]): number {
  const [n, m] = totals(pairs);
  let [largest, below] = [0, [0, 0] as Pair];
  for (const [a, b] of pairs) {
    below = [below[0] + a / n, below[1] + b / m];
    largest = Math.max(largest, Math.abs(below[0] - below[1]));
  }
  return largest;
}

/**
 * Compares two lists of counts over the same bins.
 * @param ordered whether neighbouring bins are near each other, as in a histogram
 * @returns `undefined` when either sample is empty
 * @throws Error when the lists have different lengths
 */
export function compareCounts(
  baseline: readonly number[],
  field: readonly number[],
  ordered: boolean,
): DistributionComparison | undefined {
  if (baseline.length !== field.length) {
    throw new Error(`baseline has ${baseline.length} bins and the field ${field.length}: not comparable`);
  }
  const pairs = baseline.map((count, index): Pair => [count, field[index] ?? 0]);
  const [n, m] = totals(pairs);
  if (n === 0 || m === 0) return undefined;
  // Categories have no neighbours: the rare ones are pooled with each other, in the order of their size.
  const pooled = poolBins(ordered ? pairs : [...pairs].sort((x, y) => y[0] + y[1] - x[0] - x[1]));
  return {
    populationStabilityIndex: populationStabilityIndex(pooled),
    jensenShannon: jensenShannon(pairs),
    ...(ordered ? { kolmogorovSmirnov: kolmogorovSmirnov(pairs) } : {}),
    pValue: pooled.length < 2 ? 1 : significance(pooled),
  };
}
