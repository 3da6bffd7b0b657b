import type { Label, Release, Sketch } from '../../contracts';
import { grouped } from '../shared/grouped';
import { mergeSketches } from '../telemetry/sketch';
import { type Assessment, type AssessmentLimits, assessRelease, deviationOf } from './assess-release';
import {
  compareEmbedding,
  type EmbeddingComparison,
  type EmbeddingLimits,
  type SummedEmbeddings,
} from './compare-embedding';
import { compareWithBaseline, type DriftLimits, type FeatureComparison } from './compare-with-baseline';
import { type AccuracyEstimate, estimateAccuracy } from './estimate-accuracy';
import { type EscapeEstimate, estimateEscapes } from './estimate-escapes';
import { estimateHarm, type Harm } from './estimate-harm';
import type { Reference } from './expected-counts';
import type { SamplingPolicy } from './label-weights';
import { type Cause, nameCause } from './name-cause';

export interface EvaluationOptions extends DriftLimits, EmbeddingLimits, AssessmentLimits {
  /** By which devices choose frames for labels. */
  readonly sampling: SamplingPolicy;
}

/** What the field is compared with, other than the release's own baseline. */
export interface FieldReference {
  /** @default - the release's baseline */
  readonly reference?: (Reference & SummedEmbeddings) | undefined;
  /** Results that the reference needs, while there are too few for it. */
  readonly neededResults?: number | undefined;
}

/** One device, or the whole fleet, on one release. */
export interface Observation {
  /** `undefined` when no result came. */
  readonly sketch?: Sketch | undefined;
  readonly features: readonly FeatureComparison[];
  /** `undefined` for a release without a reference for its embeddings. */
  readonly embedding?: EmbeddingComparison | undefined;
  readonly accuracy?: AccuracyEstimate | undefined;
  readonly escapes: EscapeEstimate;
  readonly assessment: Assessment;
  readonly harm: Harm;
}

export interface ReleaseEvaluation {
  readonly release: Release;
  readonly fleet: Observation;
  /** The worst first. */
  readonly devices: readonly (Observation & { readonly deviceId: string })[];
  /** What has changed, where something says so. */
  readonly cause?: Cause | undefined;
}

function observe(
  release: Release,
  sketches: readonly Sketch[],
  labels: readonly Label[],
  options: EvaluationOptions,
  { reference, neededResults }: FieldReference,
): Observation {
  const sketch = mergeSketches(sketches);
  const { baseline } = release;
  const accuracy = estimateAccuracy(labels, options.sampling);
  const features = sketch ? compareWithBaseline(baseline, sketch, options, reference) : [];
  const embedding = compareEmbedding(release, sketch ?? { classCounts: {} }, options, reference);
  const assessment = assessRelease(
    {
      validResults: sketch ? sketch.results - sketch.invalid : 0,
      features,
      embedding,
      accuracy,
      baselineAccuracy: baseline.accuracy,
      neededResults,
    },
    options,
  );
  return {
    sketch,
    features,
    embedding,
    accuracy,
    escapes: estimateEscapes(labels, release),
    assessment,
    harm: estimateHarm({ baseline, sketch, embedding, accuracy }, options),
  };
}

/**
 * Evaluates a release over the fleet and on each device. Only the fleet's assessment asks for a retraining: one
 * device that deviates has a dirty lens more often than a new world in front of it.
 * @param sketches of this release, in the drift window, with sums of its own embeddings
 * @param labels of this release, in the accuracy window
 */
export function evaluateRelease(
  release: Release,
  sketches: readonly Sketch[],
  labels: readonly Label[],
  options: EvaluationOptions,
  field: FieldReference = {},
): ReleaseEvaluation {
  const deviceOf = ({ deviceId }: { readonly deviceId: string }) => deviceId;
  const [sketchesOf, labelsOf] = [grouped(sketches, deviceOf), grouped(labels, deviceOf)];
  const devices = [...new Set([...sketchesOf.keys(), ...labelsOf.keys()])].map((deviceId) => ({
    deviceId,
    ...observe(release, sketchesOf.get(deviceId) ?? [], labelsOf.get(deviceId) ?? [], options, field),
  }));
  const isDeviating = (kind: Assessment['kind']) => Number(kind === 'DRIFT' || kind === 'ACCURACY_LOW');
  devices.sort(
    (x, y) =>
      isDeviating(y.assessment.kind) - isDeviating(x.assessment.kind) ||
      deviationOf(y) - deviationOf(x) ||
      (x.deviceId < y.deviceId ? -1 : 1),
  );
  const fleet = observe(release, sketches, labels, options, field);
  return { release, fleet, devices, cause: nameCause(fleet, devices) };
}
