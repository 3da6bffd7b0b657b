import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { dimensionsOf, METRIC_NAMESPACE, type MetricDefinition } from '../../lambda/shared/names';

/**
 * A metric that a function of this application writes, by the definition that the function has it from.
 * @param values of the dimensions
 * @param options of the one who asks: period, label, another statistic
 */
export function functionMetric<Dimension extends string>(
  metric: MetricDefinition<Dimension>,
  values: Readonly<Record<NoInfer<Dimension>, string>>,
  options: Pick<cloudwatch.MetricOptions, 'period' | 'statistic' | 'label'>,
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    statistic: metric.statistic,
    ...options,
    namespace: METRIC_NAMESPACE,
    metricName: metric.name,
    dimensionsMap: dimensionsOf(metric, values),
  });
}
