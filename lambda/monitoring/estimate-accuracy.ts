/**
 * Accuracy in the field from labels of chosen frames. Frames are not chosen evenly (uncertain ones more often), so
 * each label counts with the inverse of the probability with which its frame was chosen: the Horvitz-Thompson
 * estimator in its ratio form (Hajek 1971), since the number of all frames is not known exactly. Pure.
 */
import type { Label } from '../../contracts';
import { type Interval, wilsonInterval } from '../shared/intervals';
import { inclusionProbabilityOf, type SamplingPolicy } from './label-weights';

/** Share of frames whose predicted class is the true one, 0..1. */
export interface AccuracyEstimate extends Interval {
  readonly labels: number;
  /** Size of an evenly drawn sample that would say as much (Kish 1965): (sum w)^2 / sum w^2. */
  readonly effectiveLabels: number;
}

export type WeighedLabel = Pick<Label, 'label' | 'predictedClass' | 'inclusionProbability' | 'reasons'>;

/**
 * Estimates the accuracy. Labels of frames without a predicted class (invalid ones) say nothing about it and are
 * left out; the share of invalid frames is a metric of its own.
 * @param policy by which frames are chosen; what a device claims otherwise is held to it
 * @returns `undefined` when no label is left
 */
export function estimateAccuracy(
  labels: readonly WeighedLabel[],
  policy: SamplingPolicy,
): AccuracyEstimate | undefined {
  const classified = labels.filter(({ predictedClass }) => predictedClass !== undefined);
  if (classified.length === 0) return undefined;
  let [sum, sumOfSquares, correct] = [0, 0, 0];
  for (const given of classified) {
    const weight = 1 / inclusionProbabilityOf(given, policy);
    sum += weight;
    sumOfSquares += weight * weight;
    if (given.label === given.predictedClass) correct += weight;
  }
  const effectiveLabels = (sum * sum) / sumOfSquares;
  return { ...wilsonInterval(correct / sum, effectiveLabels), labels: classified.length, effectiveLabels };
}
