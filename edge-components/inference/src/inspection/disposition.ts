import type { Disposition, InferenceResult, Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import type { Decision } from '../models/decision';

type Policy = Release['dispositionPolicy'];

/** What is known of a frame beside the answer and the image. */
export interface Circumstances {
  /** Whether another release has contradicted: {@link isContradicted}. @default false */
  readonly contradicted?: boolean;
  /** Whether the part has moved on before the answer. @default false */
  readonly late?: boolean;
}

/** Why a certain answer is not believed; undefined when it is, or is none. See {@link dispositionOf}. */
export function reviewReasonOf(
  decision: Decision,
  novel: boolean,
  { dispositionPolicy }: Pick<Release, 'dispositionPolicy'>,
  { contradicted = false, late = false }: Circumstances = {},
): InferenceResult['reviewReason'] {
  if (decision.status !== 'ok' || !dispositionPolicy) return undefined;
  // No policy decides about that: whatever passes now is another part.
  if (late) return 'late';
  if (contradicted && dispositionPolicy.contradicted === 'review') return 'contradicted';
  return novel && dispositionPolicy.novel === 'review' ? 'novel' : undefined;
}

/**
 * What becomes of the part. Only a certain answer of a class that the signed policy lets pass may pass; whatever is
 * unreadable, uncertain, late, new to the release, contradicted or without a policy goes to a person.
 * @param novel whether the frame lies where the release was hardly validated
 */
export function dispositionOf(
  decision: Decision,
  novel: boolean,
  release: Pick<Release, 'dispositionPolicy'>,
  circumstances: Circumstances = {},
): Disposition {
  if (reviewReasonOf(decision, novel, release, circumstances) !== undefined) return 'review';
  return certainDisposition(decision, release.dispositionPolicy) ?? 'review';
}

/** Whether the answer of another release could change what becomes of the part. */
export const asksAnother = (decision: Decision, policy: Policy): boolean =>
  policy?.contradicted === 'review' && (certainDisposition(decision, policy) ?? 'review') !== 'review';

/**
 * Whether another release says with certainty that something else is to become of the part, by the policy of the one in
 * service: two policies may differ where two models agree. One that is not certain says nothing.
 */
export function isContradicted(decision: Decision, other: Decision | undefined, policy: Policy): boolean {
  if (other?.status !== 'ok' || decision.status !== 'ok') return false;
  return certainDisposition(decision, policy) !== certainDisposition(other, policy);
}

/** Of a class that the policy does not name: review. */
function certainDisposition(decision: Decision, policy: Policy): Disposition | undefined {
  if (decision.status !== 'ok' || !policy) return undefined;
  return ownValue(policy.classes, decision.predictedClass) ?? 'review';
}
