import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import {
  dimensionsOf,
  environmentDimension,
  METRIC_NAMESPACE,
  type MetricDefinition,
  type NameScope,
} from '../../lambda/shared/names';

/**
 * A metric that a function of this application writes, by the definition that the function has it from.
 * @param values of the dimensions, and the environment whose metric it is
 * @param options of the one who asks: period, label, another statistic
 */
export function functionMetric<Dimension extends string>(
  metric: MetricDefinition<Dimension>,
  values: Readonly<Record<NoInfer<Dimension>, string>> & Pick<NameScope, 'environmentName'>,
  options: Pick<cloudwatch.MetricOptions, 'period' | 'statistic' | 'label'>,
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    statistic: metric.statistic,
    ...options,
    namespace: METRIC_NAMESPACE,
    metricName: metric.name,
    dimensionsMap: { ...environmentDimension(values), ...dimensionsOf(metric, values) },
  });
}
