/**
 * With which probability the frame of a label was chosen. The device says so, and nothing that a device says may decide
 * alone: what it claims is held to what the configured upload policy allows for the reasons of the capture. Pure.
 */
import type { Label, UploadConfiguration } from '../../contracts';

/** Of an upload policy, with which probability each draw takes a frame that it may take. */
export type SamplingPolicy = Readonly<Record<Label['reasons'][number], number>>;

/**
 * Whatever the policy says, no frame counts as chosen more seldom: no label outweighs a thousand others. Where a draw is
 * rarer, its frames count for too little, and the estimate leans towards the others.
 */
const LEAST = 0.001;

export const samplingPolicyOf = (upload: UploadConfiguration): SamplingPolicy => ({
  control: upload.controlSampleProbability,
  uncertainty: upload.uncertainSampleProbability,
  disagreement: upload.disagreementSampleProbability ?? 0,
  novelty: upload.noveltySampleProbability ?? 0,
});

/**
 * The claimed probability, between that of the likeliest of its reasons and that of all draws together, `1 - prod(1 - p)`.
 * Where a device has a policy of its own that takes fewer frames, its labels count for less than they should: the bias
 * is towards the frames that the configured policy takes seldom.
 * @returns 0.001 to 1
 */
export function inclusionProbabilityOf(
  { reasons, inclusionProbability }: Pick<Label, 'reasons' | 'inclusionProbability'>,
  policy: SamplingPolicy,
): number {
  const lowest = Math.max(LEAST, ...reasons.map((reason) => policy[reason]));
  const highest = Object.values(policy).reduce((union, p) => union + p * (1 - union), 0);
  return Math.max(lowest, Math.min(inclusionProbability, highest));
}
