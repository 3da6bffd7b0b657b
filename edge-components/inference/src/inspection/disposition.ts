import type { Disposition, Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import type { Decision } from '../models/decision';

/**
 * What becomes of the part. Only a certain answer of a class that the signed policy lets pass may pass; whatever is
 * unreadable, uncertain, new to the release or without a policy goes to a person.
 * @param novel whether the frame lies where the release was hardly validated
 */
export function dispositionOf(
  decision: Decision,
  novel: boolean,
  { dispositionPolicy }: Pick<Release, 'dispositionPolicy'>,
): Disposition {
  if (decision.status !== 'ok' || !dispositionPolicy) return 'review';
  if (novel && dispositionPolicy.novel === 'review') return 'review';
  return ownValue(dispositionPolicy.classes, decision.predictedClass) ?? 'review';
}
