import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_NAMESPACE } from '../../lambda/shared/names';
import type { AppConfig } from './app-config';

export interface FunctionMetricProps {
  readonly config: AppConfig;
  /** Folder of the handler under `lambda/`, such as `monitoring/evaluate-drift`. */
  readonly handler: string;
  readonly metricName: string;
  readonly statistic: string;
  readonly period: Duration;
  /** Besides the use case. @default - none */
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
  readonly label?: string | undefined;
}

/** Service dimension of a function's metrics and service field of its logs. */
export const serviceName = (handler: string): string => handler.replace('/', '-');

/** A metric that a function of this application writes. */
export function functionMetric(props: FunctionMetricProps): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName: props.metricName,
    statistic: props.statistic,
    period: props.period,
    ...(props.label !== undefined && { label: props.label }),
    dimensionsMap: {
      service: serviceName(props.handler),
      useCase: props.config.useCase,
      ...props.dimensions,
    },
  });
}
