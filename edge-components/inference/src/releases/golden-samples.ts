import type { GoldenSample, Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import { outputProblem } from '../models/decision';
import type { Inference } from '../ports';

/** `default` of the contract's goldenSample.tolerance. */
const DEFAULT_TOLERANCE = 0.02;
/** Of the larger of score and limit, as the contract's goldenSample.novelty says: quantized features move in steps. */
const NOVELTY_TOLERANCE = 0.1;

export interface GoldenSampleProblem {
  readonly code: 'OUTPUT_CONTRACT' | 'GOLDEN_SAMPLE_MISMATCH';
  readonly message: string;
}

/** Why an output is not what the cloud computed for the same image; undefined when it is. */
export function goldenSampleProblem(
  sample: GoldenSample,
  variant: string,
  { probabilities, novelty }: Pick<Inference, 'probabilities' | 'novelty'>,
  release: Pick<Release, 'novelty'>,
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
  if (difference > tolerance) {
    const message = `${variant}, ${sample.file}: differs by ${difference.toFixed(4)} from the cloud's output, tolerance ${tolerance}`;
    return { code: 'GOLDEN_SAMPLE_MISMATCH', message };
  }
  const limit = release.novelty?.limits[variant];
  return limit === undefined ? undefined : scoreProblem(sample, variant, limit, novelty);
}

function scoreProblem(
  { file, novelty: scores }: GoldenSample,
  variant: string,
  limit: number,
  score = Number.NaN,
): GoldenSampleProblem | undefined {
  const expected = scores?.[variant] ?? Number.NaN;
  const tolerance = NOVELTY_TOLERANCE * Math.max(limit, expected);
  // Not "difference > tolerance": NaN must not pass.
  if (Math.abs(score - expected) <= tolerance) return undefined;
  const message = `${variant}, ${file}: score of novelty is ${score.toPrecision(4)} instead of ${expected.toPrecision(4)}, tolerance ${tolerance.toPrecision(2)}`;
  return { code: 'GOLDEN_SAMPLE_MISMATCH', message };
}
