import type { Capture, UploadConfiguration } from '../../../../contracts';

export type UploadPolicy = Readonly<Required<UploadConfiguration>>;

/** What is known of a frame when it is answered. */
export interface Evidence {
  /** Of the decision; absent for a frame without a valid output. */
  readonly confidence?: number;
  /** Whether another release that answered the same frame gave another class; absent when none did. */
  readonly disagrees?: boolean;
  /** Whether the image lies where the release was hardly validated. */
  readonly novelty?: boolean;
}

/** Why a frame was chosen, and how likely a frame like it is chosen. */
export interface Selection {
  readonly reasons: Capture['reasons'];
  /** 0 < p <= 1. */
  readonly inclusionProbability: number;
}

type Reason = Capture['reasons'][number];

/**
 * Of the day's budget, for the control sample alone. A drift makes nearly every frame new and spends the day's bytes in
 * minutes; without labels of what comes after, nobody could say whether the release that answers it is any better.
 */
const CONTROL_SHARE = 0.25;

/** Bytes of a day after which only `control` draws, 0 to `dailyByteBudget`; without a control sample, all of them. */
export function bytesForAllDraws({
  dailyByteBudget,
  controlSampleProbability,
}: Pick<UploadPolicy, 'dailyByteBudget' | 'controlSampleProbability'>): number {
  return controlSampleProbability > 0 ? Math.floor(dailyByteBudget * (1 - CONTROL_SHARE)) : dailyByteBudget;
}

/** The draws in their order, and with which probability each takes a frame of this evidence. */
function draws(evidence: Evidence, policy: UploadPolicy, onlyControl: boolean): [Reason, number][] {
  const { confidence, disagrees, novelty } = evidence;
  const uncertain = confidence !== undefined && confidence < policy.uncertaintyThreshold;
  const others: [Reason, number][] = [
    ['uncertainty', uncertain ? policy.uncertainSampleProbability : 0],
    ['disagreement', disagrees ? policy.disagreementSampleProbability : 0],
    ['novelty', novelty ? policy.noveltySampleProbability : 0],
  ];
  return [
    ['control', policy.controlSampleProbability],
    ...others.map(([reason, probability]): [Reason, number] => [reason, onlyControl ? 0 : probability]),
  ];
}

/**
 * Four independent draws: `control` takes every frame with the same probability, the others take frames of which there is
 * most to learn. A frame in any is chosen, so its inclusion probability is that of the union, `1 - prod(1 - p)` over the
 * draws that may take a frame like it, whichever did. Weighting a label by its inverse (Horvitz and Thompson 1952, JASA
 * 47:663) gives unbiased totals over all frames, as long as `controlSampleProbability` is above 0.
 * @param onlyControl whether the other draws take nothing now; the probability is then that of `control`
 * @param random uniform in [0, 1); called four times whatever the policy, so that a seeded sequence stays aligned
 */
export function selectCapture(
  evidence: Evidence,
  policy: UploadPolicy,
  random: () => number,
  onlyControl = false,
): Selection | undefined {
  const taken = draws(evidence, policy, onlyControl).map(([reason, probability]) => ({
    reason,
    probability,
    takes: random() < probability,
  }));
  const reasons = taken.filter(({ takes }) => takes).map(({ reason }) => reason);
  if (policy.privacy === 'never' || reasons.length === 0) return undefined;
  // Adding up what each draw takes of the rest keeps a tiny probability, which 1 - prod(1 - p) would round to 0.
  const inclusionProbability = taken.reduce((sum, { probability }) => sum + probability * (1 - sum), 0);
  return { reasons, inclusionProbability };
}

/** Bytes promised to uploads on one UTC day. */
export interface UploadBudget {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly bytes: number;
  /** The release of the last capture of that day, and the bytes that had been taken when its first came. */
  readonly newest?: { readonly releaseId: string; readonly from: number };
}

/** The budget of `now`'s day, with the release that the next capture is of. */
export function budgetOf(releaseId: string, budget: UploadBudget | undefined, now: number): UploadBudget {
  const bytes = bytesUsedToday(budget, now);
  const day = budgetDay(budget, now);
  const { newest } = budget?.day === day ? budget : {};
  return { day, bytes, newest: newest?.releaseId === releaseId ? newest : { releaseId, from: bytes } };
}

/**
 * Bytes of the day that the newest release may have taken at most: of what is kept for the control sample, half of what is
 * left when it comes. A drift outlasts any share that one release may use up; the other half is for the release that
 * answers it, half of what that leaves for the next.
 */
export function bytesForRelease(
  { newest }: UploadBudget,
  policy: Pick<UploadPolicy, 'dailyByteBudget' | 'controlSampleProbability'>,
): number {
  const kept = Math.max(bytesForAllDraws(policy), newest?.from ?? 0);
  return Math.floor((kept + policy.dailyByteBudget) / 2);
}

/**
 * The budget after taking `bytes` of it at `now`, or undefined when they do not fit into what is left today. A clock that
 * was set back goes on spending the later day: going back and forth over midnight must not give a budget each time.
 */
export function takeFromBudget(
  budget: UploadBudget | undefined,
  bytes: number,
  dailyByteBudget: number,
  now: number,
): UploadBudget | undefined {
  const used = bytesUsedToday(budget, now);
  if (used + bytes > dailyByteBudget) return undefined;
  const day = budgetDay(budget, now);
  return { ...(budget?.day === day && budget), day, bytes: used + bytes };
}

export function bytesUsedToday(budget: UploadBudget | undefined, now: number): number {
  return budget?.day === budgetDay(budget, now) ? (budget?.bytes ?? 0) : 0;
}

/** Whether the clock shows a day before the one that bytes were last taken on. Days as YYYY-MM-DD compare in their order. */
export function isClockBehind(budget: UploadBudget | undefined, now: number): boolean {
  return budget !== undefined && budget.day > utcDay(now);
}

function budgetDay(budget: UploadBudget | undefined, now: number): string {
  return budget && isClockBehind(budget, now) ? budget.day : utcDay(now);
}

function utcDay(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
