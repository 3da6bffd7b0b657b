/**
 * Accuracy in the field from labels of chosen frames. Frames are not chosen evenly (uncertain ones more often), so
 * each label counts with the inverse of the probability with which its frame was chosen: the Horvitz-Thompson
 * estimator in its ratio form (Hajek 1971), since the number of all frames is not known exactly. Pure.
 */
import type { Label } from '../../contracts';

export interface AccuracyEstimate {
  /** Estimated share of frames whose predicted class is the true one, 0..1. */
  readonly value: number;
  /** Bounds of the 95 % interval. */
  readonly lower: number;
  readonly upper: number;
  readonly labels: number;
  /** Size of an evenly drawn sample that would say as much (Kish 1965): (sum w)^2 / sum w^2. */
  readonly effectiveLabels: number;
}

export type WeighedLabel = Pick<Label, 'label' | 'predictedClass' | 'inclusionProbability'>;

/** Two-sided 95 % of the normal distribution. */
const Z = 1.959964;

/** Wilson's score interval; keeps to 0..1 and has a width even at 0 and 1, other than the normal one. */
function wilsonInterval(share: number, size: number): { lower: number; upper: number } {
  const z2 = Z * Z;
  const middle = (share + z2 / (2 * size)) / (1 + z2 / size);
  const half = (Z / (1 + z2 / size)) * Math.sqrt((share * (1 - share)) / size + z2 / (4 * size * size));
  return { lower: Math.max(0, middle - half), upper: Math.min(1, middle + half) };
}

/**
 * Estimates the accuracy. Labels of frames without a predicted class (invalid ones) say nothing about it and are
 * left out; the share of invalid frames is a metric of its own.
 * @returns `undefined` when no label is left
 */
export function estimateAccuracy(labels: readonly WeighedLabel[]): AccuracyEstimate | undefined {
  const judged = labels.filter(({ predictedClass }) => predictedClass !== undefined);
  if (judged.length === 0) return undefined;
  let [sum, sumOfSquares, correct] = [0, 0, 0];
  for (const { label, predictedClass, inclusionProbability } of judged) {
    const weight = 1 / inclusionProbability;
    sum += weight;
    sumOfSquares += weight * weight;
    if (label === predictedClass) correct += weight;
  }
  const value = correct / sum;
  const effectiveLabels = (sum * sum) / sumOfSquares;
  return { value, ...wilsonInterval(value, effectiveLabels), labels: judged.length, effectiveLabels };
}
