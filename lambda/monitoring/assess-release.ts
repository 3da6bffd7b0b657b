import type { EmbeddingComparison } from './compare-embedding';
import type { DriftFeature, FeatureComparison } from './compare-with-baseline';
import type { AccuracyEstimate } from './estimate-accuracy';
import { EMBEDDING_FEATURE } from './names';

export interface AssessmentLimits {
  /** Of results, and of frames whose embeddings are summed up. */
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
    }
  | { readonly kind: 'SETTLING'; readonly results: number; readonly neededResults: number }
  | { readonly kind: 'HEALTHY' }
  | {
      readonly kind: 'DRIFT';
      readonly feature: JudgedFeature;
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
  const vectors = embedding ? [{ ...embedding, feature: EMBEDDING_FEATURE } as const] : [];
  return [...vectors, ...distributions].sort((x, y) => y.value / y.limit - x.value / x.limit);
}

/** How far the worst of what is judged lies beyond its limit: 1 is at the limit. */
export function deviationOf(seen: Pick<ReleaseObservations, 'features' | 'embedding'>): number {
  const [worst] = judgedFeatures(seen);
  return worst ? worst.value / worst.limit : 0;
}

/** `NO_DATA` of results that suffice or do not, and of embeddings where it is they that are too few. */
function noData(
  { validResults, embedding }: ReleaseObservations,
  { minimumResults }: AssessmentLimits,
): Assessment {
  const few = { kind: 'NO_DATA', results: validResults, minimumResults } as const;
  return embedding && validResults >= minimumResults ? { ...few, embeddings: embedding.frames } : few;
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
  const hasVectors = frames >= options.minimumResults;
  if (neededResults !== undefined) {
    if (!hasVectors) return noData(seen, options);
    return { kind: 'SETTLING', results: Math.min(validResults, frames), neededResults };
  }
  const worst = judgedFeatures(seen).find(
    ({ feature, drifted }) => drifted && (hasVectors || feature !== EMBEDDING_FEATURE),
  );
  if (worst) {
    const { feature, value } = worst;
    return { kind: 'DRIFT', feature, value, limit: worst.limit };
  }
  return hasVectors ? { kind: 'HEALTHY' } : noData(seen, options);
}
