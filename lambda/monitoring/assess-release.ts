import type { EmbeddingComparison } from './compare-embedding';
import type { DriftFeature, FeatureComparison } from './compare-with-baseline';
import type { AccuracyEstimate } from './estimate-accuracy';
import { farthestFirst } from './farthest-beyond';
import { EMBEDDING_FEATURE } from './names';

export interface AssessmentLimits {
  /** Of results; of their frames half must be in the sums of embeddings. */
  readonly minimumResults: number;
  readonly minimumEffectiveLabels: number;
  /** How far the accuracy may lie below the test split's. */
  readonly accuracyDropLimit: number;
}

export interface ReleaseObservations {
  /** Results of the release in the window, invalid ones left out. */
  readonly validResults: number;
  readonly features: readonly FeatureComparison[];
  /** @default - the release has no reference for its embeddings */
  readonly embedding?: EmbeddingComparison | undefined;
  readonly accuracy?: AccuracyEstimate | undefined;
  /** Accuracy of the release on the test split. */
  readonly baselineAccuracy: number;
  /** Results that a field baseline needs, while the release waits for it. @default - it does not */
  readonly neededResults?: number | undefined;
}

/** What can open an episode without a label. */
export type JudgedFeature = DriftFeature | typeof EMBEDDING_FEATURE;

export type Assessment =
  | {
      readonly kind: 'NO_DATA';
      readonly results: number;
      readonly minimumResults: number;
      /** Frames whose embeddings are summed up, where it is they that are too few. */
      readonly embeddings?: number;
      /** How many of them it takes; as many as results in records of before. */
      readonly minimumEmbeddings?: number;
    }
  | { readonly kind: 'SETTLING'; readonly results: number; readonly neededResults: number }
  | { readonly kind: 'HEALTHY' }
  | {
      readonly kind: 'DRIFT';
      readonly feature: JudgedFeature;
      /** The class whose frames lie elsewhere, where it is they and not all. */
      readonly predictedClass?: string;
      readonly value: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'ACCURACY_LOW';
      readonly value: number;
      readonly lower: number;
      readonly upper: number;
      readonly limit: number;
    };

interface Judged {
  readonly feature: JudgedFeature;
  readonly predictedClass?: string;
  readonly value: number;
  readonly limit: number;
  readonly drifted: boolean;
}

/**
 * What is judged, the farthest beyond its limit first. Where the embeddings are known, they and the confidence alone: an
 * image statistic moves for many reasons that cost nothing. Another mix of classes is no drift: the line makes other
 * parts, or more good ones, and no model becomes better by being trained again for that.
 */
function judgedFeatures({
  features,
  embedding,
}: Pick<ReleaseObservations, 'features' | 'embedding'>): Judged[] {
  const distributions = features
    .filter(({ feature }) => (embedding ? feature === 'confidence' : feature !== 'classMix'))
    .map(({ feature, populationStabilityIndex: value, limit, drifted }) => ({
      feature,
      value,
      limit,
      drifted,
    }));
  return farthestFirst([...judgedEmbeddings(embedding), ...distributions], ({ value }) => value);
}

/** A class counts when it has moved: before that its distance is mostly chance. */
function judgedEmbeddings(embedding: EmbeddingComparison | undefined): Judged[] {
  if (!embedding) return [];
  const { ofClass, value, limit, drifted } = embedding;
  const ofAll = { feature: EMBEDDING_FEATURE, value, limit, drifted } as const;
  return ofClass?.drifted ? [ofAll, { ...ofClass, feature: EMBEDDING_FEATURE }] : [ofAll];
}

/**
 * Half of what is asked of results: devices hold back a few frames of each class, and components of before hold back more.
 * What chance makes of fewer frames is in the comparison.
 */
export const minimumEmbeddings = ({ minimumResults }: Pick<AssessmentLimits, 'minimumResults'>): number =>
  minimumResults / 2;

/** How far the worst of what is judged lies beyond its limit: 1 is at the limit. */
export function deviationOf(seen: Pick<ReleaseObservations, 'features' | 'embedding'>): number {
  const [worst] = judgedFeatures(seen);
  return worst ? worst.value / worst.limit : 0;
}

/** `NO_DATA` of results that suffice or do not, and of embeddings where it is they that are too few. */
function noData({ validResults, embedding }: ReleaseObservations, limits: AssessmentLimits): Assessment {
  const { minimumResults } = limits;
  const few = { kind: 'NO_DATA', results: validResults, minimumResults } as const;
  return embedding && validResults >= minimumResults
    ? { ...few, embeddings: embedding.frames, minimumEmbeddings: minimumEmbeddings(limits) }
    : few;
}

/**
 * The decision table. Labels speak before distributions: a drift that costs no accuracy may be harmless, a fall in
 * accuracy never is. Silence is no health: too few results are `NO_DATA`, and so are too few embeddings, unless the
 * confidence says by itself that there is drift. A release that answers an episode settles first: what it is compared with
 * is what it sees then.
 */
export function assessRelease(seen: ReleaseObservations, options: AssessmentLimits): Assessment {
  const { accuracy } = seen;
  const limit = seen.baselineAccuracy - options.accuracyDropLimit;
  if (accuracy && accuracy.effectiveLabels >= options.minimumEffectiveLabels && accuracy.upper < limit) {
    const { value, lower, upper } = accuracy;
    return { kind: 'ACCURACY_LOW', value, lower, upper, limit };
  }
  const { validResults, neededResults } = seen;
  if (validResults < options.minimumResults) return noData(seen, options);
  const frames = seen.embedding?.frames ?? validResults;
  const hasVectors = frames >= minimumEmbeddings(options);
  if (neededResults !== undefined) {
    if (!hasVectors) return noData(seen, options);
    return { kind: 'SETTLING', results: Math.min(validResults, frames), neededResults };
  }
  const worst = judgedFeatures(seen).find(
    ({ feature, drifted }) => drifted && (hasVectors || feature !== EMBEDDING_FEATURE),
  );
  if (worst) {
    const { feature, value, predictedClass } = worst;
    return { kind: 'DRIFT', feature, ...(predictedClass && { predictedClass }), value, limit: worst.limit };
  }
  return hasVectors ? { kind: 'HEALTHY' } : noData(seen, options);
}
