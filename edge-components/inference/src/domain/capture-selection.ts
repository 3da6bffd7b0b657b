import type { Capture, ComponentConfiguration } from '../../../../contracts';

export type UploadPolicy = ComponentConfiguration['upload'];

/** Why a frame was chosen, and how likely a frame like it is chosen. */
export interface Selection {
  readonly reasons: Capture['reasons'];
  /** 0 < p <= 1. */
  readonly inclusionProbability: number;
}

/**
 * Two independent draws: `control` takes every frame with the same probability, `uncertainty` takes frames whose
 * confidence is below the threshold. A frame in either is chosen, so its inclusion probability is that of the union,
 * `1 - (1 - control)(1 - uncertain)`, whichever draw took it. Weighting a label by its inverse (Horvitz and Thompson
 * 1952, JASA 47:663) gives unbiased totals over all frames, as long as `controlSampleProbability` is above 0.
 * @param confidence undefined for a frame without a valid output: only the control draw can take it
 * @param random uniform in [0, 1); called twice whatever the policy, so that a seeded sequence stays aligned
 */
export function selectCapture(
  confidence: number | undefined,
  policy: UploadPolicy,
  random: () => number,
): Selection | undefined {
  const controlDraw = random();
  const uncertaintyDraw = random();
  if (policy.privacy === 'never') return undefined;
  const control = policy.controlSampleProbability;
  const uncertain =
    confidence !== undefined && confidence < policy.uncertaintyThreshold
      ? policy.uncertainSampleProbability
      : 0;
  const reasons: Capture['reasons'] = [];
  if (controlDraw < control) reasons.push('control');
  if (uncertaintyDraw < uncertain) reasons.push('uncertainty');
  if (reasons.length === 0) return undefined;
  return { reasons, inclusionProbability: 1 - (1 - control) * (1 - uncertain) };
}

/** Bytes promised to uploads on one UTC day. */
export interface UploadBudget {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly bytes: number;
}

/** The budget after taking `bytes` of it at `now`, or undefined when they do not fit into what is left today. */
export function takeFromBudget(
  budget: UploadBudget | undefined,
  bytes: number,
  dailyByteBudget: number,
  now: number,
): UploadBudget | undefined {
  const used = bytesUsedToday(budget, now);
  return used + bytes > dailyByteBudget ? undefined : { day: utcDay(now), bytes: used + bytes };
}

export function bytesUsedToday(budget: UploadBudget | undefined, now: number): number {
  return budget?.day === utcDay(now) ? budget.bytes : 0;
}

function utcDay(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
