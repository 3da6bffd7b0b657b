import type { DriftFeature, FeatureComparison } from './compare-with-baseline';
import type { AccuracyEstimate } from './estimate-accuracy';

export interface AssessmentLimits {
  readonly minimumResults: number;
  readonly minimumEffectiveLabels: number;
  /** How far the accuracy may lie below the test split's. */
  readonly accuracyDropLimit: number;
}

export interface ReleaseObservations {
  /** Results of the release in the window, invalid ones left out. */
  readonly validResults: number;
  readonly features: readonly FeatureComparison[];
  readonly accuracy?: AccuracyEstimate | undefined;
  /** Accuracy of the release on the test split. */
  readonly baselineAccuracy: number;
  /** Results that a field baseline needs, while the release waits for it. @default - it does not */
  readonly neededResults?: number | undefined;
}

export type Assessment =
  | { readonly kind: 'NO_DATA'; readonly results: number; readonly minimumResults: number }
  | { readonly kind: 'SETTLING'; readonly results: number; readonly neededResults: number }
  | { readonly kind: 'HEALTHY' }
  | { readonly kind: 'DRIFT'; readonly feature: DriftFeature; readonly value: number; readonly limit: number }
  | {
      readonly kind: 'ACCURACY_LOW';
      readonly value: number;
      readonly lower: number;
      readonly upper: number;
      readonly limit: number;
    };

/**
 * The decision table. Labels speak before distributions: a drift that costs no accuracy may be harmless, a fall in
 * accuracy never is. Silence is no health: too few results are `NO_DATA`. Another mix of classes is no drift: the line
 * makes other parts, or more good ones, and no model becomes better by being trained again for that. A release that
 * answers an episode settles first: what it is compared with is what it sees then.
 */
export function assessRelease(seen: ReleaseObservations, options: AssessmentLimits): Assessment {
  const { accuracy } = seen;
  const limit = seen.baselineAccuracy - options.accuracyDropLimit;
  if (accuracy && accuracy.effectiveLabels >= options.minimumEffectiveLabels && accuracy.upper < limit) {
    const { value, lower, upper } = accuracy;
    return { kind: 'ACCURACY_LOW', value, lower, upper, limit };
  }
  if (seen.validResults < options.minimumResults) {
    return { kind: 'NO_DATA', results: seen.validResults, minimumResults: options.minimumResults };
  }
  if (seen.neededResults !== undefined) {
    return { kind: 'SETTLING', results: seen.validResults, neededResults: seen.neededResults };
  }
  const [worst] = seen.features
    .filter(({ feature, drifted }) => drifted && feature !== 'classMix')
    .sort((x, y) => y.populationStabilityIndex / y.limit - x.populationStabilityIndex / x.limit);
  if (!worst) return { kind: 'HEALTHY' };
  const { feature, populationStabilityIndex: value } = worst;
  return { kind: 'DRIFT', feature, value, limit: worst.limit };
}
