/**
 * How far what the classifier reads of the field lies from where it was validated. Pure.
 *
 * A residual is the embedding of a frame less the mean of its predicted class over images that the network has not learnt,
 * in units in which residuals have variance 1 over the validation split. Brightness moves for many reasons that no
 * classifier minds; where the vector moves that it decides by, it was not shown to be right.
 *
 * The same is asked of the frames of each predicted class. An unknown thing is called one or two names, and moves their
 * means several times as far as the mean of all. What moves s of the frames by a shift moves the mean of all by s * |shift|:
 * the square of that is compared with a limit, so that a class of few frames weighs little, whatever it looks like.
 */
import type { Release, Sketch } from '../../contracts';
import { ownValue } from '../../contracts/own-value';
import { allEmbeddings, type SumsByClass } from '../telemetry/embedding-sums';
import { storedProbability } from './compare-distributions';
import { farthestFirst } from './farthest-beyond';
import {
  type Distance,
  degreesOfAll,
  degreesOfClass,
  distanceOf,
  mixOf,
  momentsOf,
  type Reference,
  shareOfImages,
  shareOfReference,
} from './mean-residual';

/** The embeddings of all, those of a class and the confidence share the accepted false alarms (Bonferroni). */
const JUDGED_TOGETHER = 3;
/** Of fewer frames the trace is chance too. */
const FEWEST_OF_CLASS = 20;
/**
 * Of the limit for all, at least: what moves one class alone is a thing, and costs more than what moves all a little. A
 * class with a larger share is held to that share of it, so that one that is nearly all is held to what all are.
 */
const LEAST_OF_LIMIT = 0.4;

export interface EmbeddingLimits {
  /** Largest squared shift that is no drift, in variances of the validation split. */
  readonly embeddingLimit: number;
  /** Accepted probability of a false alarm over all features of one evaluation. */
  readonly falseAlarmProbability: number;
}

interface Comparison extends Distance {
  /** Whose residuals were summed up. */
  readonly frames: number;
  readonly limit: number;
  /** Whether it lies beyond its limit, and chance does not explain it. */
  readonly drifted: boolean;
}

/** Of one predicted class: value and chance are by how far it moves the mean of all. */
export interface ClassComparison extends Comparison {
  readonly predictedClass: string;
  /** That any of the classes lies at least this far away. */
  readonly pValue: number;
}

export interface EmbeddingComparison extends Comparison {
  /** The class that has moved, the farthest where some have; else the one that chance explains least. @default - sums are not by class, or no class has enough frames */
  readonly ofClass?: ClassComparison;
}

/** Whether all have moved, or one class has. */
export const hasMoved = ({ drifted, ofClass }: EmbeddingComparison): boolean =>
  drifted || ofClass?.drifted === true;

/** What sums are of: of a window, or of a field baseline. */
export type SummedEmbeddings = Pick<Sketch, 'embedding' | 'embeddingByClass'>;

/**
 * Each predicted class with enough frames, by how far it moves the mean of all.
 * @param limit for all
 */
function compareClasses(
  reference: Reference,
  sums: SumsByClass,
  frames: number,
  limit: number,
  baseline: SummedEmbeddings | undefined,
): Omit<ClassComparison, 'drifted'>[] {
  return Object.entries(sums).flatMap(([predictedClass, ofClass]) => {
    const now = momentsOf(ofClass);
    const images = ownValue(reference, predictedClass)?.images;
    const before = baseline && momentsOf(ownValue(baseline.embeddingByClass ?? {}, predictedClass));
    if (!now || now.count < FEWEST_OF_CLASS || images === undefined || (baseline && !before)) return [];
    const share = now.count / frames;
    const { value, chance, pValue } = distanceOf(
      now,
      before,
      shareOfImages(images),
      degreesOfClass(now.mean.length),
    );
    return [
      {
        predictedClass,
        frames: now.count,
        value: share ** 2 * value,
        chance: share ** 2 * chance,
        pValue,
        limit: limit * Math.max(LEAST_OF_LIMIT, share),
      },
    ];
  });
}

function mostConspicuous(
  classes: readonly Omit<ClassComparison, 'drifted'>[],
  probability: number,
): ClassComparison | undefined {
  const judged = classes.map((one) => {
    const pValue = Math.min(1, one.pValue * classes.length);
    return {
      ...one,
      pValue: storedProbability(pValue),
      drifted: one.value > one.limit && pValue < probability,
    };
  });
  const [moved] = farthestFirst(
    judged.filter(({ drifted }) => drifted),
    ({ value }) => value,
  );
  const [leastProbable] = [...judged].sort((x, y) => x.pValue - y.pValue);
  return moved ?? leastProbable;
}

/**
 * Compares the sums of the field with the release's reference.
 * @param field sums of the release's size
 * @param baseline what the field was like when it was believed. @default - the release's reference alone
 * @returns `undefined` for a release without a reference; without sums, a comparison of no frames
 */
export function compareEmbedding(
  { embedding }: Pick<Release, 'embedding'>,
  field: SummedEmbeddings & Pick<Sketch, 'classCounts'>,
  { embeddingLimit: limit, falseAlarmProbability }: EmbeddingLimits,
  baseline?: SummedEmbeddings,
): EmbeddingComparison | undefined {
  const reference = embedding?.reference;
  if (!reference) return undefined;
  const now = momentsOf(allEmbeddings(field));
  if (!now) return { frames: 0, value: 0, chance: 0, pValue: 1, limit, drifted: false };
  const probability = falseAlarmProbability / JUDGED_TOGETHER;
  const before = baseline && momentsOf(allEmbeddings(baseline));
  const mix = mixOf(field.classCounts, reference);
  const all = distanceOf(now, before, shareOfReference(mix), degreesOfAll(now, mix));
  const sums = field.embeddingByClass ?? {};
  const classes = compareClasses(reference, sums, now.count, limit, before && baseline);
  const ofClass = mostConspicuous(classes, probability);
  return {
    ...all,
    pValue: storedProbability(all.pValue),
    frames: now.count,
    limit,
    drifted: all.value > limit && all.pValue < probability,
    ...(ofClass && { ofClass }),
  };
}
