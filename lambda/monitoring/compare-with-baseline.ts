import type { Histogram, Release, Sketch } from '../../contracts';
import { compareCounts, type DistributionComparison } from './compare-distributions';
import { expectedHistogram, type Reference } from './expected-counts';
import { DRIFT_FEATURES } from './names';

export type DriftFeature = (typeof DRIFT_FEATURES)[number];
type Baseline = Release['baseline'];

/** When a feature counts as drifted. */
export interface DriftLimits {
  readonly featureLimit: number;
  readonly classMixLimit: number;
  /** Accepted probability of a false alarm over all features of one evaluation. */
  readonly falseAlarmProbability: number;
}

export interface FeatureComparison extends DistributionComparison {
  readonly feature: DriftFeature;
  readonly limit: number;
  readonly drifted: boolean;
}

function histogramCounts(feature: string, baseline: Histogram, field: Histogram): [number[], number[]] {
  if (baseline.minimum !== field.minimum || baseline.maximum !== field.maximum) {
    throw new Error(
      `${feature}: the baseline's bins span ${baseline.minimum}..${baseline.maximum}, the field's ${field.minimum}..${field.maximum}; both must come from contracts/histogram-bins.json`,
    );
  }
  return [baseline.counts, field.counts];
}

function classCounts(reference: Reference, sketch: Sketch): [number[], number[]] {
  const [before, now] = [
    new Map(Object.entries(reference.classCounts)),
    new Map(Object.entries(sketch.classCounts)),
  ];
  const names = [...new Set([...before.keys(), ...now.keys()])].sort();
  return [names.map((name) => before.get(name) ?? 0), names.map((name) => now.get(name) ?? 0)];
}

/**
 * Compares what the field saw with what the release expects of the field's mix of classes, feature by feature. A
 * feature has drifted when its index is above its limit and chance does not explain it; the accepted false alarms are
 * shared out among the features (Bonferroni).
 * @param reference what the field is compared with. @default - the release's baseline
 * @returns one entry per feature that has counts on both sides
 */
export function compareWithBaseline(
  baseline: Baseline,
  sketch: Sketch,
  limits: DriftLimits,
  reference: Reference = baseline,
): FeatureComparison[] {
  return DRIFT_FEATURES.flatMap((feature) => {
    const isClassMix = feature === 'classMix';
    const [before, now] = isClassMix
      ? classCounts(reference, sketch)
      : histogramCounts(
          feature,
          expectedHistogram(reference, baseline.byClass, sketch, feature),
          sketch[feature],
        );
    const comparison = compareCounts(before, now, !isClassMix);
    if (!comparison) return [];
    const limit = isClassMix ? limits.classMixLimit : limits.featureLimit;
    const drifted =
      comparison.populationStabilityIndex > limit &&
      comparison.pValue < limits.falseAlarmProbability / DRIFT_FEATURES.length;
    return [{ feature, limit, drifted, ...comparison }];
  });
}
