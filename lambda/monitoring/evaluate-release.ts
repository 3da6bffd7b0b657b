import type { Label, Release, Sketch } from '../../contracts';
import { mergeSketches } from '../telemetry/sketch';
import { type Assessment, type AssessmentLimits, assessRelease } from './assess-release';
import {
  compareWithBaseline,
  type DriftLimits,
  type FeatureComparison,
  worstRatio,
} from './compare-with-baseline';
import { type AccuracyEstimate, estimateAccuracy } from './estimate-accuracy';
import { type EscapeEstimate, estimateEscapes } from './estimate-escapes';
import type { Reference } from './expected-counts';
import type { SamplingPolicy } from './label-weights';

export interface EvaluationOptions extends DriftLimits, AssessmentLimits {
  /** By which devices choose frames for labels. */
  readonly sampling: SamplingPolicy;
}

/** What the field is compared with, other than the release's own baseline. */
export interface FieldReference {
  /** @default - the release's baseline */
  readonly reference?: Reference | undefined;
  /** Results that the reference needs, while there are too few for it. */
  readonly neededResults?: number | undefined;
}

/** One device, or the whole fleet, on one release. */
export interface Observation {
  /** `undefined` when no result came. */
  readonly sketch?: Sketch | undefined;
  readonly features: readonly FeatureComparison[];
  readonly accuracy?: AccuracyEstimate | undefined;
  readonly escapes: EscapeEstimate;
  readonly assessment: Assessment;
}

export interface ReleaseEvaluation {
  readonly release: Release;
  readonly fleet: Observation;
  /** The worst first. */
  readonly devices: readonly (Observation & { readonly deviceId: string })[];
}

function observe(
  release: Release,
  sketches: readonly Sketch[],
  labels: readonly Label[],
  options: EvaluationOptions,
  { reference, neededResults }: FieldReference,
): Observation {
  const sketch = mergeSketches(sketches);
  const features = sketch ? compareWithBaseline(release.baseline, sketch, options, reference) : [];
  const accuracy = estimateAccuracy(labels, options.sampling);
  const assessment = assessRelease(
    {
      validResults: sketch ? sketch.results - sketch.invalid : 0,
      features,
      accuracy,
      baselineAccuracy: release.baseline.accuracy,
      neededResults,
    },
    options,
  );
  return { sketch, features, accuracy, escapes: estimateEscapes(labels, release), assessment };
}

function byDevice<Item extends { deviceId: string }>(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(item.deviceId);
    if (group) group.push(item);
    else groups.set(item.deviceId, [item]);
  }
  return groups;
}

/**
 * Evaluates a release over the fleet and on each device. Only the fleet's assessment asks for a retraining: one
 * device that deviates has a dirty lens more often than a new world in front of it.
 * @param sketches of this release, in the drift window
 * @param labels of this release, in the accuracy window
 */
export function evaluateRelease(
  release: Release,
  sketches: readonly Sketch[],
  labels: readonly Label[],
  options: EvaluationOptions,
  field: FieldReference = {},
): ReleaseEvaluation {
  const [sketchesOf, labelsOf] = [byDevice(sketches), byDevice(labels)];
  const devices = [...new Set([...sketchesOf.keys(), ...labelsOf.keys()])].map((deviceId) => ({
    deviceId,
    ...observe(release, sketchesOf.get(deviceId) ?? [], labelsOf.get(deviceId) ?? [], options, field),
  }));
  const isDeviating = (kind: Assessment['kind']) => Number(kind === 'DRIFT' || kind === 'ACCURACY_LOW');
  devices.sort(
    (x, y) =>
      isDeviating(y.assessment.kind) - isDeviating(x.assessment.kind) ||
      worstRatio(y.features) - worstRatio(x.features) ||
      (x.deviceId < y.deviceId ? -1 : 1),
  );
  return { release, fleet: observe(release, sketches, labels, options, field), devices };
}
