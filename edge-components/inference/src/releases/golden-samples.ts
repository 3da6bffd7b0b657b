import type { GoldenSample } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import { outputProblem } from '../models/decision';

/** `default` of the contract's goldenSample.tolerance. */
const DEFAULT_TOLERANCE = 0.02;

export interface GoldenSampleProblem {
  readonly code: 'OUTPUT_CONTRACT' | 'GOLDEN_SAMPLE_MISMATCH';
  readonly message: string;
}

/** Why an output is not what the cloud computed for the same image; undefined when it is. */
export function goldenSampleProblem(
  sample: GoldenSample,
  variant: string,
  probabilities: readonly number[],
): GoldenSampleProblem | undefined {
  const expected = ownValue(sample.probabilities, variant) ?? [];
  const problem = outputProblem(probabilities, expected.length);
  if (problem !== undefined) {
    return { code: 'OUTPUT_CONTRACT', message: `${variant}, ${sample.file}: ${problem}` };
  }
  const tolerance = sample.tolerance ?? DEFAULT_TOLERANCE;
  const difference = Math.max(
    ...expected.map((value, index) => Math.abs(value - (probabilities[index] as number))),
  );
  if (difference <= tolerance) return undefined;
  const message = `${variant}, ${sample.file}: differs by ${difference.toFixed(4)} from the cloud's output, tolerance ${tolerance}`;
  return { code: 'GOLDEN_SAMPLE_MISMATCH', message };
}
