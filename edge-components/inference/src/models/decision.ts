import type { Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';

/** What may be reported of a frame: the contract's status, class and confidence. */
export type Decision =
  | { readonly status: 'ok' | 'uncertain'; readonly predictedClass: string; readonly confidence: number }
  | { readonly status: 'invalid'; readonly reason: string };

/**
 * How far probabilities may be from [0, 1] and their sum from 1. An int8 graph may quantize its softmax in steps of
 * 1/255, which moves a sum of a few classes by up to about a hundredth.
 */
const PROBABILITY_TOLERANCE = 0.02;

/** Why an output is no probability distribution over the classes; undefined when it is one. */
export function outputProblem(probabilities: readonly number[], classes: number): string | undefined {
  if (probabilities.length !== classes)
    return `output has ${probabilities.length} values for ${classes} classes`;
  const bad = probabilities.findIndex(
    (value) => !(value >= -PROBABILITY_TOLERANCE && value <= 1 + PROBABILITY_TOLERANCE),
  );
  if (bad !== -1) return `output ${bad} is ${probabilities[bad]}, not a probability`;
  const sum = probabilities.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) > PROBABILITY_TOLERANCE
    ? `output sums to ${sum.toFixed(4)} instead of 1`
    : undefined;
}

/**
 * The class with the highest probability, `ok` from its threshold upwards and `uncertain` below it. An output that is
 * no distribution (NaN included: ONNX Runtime returns it as a normal result) is `invalid`, never a good part.
 */
export function decide(
  probabilities: readonly number[],
  release: Pick<Release, 'classes' | 'thresholds'>,
): Decision {
  const problem = outputProblem(probabilities, release.classes.length);
  if (problem !== undefined) return { status: 'invalid', reason: problem };
  const best = probabilities.reduce(
    (top, value, index) => (value > (probabilities[top] ?? 0) ? index : top),
    0,
  );
  const predictedClass = release.classes[best] as string;
  const confidence = Math.min(1, Math.max(0, probabilities[best] as number));
  const threshold = ownValue(release.thresholds, predictedClass);
  if (threshold === undefined)
    return { status: 'invalid', reason: `no threshold for class '${predictedClass}'` };
  return { status: confidence >= threshold ? 'ok' : 'uncertain', predictedClass, confidence };
}
