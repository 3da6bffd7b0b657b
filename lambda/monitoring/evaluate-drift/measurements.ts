import { latencyQuantile } from '../../telemetry/sketch';
import type { Observation, ReleaseEvaluation } from '../evaluate-release';
import { MONITORING_METRICS as METRICS } from '../names';

export interface Measurement {
  readonly name: string;
  readonly unit: 'Count' | 'None' | 'Milliseconds';
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

type Dimensions = Readonly<Record<string, string>>;

function measure(
  name: string,
  value: number,
  dimensions: Dimensions,
  unit: Measurement['unit'] = 'None',
): Measurement[] {
  return Number.isFinite(value) ? [{ name, unit, value, dimensions }] : [];
}

function driftAndAccuracy(observation: Observation, dimensions: Dimensions): Measurement[] {
  const { features, accuracy, sketch } = observation;
  return [
    ...measure(METRICS.results, sketch?.results ?? 0, dimensions, 'Count'),
    ...features.flatMap(({ feature, populationStabilityIndex }) =>
      measure(METRICS.drift, populationStabilityIndex, { ...dimensions, feature }),
    ),
    ...(accuracy ? measure(METRICS.accuracy, accuracy.value, dimensions) : []),
  ];
}

function fleetOnly({ sketch, accuracy }: Observation, dimensions: Dimensions): Measurement[] {
  return [
    ...(sketch
      ? [
          ...measure(METRICS.uncertainRate, sketch.uncertain / sketch.results, dimensions),
          ...measure(METRICS.invalidRate, sketch.invalid / sketch.results, dimensions),
          ...measure(METRICS.offlineRate, sketch.offline / sketch.results, dimensions),
          ...measure(
            METRICS.shadowDisagreementRate,
            sketch.shadow.disagreed / sketch.shadow.compared,
            dimensions,
          ),
          ...measure(METRICS.latencyP50, latencyQuantile(sketch, 0.5), dimensions, 'Milliseconds'),
          ...measure(METRICS.latencyP99, latencyQuantile(sketch, 0.99), dimensions, 'Milliseconds'),
        ]
      : []),
    ...(accuracy
      ? [
          ...measure(METRICS.accuracyLowerBound, accuracy.lower, dimensions),
          ...measure(METRICS.accuracyUpperBound, accuracy.upper, dimensions),
          ...measure(METRICS.effectiveLabels, accuracy.effectiveLabels, dimensions, 'Count'),
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
  const dimensionSets: Dimensions[] = [{ useCase }, { useCase, releaseId }];
  const fleet = dimensionSets.flatMap((dimensions) => [
    ...driftAndAccuracy(evaluation.fleet, dimensions),
    ...fleetOnly(evaluation.fleet, dimensions),
  ]);
  const devices = evaluation.devices
    .slice(0, deviceMetricLimit)
    .flatMap((device) => driftAndAccuracy(device, { useCase, deviceId: device.deviceId }));
  return [...fleet, ...devices];
}
