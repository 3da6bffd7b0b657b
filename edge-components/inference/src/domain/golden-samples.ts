import type { GoldenSample } from '../../../../contracts';
import { outputProblem } from './decision';

/** `default` of the contract's goldenSample.tolerance. */
const DEFAULT_TOLERANCE = 0.02;

/** Why an output is not what the cloud computed for the same image; undefined when it is. */
export function goldenSampleProblem(
  sample: GoldenSample,
  variant: string,
  probabilities: readonly number[],
): string | undefined {
  const expected = sample.probabilities[variant];
  if (expected === undefined) return `${sample.file}: no expected output for variant '${variant}'`;
  const problem = outputProblem(probabilities, expected.length);
  if (problem !== undefined) return `${sample.file}: ${problem}`;
  const tolerance = sample.tolerance ?? DEFAULT_TOLERANCE;
  const difference = Math.max(
    ...expected.map((value, index) => Math.abs(value - (probabilities[index] as number))),
  );
  return difference > tolerance
    ? `${sample.file}: differs by ${difference.toFixed(4)} from the cloud's output, tolerance ${tolerance}`
    : undefined;
}
