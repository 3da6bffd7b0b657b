import type { Assessment, AssessmentLimits } from './assess-release';
import type { Episode } from './episode';
import type { AccuracyEstimate } from './estimate-accuracy';

const HOUR = 3_600_000;

/** What is seen of the fleet now. */
export interface SeenNow {
  readonly assessment: Assessment;
  readonly accuracy?: AccuracyEstimate | undefined;
  /** How far back drift is looked for. */
  readonly driftLookbackHours: number;
}

/**
 * Why an open episode is over although nothing was trained: a lamp was changed, a lens cleaned. Pure.
 *
 * The whole window must be of after it was opened. An episode that labels have opened is not over while they are silent,
 * and one whose retraining has begun ends with that: its release is what the next results are compared with.
 * @returns `undefined` while it goes on
 */
export function endedByItself(
  { status, openedAt, evidence }: Pick<Episode, 'status' | 'openedAt' | 'evidence'>,
  { assessment, accuracy, driftLookbackHours }: SeenNow,
  { minimumEffectiveLabels }: Pick<AssessmentLimits, 'minimumEffectiveLabels'>,
  now: Date,
): string | undefined {
  if (status !== 'OPEN' || assessment.kind !== 'HEALTHY') return undefined;
  if (now.getTime() - Date.parse(openedAt) < driftLookbackHours * HOUR) return undefined;
  const isByLabels = evidence.assessment.kind === 'ACCURACY_LOW';
  if (isByLabels && (accuracy?.effectiveLabels ?? 0) < minimumEffectiveLabels) return undefined;
  return `the field is within its limits again, over ${driftLookbackHours} h`;
}
