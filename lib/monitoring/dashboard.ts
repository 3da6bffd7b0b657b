import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { dashboardName, USUAL_EMBEDDING_LIMIT } from '../../lambda/monitoring/names';
import type { AppConfig } from '../shared/app-config';
import type { SecondOpinions } from '../telemetry/second-opinions';
import type { DriftEvaluation } from './drift-evaluation';

const WIDTH = 8;
const FULL_WIDTH = 24;

export interface DashboardProps {
  readonly config: AppConfig;
  readonly alarms: readonly cloudwatch.IAlarm[];
  readonly evaluation: DriftEvaluation;
  /** @default - nobody answers questions of devices */
  readonly opinions?: SecondOpinions | undefined;
}

const QUESTIONS_PERIOD = { period: Duration.minutes(5) };

/** One page: is the field served, does it drift, is the model still right, what is alarming. */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { config, evaluation, opinions } = props;
    this.name = dashboardName(config);
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
          graph('Results per evaluation', [evaluation.metric('results')]),
          graph(
            'Drift (population stability index)',
            evaluation.metricsDrift(),
            config.monitoring.driftThreshold,
          ),
          graph(
            'Accuracy from labels, and by the confidence where there are none',
            [
              evaluation.metric('accuracyLowerBound'),
              evaluation.metric('accuracy'),
              evaluation.metric('accuracyUpperBound'),
              evaluation.metric('estimatedAccuracy'),
            ],
            config.monitoring.minimumAccuracy,
          ),
        ],
        [
          graph(
            'Escapes: defective parts that pass',
            [
              evaluation.metric('escapeRateLowerBound'),
              evaluation.metric('escapeRate'),
              evaluation.metric('escapeRateUpperBound'),
            ],
            config.dispositionPolicy.limits.escapeRate,
          ),
          graph(
            'False rejects: good parts that are taken out',
            [
              evaluation.metric('falseRejectRateLowerBound'),
              evaluation.metric('falseRejectRate'),
              evaluation.metric('falseRejectRateUpperBound'),
            ],
            config.dispositionPolicy.limits.falseRejectRate,
          ),
          graph(
            'Shift of what the classifier reads (squared)',
            [evaluation.metricEmbedding()],
            config.monitoring.embeddingThreshold ?? USUAL_EMBEDDING_LIMIT,
          ),
        ],
        [
          graph('Latency on the device (ms)', [
            evaluation.metric('latencyP50'),
            evaluation.metric('latencyP99'),
          ]),
          graph('Invalid, uncertain, decided offline', [
            evaluation.metric('invalidRate'),
            evaluation.metric('uncertainRate'),
            evaluation.metric('offlineRate'),
          ]),
          graph(
            'Disagreement with the previous release',
            [evaluation.metric('shadowDisagreementRate')],
            config.rollout.limits.disagreement,
          ),
        ],
        ...(opinions
          ? [
              [
                graph(
                  'Questions of devices',
                  (['asked', 'answered', 'late', 'overBudget', 'failed', 'refused'] as const).map((name) =>
                    opinions.metric(name, QUESTIONS_PERIOD),
                  ),
                ),
                graph('Second opinion (ms)', [opinions.metric('milliseconds', QUESTIONS_PERIOD)]),
              ],
            ]
          : []),
      ],
    });
  }
}
