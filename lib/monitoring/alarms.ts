import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { MONITORING_METRICS } from '../../lambda/monitoring/names';
import { RETRAINING_METRICS } from '../../lambda/retraining/names';
import { TELEMETRY_METRICS } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { functionMetric } from '../shared/function-metric';
import { RunbookAlarm, type RunbookAlarmProps } from '../shared/runbook';

const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = cloudwatch.ComparisonOperator;
const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;

const FIVE_MINUTES = Duration.minutes(5);
/** Results this old no longer protect the line: a canary would be judged without them. */
const OLDEST_RESULT_SECONDS = 900;
/** A schedule may miss twice before somebody should look. */
const MISSED_EVALUATIONS = 3;

export interface AlarmsProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  /** By the first part of the heading: `results` for `results-dead-letters`. */
  readonly deadLetterQueues: Readonly<Record<string, sqs.IQueue>>;
  readonly resultsQueue: sqs.IQueue;
  readonly evaluateDrift: lambda.IFunction;
  readonly rollout: sfn.IStateMachine;
  readonly pipelineName: string;
}

type Condition = Omit<RunbookAlarmProps, 'config' | 'heading'>;

/** Every alarm of the application. High ones go to the topic; people and pagers subscribe to it. */
export class Alarms extends Construct {
  readonly topic: sns.ITopic;
  readonly all: cloudwatch.Alarm[] = [];
  private readonly config: AppConfig;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.config = props.config;
    this.topic = new sns.Topic(this, 'Topic', {
      masterKey: props.encryptionKey,
      enforceSSL: props.config.transport === 'tls-only',
    });
    this.watchQueues(props);
    this.watchCloudSide(props);
    this.watchField(props.config);
  }

  private add(heading: string, condition: Condition): void {
    const alarm = new RunbookAlarm(this, heading, { ...condition, config: this.config, heading });
    if (condition.severity === 'high') alarm.addAlarmAction(new SnsAction(this.topic));
    this.all.push(alarm);
  }

  /** An alarm on a count that should stay zero, where no data means that nothing happened. */
  private addCount(heading: string, condition: Pick<Condition, 'severity' | 'sentence' | 'metric'>): void {
    this.add(heading, {
      ...condition,
      threshold: 0,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: NOT_BREACHING,
    });
  }

  private watchQueues(props: AlarmsProps): void {
    for (const [name, queue] of Object.entries(props.deadLetterQueues)) {
      this.addCount(`${name}-dead-letters`, {
        severity: 'high',
        sentence: 'Messages could not be handled and wait for a person.',
        metric: queue.metricApproximateNumberOfMessagesVisible({
          period: FIVE_MINUTES,
          statistic: 'Maximum',
        }),
      });
    }
    this.add('results-backlog', {
      severity: 'high',
      sentence: 'Results of the field are not processed in time.',
      metric: props.resultsQueue.metricApproximateAgeOfOldestMessage({
        period: FIVE_MINUTES,
        statistic: 'Maximum',
      }),
      threshold: OLDEST_RESULT_SECONDS,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      // SQS reports no age of an empty queue.
      treatMissingData: NOT_BREACHING,
    });
  }

  private watchCloudSide(props: AlarmsProps): void {
    this.addCount('rollout-failed', {
      severity: 'high',
      sentence: 'A rollout failed: a release was taken back, or waves may run different releases.',
      metric: props.rollout.metricFailed({ period: FIVE_MINUTES, statistic: 'Sum' }),
    });
    this.addCount('pipeline-failed', {
      severity: 'low',
      sentence: 'An execution of the training pipeline failed.',
      metric: new cloudwatch.Metric({
        namespace: 'AWS/Sagemaker/ModelBuildingPipeline',
        metricName: 'ExecutionFailed',
        dimensionsMap: { PipelineName: props.pipelineName },
        statistic: 'Sum',
        period: FIVE_MINUTES,
      }),
    });
    this.add('drift-not-evaluated', {
      severity: 'high',
      sentence: 'Nobody compares the field with the baseline.',
      metric: props.evaluateDrift.metricInvocations({
        period: Duration.minutes(this.config.monitoring.scheduleMinutes),
        statistic: 'Sum',
      }),
      threshold: 1,
      comparisonOperator: LESS_THAN_THRESHOLD,
      evaluationPeriods: MISSED_EVALUATIONS,
      // A function that is not invoked reports nothing: silence is the fault.
      treatMissingData: BREACHING,
    });
    this.addCount('retraining-budget-exhausted', {
      severity: 'low',
      sentence: 'The loop has spent its pipeline executions of this month.',
      metric: this.functionSum('retraining/start-retraining', RETRAINING_METRICS.budgetExhausted),
    });
  }

  private watchField(config: AppConfig): void {
    const evaluation = (metricName: string, statistic: string) =>
      functionMetric({
        config,
        handler: 'monitoring/evaluate-drift',
        metricName,
        statistic,
        period: Duration.minutes(config.monitoring.scheduleMinutes),
      });
    this.add('accuracy-low', {
      severity: 'high',
      sentence: 'Labels say that the release in service decides worse than it may.',
      metric: evaluation(MONITORING_METRICS.accuracy, 'Minimum'),
      threshold: config.monitoring.minimumAccuracy,
      comparisonOperator: LESS_THAN_THRESHOLD,
      // Without enough labels there is no accuracy, which says nothing about the model.
      treatMissingData: NOT_BREACHING,
    });
    this.add('invalid-rate-high', {
      severity: 'high',
      sentence: 'Too many frames get no valid answer: look at cameras and models.',
      metric: evaluation(MONITORING_METRICS.invalidRate, 'Maximum'),
      threshold: config.rollout.limits.invalidRate,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: NOT_BREACHING,
    });
    this.addCount('drift-episode-open', {
      severity: 'low',
      sentence: 'The field has drifted from the baseline of the release in service.',
      metric: evaluation(MONITORING_METRICS.openEpisodes, 'Maximum'),
    });
    this.addCount('telemetry-refused', {
      severity: 'low',
      sentence: 'Devices send messages that break the contract or speak for another device.',
      metric: this.functionSum('telemetry/ingest-results', TELEMETRY_METRICS.messagesRefused),
    });
    this.addCount('records-dropped-on-device', {
      severity: 'low',
      sentence: 'An outbox was full: results were lost on a device.',
      metric: this.functionSum('telemetry/ingest-results', TELEMETRY_METRICS.recordsDroppedOnDevice),
    });
  }

  private functionSum(handler: string, metricName: string): cloudwatch.Metric {
    return functionMetric({
      config: this.config,
      handler,
      metricName,
      statistic: 'Sum',
      period: FIVE_MINUTES,
    });
  }
}
