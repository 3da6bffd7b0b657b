/**
 * What has changed: one camera, the line, the yield, or something that nobody has shown the model. Pure. An image statistic
 * or the mix of classes opens no episode where the embeddings are known; here they say where to look.
 */
import { type Assessment, deviationOf } from './assess-release';
import { type EmbeddingComparison, hasMoved } from './compare-embedding';
import type { FeatureComparison } from './compare-with-baseline';
import { farthestFirst } from './farthest-beyond';

const IMAGE_STATISTICS = ['brightness', 'contrast', 'sharpness'] as const;
export type ImageStatistic = (typeof IMAGE_STATISTICS)[number];

export type Cause =
  /** These deviate, the others do not: a lens, a lamp, a mount. */
  | { readonly kind: 'camera'; readonly devices: readonly string[] }
  /** Light or optics of the whole fleet. */
  | {
      readonly kind: 'line';
      readonly feature: ImageStatistic;
      readonly value: number;
      readonly limit: number;
    }
  /** What the classifier reads has moved and the images have not: a defect, a material, a product. */
  | {
      readonly kind: 'new-thing';
      /** What it is called, where it is called one thing. */
      readonly predictedClass?: string;
    }
  /** The mix of predicted classes, and nothing else. */
  | { readonly kind: 'yield'; readonly value: number; readonly limit: number };

/** What is seen of a device, or of all. */
export interface Seen {
  readonly assessment: Assessment;
  readonly features: readonly FeatureComparison[];
  readonly embedding?: EmbeddingComparison | undefined;
}

/** So few deviate that it is they and not the line. */
const MOST_OF_JUDGED = 0.5;
/** In evidence; the worst come first. */
const MOST_NAMED = 20;

/** Of their limits: half of the others lie no farther away than this, or it is the line that is close to its limit. */
const QUIET = 0.5;

const isJudged = ({ assessment: { kind } }: Seen): boolean => kind !== 'NO_DATA' && kind !== 'SETTLING';
const deviates = ({ assessment: { kind } }: Seen): boolean => kind === 'DRIFT' || kind === 'ACCURACY_LOW';

function cameras(devices: readonly (Seen & { readonly deviceId: string })[]): string[] {
  const judged = devices.filter(isJudged);
  const deviating = judged.filter(deviates);
  const others = judged.filter((device) => !deviates(device)).map(deviationOf);
  const isFew = others.length > 0 && deviating.length <= judged.length * MOST_OF_JUDGED;
  const quiet = others.filter((deviation) => deviation <= QUIET);
  return isFew && quiet.length * 2 >= others.length
    ? deviating.slice(0, MOST_NAMED).map(({ deviceId }) => deviceId)
    : [];
}

/** The one farthest beyond its limit. */
function worst(
  features: readonly FeatureComparison[],
  among: readonly string[],
): FeatureComparison | undefined {
  const [first] = farthestFirst(
    features.filter(({ feature, drifted }) => drifted && among.includes(feature)),
    ({ populationStabilityIndex }) => populationStabilityIndex,
  );
  return first;
}

const newThing = ({ ofClass }: EmbeddingComparison): Cause => ({
  kind: 'new-thing',
  ...(ofClass?.drifted && { predictedClass: ofClass.predictedClass }),
});

/**
 * @param devices with the worst first
 * @returns `undefined` where nothing has moved, or what has moved says nothing of why
 */
export function nameCause(
  fleet: Seen,
  devices: readonly (Seen & { readonly deviceId: string })[],
): Cause | undefined {
  if (!isJudged(fleet)) return undefined;
  const deviating = cameras(devices);
  if (deviating.length > 0) return { kind: 'camera', devices: deviating };
  const statistic = worst(fleet.features, IMAGE_STATISTICS);
  if (statistic) {
    const { populationStabilityIndex: value, limit } = statistic;
    return { kind: 'line', feature: statistic.feature as ImageStatistic, value, limit };
  }
  if (fleet.embedding && hasMoved(fleet.embedding)) return newThing(fleet.embedding);
  const mix = fleet.assessment.kind === 'HEALTHY' ? worst(fleet.features, ['classMix']) : undefined;
  return mix && { kind: 'yield', value: mix.populationStabilityIndex, limit: mix.limit };
}
