/** Metrics as Embedded Metric Format lines in the log: no call to CloudWatch on the way of a record. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import { deployedEnvironment } from './env';
import { dimensionsOf, environmentDimension, METRIC_NAMESPACE, type MetricDefinition } from './names';

/** One value of a metric. */
export interface Measurement {
  readonly metric: MetricDefinition;
  readonly value: number;
  /** The metric's own, no more and no less; the environment is added where they are written. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** @param values of the dimensions; those that the metric does not have are left out */
export function measured<Dimension extends string>(
  metric: MetricDefinition<Dimension>,
  value: number,
  values: Readonly<Record<NoInfer<Dimension>, string>>,
): Measurement {
  return { metric, value, dimensions: dimensionsOf(metric, values) };
}

/**
 * Writes the measurements, one line of the log per set of dimensions: the format has the dimensions per line.
 * Powertools' own default dimension, `service`, is in no definition and so in no line.
 */
export function writeMetrics(measurements: readonly Measurement[]): void {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = JSON.stringify(measurement.dimensions);
    groups.set(key, [...(groups.get(key) ?? []), measurement]);
  }
  for (const group of groups.values()) {
    const metrics = new Metrics({ namespace: METRIC_NAMESPACE });
    metrics.clearDefaultDimensions();
    metrics.setDefaultDimensions({
      ...environmentDimension(deployedEnvironment()),
      ...group[0]?.dimensions,
    });
    for (const { metric, value } of group) metrics.addMetric(metric.name, metric.unit, value);
    metrics.publishStoredMetrics();
  }
}
