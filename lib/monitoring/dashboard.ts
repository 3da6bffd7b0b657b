import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { DRIFT_FEATURES, MONITORING_METRICS } from '../../lambda/monitoring/names';
import type { AppConfig } from '../shared/app-config';
import { functionMetric } from '../shared/function-metric';
import { dashboardName } from '../shared/names';

const WIDTH = 8;
const FULL_WIDTH = 24;

export interface DashboardProps {
  readonly config: AppConfig;
  readonly alarms: readonly cloudwatch.IAlarm[];
}

/** One page: is the field served, does it drift, is the model still right, what is alarming. */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { config } = props;
    this.name = dashboardName(config);
    const metric = (name: string, statistic: string, dimensions?: Record<string, string>, label?: string) =>
      functionMetric({
        config,
        handler: 'monitoring/evaluate-drift',
        metricName: name,
        statistic,
        period: Duration.minutes(config.monitoring.scheduleMinutes),
        dimensions,
        label,
      });
    const graph = (title: string, left: cloudwatch.IMetric[], limit?: number) =>
      new cloudwatch.GraphWidget({
        title,
        left,
        width: WIDTH,
        leftYAxis: { min: 0 },
        ...(limit !== undefined && { leftAnnotations: [{ value: limit, label: 'limit' }] }),
      });
    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: this.name,
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: FULL_WIDTH })],
        [
          graph('Results per evaluation', [metric(MONITORING_METRICS.results, 'Sum')]),
          graph(
            'Drift (population stability index)',
            DRIFT_FEATURES.map((feature) =>
              metric(MONITORING_METRICS.drift, 'Maximum', { feature }, feature),
            ),
            config.monitoring.driftThreshold,
          ),
          graph(
            'Accuracy from labels',
            [
              metric(MONITORING_METRICS.accuracyLowerBound, 'Average'),
              metric(MONITORING_METRICS.accuracy, 'Average'),
              metric(MONITORING_METRICS.accuracyUpperBound, 'Average'),
            ],
            config.monitoring.minimumAccuracy,
          ),
        ],
        [
          graph('Latency on the device (ms)', [
            metric(MONITORING_METRICS.latencyP50, 'Average'),
            metric(MONITORING_METRICS.latencyP99, 'Average'),
          ]),
          graph('Invalid, uncertain, decided offline', [
            metric(MONITORING_METRICS.invalidRate, 'Average'),
            metric(MONITORING_METRICS.uncertainRate, 'Average'),
            metric(MONITORING_METRICS.offlineRate, 'Average'),
          ]),
          graph(
            'Disagreement with the previous release',
            [metric(MONITORING_METRICS.shadowDisagreementRate, 'Average')],
            config.rollout.limits.disagreement,
          ),
        ],
      ],
    });
  }
}
