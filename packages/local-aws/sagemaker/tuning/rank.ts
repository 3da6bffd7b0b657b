/** Which trial is better, which is best, and which has fallen behind. Pure. */

export interface Objective {
  readonly metric: string;
  readonly goal: 'Maximize' | 'Minimize';
}

const signOf = ({ goal }: Objective): 1 | -1 => (goal === 'Maximize' ? 1 : -1);

export const isBetter = (value: number, than: number, objective: Objective): boolean =>
  signOf(objective) * (value - than) > 0;

/** Best first; equal values stay in their order, trials without a value come last. */
export function ranked<T>(
  trials: readonly T[],
  resultOf: (trial: T) => number | undefined,
  objective: Objective,
): T[] {
  const score = (trial: T) => {
    const value = resultOf(trial);
    return value === undefined ? Number.NEGATIVE_INFINITY : signOf(objective) * value;
  };
  return [...trials].sort((a, b) => {
    const [first, second] = [score(a), score(b)];
    return first === second ? 0 : second - first;
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError('the median of no values');
  return (low + high) / 2;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The median of one is no median: the first two trials run to their ends. AWS does not publish its number. */
const LEAST_EARLIER_TRIALS = 2;

/**
 * The rule of TrainingJobEarlyStoppingType Auto, as the developer guide's page "Stop Training Jobs Early" states it:
 * after each epoch, a job stops whose value is worse than the median of the running averages that the earlier jobs
 * had up to the same epoch. One report of the metric counts as one epoch.
 * @param values what the running trial has reported, oldest first
 * @param earlier the same of each trial that has ended before
 */
export function hasFallenBehind(
  values: readonly number[],
  earlier: readonly (readonly number[])[],
  objective: Objective,
): boolean {
  const current = values.at(-1);
  const averages = earlier
    .filter(({ length }) => length >= values.length)
    .map((others) => mean(others.slice(0, values.length)));
  if (current === undefined || averages.length < LEAST_EARLIER_TRIALS) return false;
  return isBetter(median(averages), current, objective);
}
