/** Metrics as Embedded Metric Format lines in the log: no call to CloudWatch on the way of a record. */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE } from './names';

export { MetricUnit };

/**
 * A fresh collector with exactly these dimensions: Powertools would add `service`, which no alarm asks for. Use one
 * per invocation, so that a failed invocation leaves nothing behind for the next.
 */
export function newMetrics(dimensions: Readonly<Record<string, string>>): Metrics {
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE });
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ ...dimensions });
  return metrics;
}

/** Writes what was collected; without anything there is no line, and no warning about it. */
export function publishMetrics(metrics: Metrics): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
