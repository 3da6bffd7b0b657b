/**
 * What the line looked like when its release was accepted there. Pure.
 *
 * The baseline of a release that was trained to answer drift mixes the world of before with the world of now, so the
 * cured line itself lay far from it, and the next episode opened minutes after the cure (brightness index 5.76 in the
 * demo). The first results of such a release are therefore what the next ones are compared with: it was trained for
 * what they show, and its waves were judged on it. Of any other release the field takes the data set's place only when
 * labels have said that it is right there.
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
  readonly answeredEpisodeId?: string | undefined;
  /** Of the whole fleet, under this release. */
  readonly sketch?: Sketch | undefined;
  /** Whether the release has a reference for its embeddings, of which a baseline needs as many. */
  readonly hasReference: boolean;
  readonly accuracy?: AccuracyEstimate | undefined;
  /** Accuracy of the release on the test split. */
  readonly baselineAccuracy: number;
}

type Word = { readonly believed: boolean; readonly because: string };

function wordOfLabels({ accuracy, baselineAccuracy }: Standing, limits: AssessmentLimits): Word | undefined {
  if (!accuracy || accuracy.effectiveLabels < limits.minimumEffectiveLabels) return undefined;
  const limit = baselineAccuracy - limits.accuracyDropLimit;
  if (accuracy.lower >= limit)
    return { believed: true, because: `${accuracy.labels} labels say that it is right` };
  return accuracy.value < limit ? { believed: false, because: 'labels say that it is wrong' } : undefined;
}

function sizeOf(sketch: Sketch, { hasReference }: Standing): number {
  const valid = sketch.results - sketch.invalid;
  return hasReference ? Math.min(valid, allEmbeddings(sketch)?.count ?? 0) : valid;
}

/** @returns the baseline to take from here on; `undefined` while there are too few results, or nothing vouches for them */
export function fieldBaselineOf(
  standing: Standing,
  limits: AssessmentLimits,
  now: Date,
): FieldBaseline | undefined {
  const { releaseId, sketch, answeredEpisodeId } = standing;
  if (!sketch || sizeOf(sketch, standing) < fieldBaselineResults(limits)) return undefined;
  const answered = answeredEpisodeId
    ? { believed: true, because: `the release was trained to answer ${answeredEpisodeId}` }
    : undefined;
  const word = wordOfLabels(standing, limits) ?? answered;
  if (!word?.believed) return undefined;
  return { releaseId, takenAt: now.toISOString(), sketch, because: word.because };
}
