/** Comparing two or more things in one run: interleaved rounds, medians, spread. */
import type { Measurement } from './figure';

/** Below this a median hides nothing less than a whole round that was disturbed twice. */
export const FEWEST_ROUNDS = 5;

/** @throws RangeError when there is nothing to take it of */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('percentile: there are no values');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`percentile: share must be 0..1, got ${share}`);
  const sorted = [...values].sort((left, right) => left - right);
  // Nearest rank: an observed value, also for the extremes.
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: there are no values');
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/**
 * Runs every task once per round. Each round begins with another task, so that none always runs on a machine that its
 * predecessor has warmed or filled.
 * @returns what each task answered, by round
 * @throws RangeError below {@link FEWEST_ROUNDS} rounds
 */
export async function interleave<Name extends string>(
  rounds: number,
  tasks: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  if (rounds < FEWEST_ROUNDS) throw new RangeError(`rounds: at least ${FEWEST_ROUNDS}, got ${rounds}`);
  const names = Object.keys(tasks) as Name[];
  const answers = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < names.length; step++) {
      const name = names[(round + step) % names.length] as Name;
      answers[name].push(await tasks[name]());
    }
  }
  return answers;
}

/** Four digits: more are noise, and change the results file every time. */
export const significant = (value: number): number => Number(value.toPrecision(4));

/** Median and spread of what the rounds gave. */
export function measurementOf(values: readonly number[], method: string): Measurement {
  return {
    value: significant(median(values)),
    spread: {
      minimum: significant(Math.min(...values)),
      maximum: significant(Math.max(...values)),
      rounds: values.length,
    },
    method,
  };
}

/**
 * The ratio within each round, then their median: what slows the whole machine down for a while cancels out.
 * @throws RangeError when the rounds do not pair up
 */
export function ratioOf(
  numerators: readonly number[],
  denominators: readonly number[],
  method: string,
): Measurement {
  if (numerators.length !== denominators.length) {
    throw new RangeError(`ratio: ${numerators.length} rounds against ${denominators.length}`);
  }
  return measurementOf(
    numerators.map((value, round) => value / (denominators[round] as number)),
    method,
  );
}

/** Something counted: no rounds to spread over. */
export const countOf = (value: number, method: string): Measurement => ({
  value,
  spread: { minimum: value, maximum: value, rounds: 1 },
  method,
});

/** `9.8 s`, as the methods quote medians. */
export const seconds = (values: readonly number[], digits = 1): string =>
  `${median(values).toFixed(digits)} s`;

/** `1.83 ms`, likewise. */
export const milliseconds = (values: readonly number[]): string => `${median(values).toPrecision(3)} ms`;
