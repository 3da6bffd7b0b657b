import { type Measurement, measured } from '../../shared/metrics';
import type { MetricDefinition } from '../../shared/names';
import { latencyQuantile } from '../../telemetry/sketch';
import type { EmbeddingComparison } from '../compare-embedding';
import type { EscapeEstimate } from '../estimate-escapes';
import type { Observation, ReleaseEvaluation } from '../evaluate-release';
import { type CloserLook, closer, EMBEDDING_FEATURE, MONITORING_METRICS as METRICS } from '../names';

/** Whose values they are: dimensions of the metric take from here what they need. */
interface Subject {
  readonly useCase: string;
  /** The dimension that is added, with its value. @default - the use case as a whole */
  readonly by?: { readonly dimension: CloserLook; readonly value: string };
}

function measure(
  metric: MetricDefinition,
  value: number,
  { useCase, by }: Subject,
  feature?: string,
): Measurement[] {
  if (!Number.isFinite(value)) return [];
  const values = { useCase, ...(feature && { feature }), ...(by && { [by.dimension]: by.value }) };
  return [measured<string>(by ? closer(metric, by.dimension) : metric, value, values)];
}

/** On the scale of the limit for all, which graphs show: a class that has moved has a limit of its own. */
const shiftOf = ({ value, limit, ofClass }: EmbeddingComparison): number =>
  ofClass?.drifted ? Math.max(value, (ofClass.value * limit) / ofClass.limit) : value;

function driftAndAccuracy(
  { features, embedding, accuracy, sketch }: Observation,
  subject: Subject,
): Measurement[] {
  return [
    ...measure(METRICS.results, sketch?.results ?? 0, subject),
    ...features.flatMap(({ feature, populationStabilityIndex }) =>
      measure(METRICS.drift, populationStabilityIndex, subject, feature),
    ),
    ...(embedding && embedding.frames > 0
      ? measure(METRICS.drift, shiftOf(embedding), subject, EMBEDDING_FEATURE)
      : []),
    ...(accuracy ? measure(METRICS.accuracy, accuracy.value, subject) : []),
  ];
}

function escapesAndFalseRejects({ escapes, falseRejects }: EscapeEstimate, subject: Subject): Measurement[] {
  return [
    ...(escapes
      ? [
          ...measure(METRICS.escapeRate, escapes.value, subject),
          ...measure(METRICS.escapeRateLowerBound, escapes.lower, subject),
          ...measure(METRICS.escapeRateUpperBound, escapes.upper, subject),
        ]
      : []),
    ...(falseRejects
      ? [
          ...measure(METRICS.falseRejectRate, falseRejects.value, subject),
          ...measure(METRICS.falseRejectRateLowerBound, falseRejects.lower, subject),
          ...measure(METRICS.falseRejectRateUpperBound, falseRejects.upper, subject),
        ]
      : []),
  ];
}

function fleetOnly({ sketch, accuracy, escapes, harm }: Observation, subject: Subject): Measurement[] {
  return [
    ...escapesAndFalseRejects(escapes, subject),
    ...(harm.by === 'confidence' ? measure(METRICS.estimatedAccuracy, harm.accuracy, subject) : []),
    ...(sketch
      ? [
          ...measure(METRICS.uncertainRate, sketch.uncertain / sketch.results, subject),
          ...measure(METRICS.invalidRate, sketch.invalid / sketch.results, subject),
          ...measure(METRICS.offlineRate, sketch.offline / sketch.results, subject),
          ...measure(
            METRICS.shadowDisagreementRate,
            sketch.shadow.disagreed / sketch.shadow.compared,
            subject,
          ),
          ...measure(METRICS.latencyP50, latencyQuantile(sketch, 0.5), subject),
          ...measure(METRICS.latencyP99, latencyQuantile(sketch, 0.99), subject),
        ]
      : []),
    ...(accuracy
      ? [
          ...measure(METRICS.accuracyLowerBound, accuracy.lower, subject),
          ...measure(METRICS.accuracyUpperBound, accuracy.upper, subject),
          ...measure(METRICS.effectiveLabels, accuracy.effectiveLabels, subject),
        ]
      : []),
  ];
}

/**
 * What is written to CloudWatch: the fleet per use case and per release, the worst devices one by one. A custom
 * metric costs by the month, so the number of devices is bounded; the sketches hold all of them.
 */
export function measurementsOf(evaluation: ReleaseEvaluation, deviceMetricLimit: number): Measurement[] {
  const { useCase, releaseId } = evaluation.release;
  const subjects: Subject[] = [{ useCase }, { useCase, by: { dimension: 'releaseId', value: releaseId } }];
  const fleet = subjects.flatMap((subject) => [
    ...driftAndAccuracy(evaluation.fleet, subject),
    ...fleetOnly(evaluation.fleet, subject),
  ]);
  const devices = evaluation.devices
    .slice(0, deviceMetricLimit)
    .flatMap((device) =>
      driftAndAccuracy(device, { useCase, by: { dimension: 'deviceId', value: device.deviceId } }),
    );
  return [...fleet, ...devices];
}
