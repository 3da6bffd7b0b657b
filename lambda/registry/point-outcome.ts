/** What thresholds do to parts whose class a person has said: pure. */
import type { Label, Release } from '../../contracts';
import { ownValue } from '../../contracts/own-value';

export type LabelledPart = Pick<
  Label,
  'label' | 'predictedClass' | 'confidence' | 'reviewReason' | 'reasons' | 'inclusionProbability'
>;

/** Counts of parts, and what they come to. */
export interface PointOutcome {
  readonly goods: number;
  readonly defects: number;
  /** Defective parts that pass. */
  readonly escapes: number;
  /** Good parts that are taken out. */
  readonly falseRejects: number;
  /** Parts that a person looks at. */
  readonly reviews: number;
  /**
   * What a thousand parts of the line would have cost, in the plant's unit: each part counts for as many as it stands for,
   * 1 / its probability of being chosen (Horvitz and Thompson 1952). Undefined without a part, or without costs.
   */
  readonly costPerThousand: number | undefined;
}

const PER_THOUSAND = 1_000;

/**
 * Decides as a device does: the class that the device has claimed, from its threshold on; else a person. What went to a
 * person for another reason goes there whatever the thresholds are.
 */
export function outcomeAt(
  parts: readonly LabelledPart[],
  thresholds: Release['thresholds'],
  policy: NonNullable<Release['dispositionPolicy']>,
): PointOutcome {
  const counts = { goods: 0, defects: 0, escapes: 0, falseRejects: 0, reviews: 0 };
  const costs = policy.operatingRange?.costs;
  let cost = 0;
  let weights = 0;
  for (const part of parts) {
    const isGood = ownValue(policy.classes, part.label) === 'pass';
    const disposition = dispositionAt(part, thresholds, policy);
    const weight = 1 / part.inclusionProbability;
    counts[isGood ? 'goods' : 'defects']++;
    weights += weight;
    if (disposition === 'review') {
      counts.reviews++;
      cost += weight * (costs?.review ?? 0);
    } else if (disposition === 'pass' && !isGood) {
      counts.escapes++;
      cost += weight * (costs?.escape ?? 0);
    } else if (disposition === 'reject' && isGood) {
      counts.falseRejects++;
      cost += weight * (costs?.falseReject ?? 0);
    }
  }
  return { ...counts, costPerThousand: costs && weights > 0 ? (PER_THOUSAND * cost) / weights : undefined };
}

function dispositionAt(
  { predictedClass, confidence, reviewReason, reasons }: LabelledPart,
  thresholds: Release['thresholds'],
  { classes, novel }: NonNullable<Release['dispositionPolicy']>,
): string {
  if (reviewReason !== undefined) return 'review';
  // An uncertain part has no reason beside that, but one that was kept for its novelty was novel.
  if (novel === 'review' && reasons.includes('novelty')) return 'review';
  if (predictedClass === undefined || confidence === undefined) return 'review';
  const threshold = ownValue(thresholds, predictedClass);
  if (threshold === undefined || confidence < threshold) return 'review';
  return ownValue(classes, predictedClass) ?? 'review';
}
