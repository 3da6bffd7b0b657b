/**
 * What the line looked like when a release that was trained for it was accepted there. Pure.
 *
 * The baseline of a release that was trained to answer drift mixes the world of before with the world of now, so the
 * cured line itself lay far from it, and the next episode opened minutes after the cure (brightness index 5.76 in the
 * demo). The first results of such a release are therefore what the next ones are compared with: it was trained for
 * what they show, and its waves were judged on it.
 *
 * Nothing else vouches for a field. Labels did: at 97 % good parts nearly all of them are of good parts and right, under
 * most drifts too, and a line that had changed for the worse became what it was compared with (D8 of `bench -- drift`).
 */
import type { Sketch } from '../../contracts';
import { allEmbeddings } from '../telemetry/embedding-sums';
import type { AssessmentLimits } from './assess-release';
import type { AccuracyEstimate } from './estimate-accuracy';

export interface FieldBaseline {
  readonly releaseId: string;
  /** ISO timestamp. */
  readonly takenAt: string;
  /** Of the whole fleet. */
  readonly sketch: Sketch;
  /** Why the field may be believed. */
  readonly because: string;
}

/**
 * So many times the results with which drift is assessed: the reference's own chance adds a fifth to the variance of a
 * comparison then, not as much again.
 */
const RESULTS_PER_MINIMUM = 5;

export const fieldBaselineResults = ({ minimumResults }: AssessmentLimits): number =>
  RESULTS_PER_MINIMUM * minimumResults;

export interface Standing {
  readonly releaseId: string;
  /** Episode that the release was trained to answer. */
  readonly answeredEpisodeId: string;
  /** Of the whole fleet, under this release. */
  readonly sketch?: Sketch | undefined;
  /** Whether the release has a reference for its embeddings, of which a baseline needs as many. */
  readonly hasReference: boolean;
  readonly accuracy?: AccuracyEstimate | undefined;
  /** Accuracy of the release on the test split. */
  readonly baselineAccuracy: number;
}

function labelsSayWrong({ accuracy, baselineAccuracy }: Standing, limits: AssessmentLimits): boolean {
  if (!accuracy || accuracy.effectiveLabels < limits.minimumEffectiveLabels) return false;
  return accuracy.value < baselineAccuracy - limits.accuracyDropLimit;
}

function sizeOf(sketch: Sketch, { hasReference }: Standing): number {
  const valid = sketch.results - sketch.invalid;
  return hasReference ? Math.min(valid, allEmbeddings(sketch)?.count ?? 0) : valid;
}

/** @returns the baseline to take from here on; `undefined` while there are too few results, or labels speak against them */
export function fieldBaselineOf(
  standing: Standing,
  limits: AssessmentLimits,
  now: Date,
): FieldBaseline | undefined {
  const { releaseId, sketch, answeredEpisodeId } = standing;
  if (!sketch || sizeOf(sketch, standing) < fieldBaselineResults(limits)) return undefined;
  if (labelsSayWrong(standing, limits)) return undefined;
  const because = `the release was trained to answer ${answeredEpisodeId}`;
  return { releaseId, takenAt: now.toISOString(), sketch, because };
}
