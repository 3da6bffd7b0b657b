import type { Disposition, Release } from '../../../../contracts';
import { dispositionOf } from '../inspection/disposition';
import type { OpinionDecision } from './read-answer';

/**
 * What becomes of a part that goes to review, after the larger network has been heard. It may always take the part out.
 * It lets one pass only where the signed release says that it may, and never one that is new to the release: it has been
 * validated on the same images.
 */
export function joinOpinion(
  decision: OpinionDecision,
  novel: boolean,
  release: Pick<Release, 'dispositionPolicy' | 'secondOpinion'>,
): Disposition {
  const disposition = dispositionOf(decision, novel, release);
  return disposition === 'pass' && !release.secondOpinion?.mayPass ? 'review' : disposition;
}
