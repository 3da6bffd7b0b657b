import type { Rule } from './rule';

/** A metric that the application's code writes, with the dimensions that CloudWatch tells it apart by. */
export interface WrittenMetric {
  readonly name: string;
  readonly dimensions: readonly string[];
}

interface AskedMetric {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string }[];
}

const identity = (name: string, dimensions: readonly string[]): string =>
  `${name}{${[...dimensions].sort().join(',')}}`;

/**
 * An alarm on a metric that nobody writes never goes off. CloudWatch matches sets of dimensions exactly: one more or one
 * less, and it is another metric.
 * @param namespace of the metrics that the application's own code writes
 */
export const metricWritten = (namespace: string, written: readonly WrittenMetric[]): Rule => {
  const known = new Set(written.map(({ name, dimensions }) => identity(name, dimensions)));
  return {
    id: 'CW2',
    description:
      'The alarm watches a metric that nobody writes: ask for a name with exactly the dimensions with which the code writes it.',
    source:
      'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension',
    check: (application) =>
      application.resources('AWS::CloudWatch::Alarm').flatMap((resource) => {
        const inside: { MetricStat?: { Metric: AskedMetric } }[] = resource.properties.Metrics ?? [];
        const asked: AskedMetric[] = [
          resource.properties,
          ...inside.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : [])),
        ];
        return asked
          .filter(({ Namespace }) => Namespace === namespace)
          .map(({ MetricName = '', Dimensions = [] }) =>
            identity(
              MetricName,
              Dimensions.map(({ Name }) => Name),
            ),
          )
          .filter((metric) => !known.has(metric))
          .map((found) => ({ resource, found }));
      }),
  };
};
