/**
 * What a change of the line costs. Pure.
 *
 * Labels say it where there are enough. Without them the confidence does, calibrated on the release's own baseline, as
 * confidence-based performance estimation does (CBPE, NannyML): where p is the mean confidence and a the accuracy,
 *
 *     1 - a(field) = (1 - a(baseline)) * (1 - p(field)) / (1 - p(baseline))
 *
 * That holds for as long as a confidence means what it meant at the validation. Under a drift it does not (a mean of 0.956
 * at an accuracy of 0.431 under drifted light), and a class that the release does not know comes with confidence too: where
 * what the classifier reads is not what was validated, the answer is that nobody knows. To say that, doubt is enough: a
 * class whose frames lie where chance would hardly put them may be called by what the release does not know.
 */
import type { Histogram, Release, Sketch } from '../../contracts';
import type { Interval } from '../shared/intervals';
import { type AssessmentLimits, minimumEmbeddings } from './assess-release';
import type { ClassComparison, EmbeddingComparison } from './compare-embedding';
import type { AccuracyEstimate } from './estimate-accuracy';

export type Harm =
  /** How far the accuracy lies below the test split's, with its 95 % interval; negative where it is better. */
  | { readonly by: 'labels'; readonly drop: Interval }
  | { readonly by: 'confidence'; readonly accuracy: number; readonly drop: number }
  | { readonly by: 'nothing'; readonly reason: string };

export interface HarmObservations {
  readonly baseline: Pick<Release['baseline'], 'confidence' | 'accuracy'>;
  /** `undefined` when no result came. */
  readonly sketch?: Pick<Sketch, 'confidence'> | undefined;
  /** `undefined` for a release without a reference for its embeddings. */
  readonly embedding?: EmbeddingComparison | undefined;
  readonly accuracy?: AccuracyEstimate | undefined;
}

/** Mean of counted values, each taken for the middle of its bin; NaN when nothing is counted. */
function meanOf({ minimum, maximum, counts }: Histogram): number {
  const width = (maximum - minimum) / counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, bin) => sum + count * (minimum + width * (bin + 0.5)), 0) / total;
}

/** By the confidence alone; NaN where one side has none, or the baseline leaves no doubt to scale. */
export function accuracyByConfidence(baseline: HarmObservations['baseline'], field: Histogram): number {
  const doubt = (1 - meanOf(field)) / (1 - meanOf(baseline.confidence));
  return Math.max(0, 1 - (1 - baseline.accuracy) * doubt);
}

/** Of quiet windows so many may be without an estimate. */
const DOUBT = 0.1;
/** Of a class's limit: below a third of the way it is too few parts to matter, however sure it is that they lie elsewhere. */
const LEAST_OF_LIMIT = 0.1;

const isDoubtful = ({ value, limit, pValue, drifted }: ClassComparison): boolean =>
  drifted || (pValue < DOUBT && value > LEAST_OF_LIMIT * limit);

const unknown = (reason: string): Harm => ({ by: 'nothing', reason });

function withoutLabels({ baseline, sketch, embedding }: HarmObservations, limits: AssessmentLimits): Harm {
  const needed = minimumEmbeddings(limits);
  if (!embedding)
    return unknown('the release has no reference for its embeddings, and too few labels have come');
  if (!sketch || embedding.frames < needed) {
    return unknown(`${embedding.frames} of ${needed} embeddings, and too few labels`);
  }
  if (embedding.value > embedding.limit) {
    return unknown('what the classifier reads is not what was validated: only labels tell');
  }
  if (embedding.ofClass && isDoubtful(embedding.ofClass)) {
    return unknown(
      `what is called '${embedding.ofClass.predictedClass}' may not be what was validated as that: only labels tell`,
    );
  }
  const accuracy = accuracyByConfidence(baseline, sketch.confidence);
  if (!Number.isFinite(accuracy)) return unknown('there is no confidence to compare with');
  return { by: 'confidence', accuracy, drop: baseline.accuracy - accuracy };
}

export function estimateHarm(seen: HarmObservations, limits: AssessmentLimits): Harm {
  const { accuracy, baseline } = seen;
  if (!accuracy || accuracy.effectiveLabels < limits.minimumEffectiveLabels)
    return withoutLabels(seen, limits);
  const drop = {
    value: baseline.accuracy - accuracy.value,
    lower: baseline.accuracy - accuracy.upper,
    upper: baseline.accuracy - accuracy.lower,
  };
  return { by: 'labels', drop };
}
