import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarmName } from '../../lambda/monitoring/names';
import type { RetrainingPolicy } from '../retraining/retraining-policy';
import type { Rollout } from '../rollout/rollout';
import type { AppConfig } from '../shared/app-config';
import type { SecondOpinions } from '../telemetry/second-opinions';
import type { TelemetryIngest } from '../telemetry/telemetry-ingest';
import type { TelemetryIntake } from '../telemetry/telemetry-intake';
import type { TrainingPipeline } from '../training/training-pipeline';
import type { DriftEvaluation } from './drift-evaluation';
import { RunbookAlarm, type RunbookAlarmProps } from './runbook';

const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = cloudwatch.ComparisonOperator;
const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;

const FIVE_MINUTES = Duration.minutes(5);
/** Results this old no longer protect the line: a canary would be judged without them. */
const OLDEST_RESULT_SECONDS = 900;
/** A schedule may miss twice before somebody should look. */
const MISSED_EVALUATIONS = 3;
/** Three schedules, and more failures than the three tries of a single event. */
const SWEPT_WITHIN_MINUTES = 15;
const MOST_FAILED_SWEEPS = 3;

export interface AlarmsProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  /** By the first part of the heading: `results` for `results-dead-letters`. */
  readonly deadLetterQueues: Readonly<Record<string, sqs.IQueue>>;
  readonly pipeline: TrainingPipeline;
  readonly rollout: Rollout;
  readonly intake: TelemetryIntake;
  readonly ingest: TelemetryIngest;
  readonly evaluation: DriftEvaluation;
  readonly retraining: RetrainingPolicy;
  /** @default - nobody answers questions of devices */
  readonly opinions?: SecondOpinions | undefined;
}

type Condition = Omit<RunbookAlarmProps, 'config' | 'heading'>;

/** Every alarm of the application. High ones go to the topic, to which the configuration subscribes people and pagers. */
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
    this.allowAlarmsToPublish();
    for (const endpoint of props.config.monitoring.alarmSubscriptions) {
      this.topic.addSubscription(
        endpoint.startsWith('https://') ? new UrlSubscription(endpoint) : new EmailSubscription(endpoint),
      );
    }
    this.watchQueues(props);
    this.watchCloudSide(props);
    this.watchField(props);
    if (props.opinions) this.watchOpinions(props.opinions);
  }

  /**
   * A policy of one's own takes the place of the one that a topic is born with, which let the whole account publish.
   * The key's side is in lib/shared/encryption-key.ts.
   */
  private allowAlarmsToPublish(): void {
    const stack = Stack.of(this);
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'cloudwatch',
              resource: 'alarm',
              resourceName: alarmName(this.config, '*'),
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
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
      metric: props.intake.results.queue.metricApproximateAgeOfOldestMessage({
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
      metric: props.rollout.stateMachine.metricFailed({ period: FIVE_MINUTES, statistic: 'Sum' }),
    });
    // The machine has no time limit, so no execution of it ends as timed out.
    this.addCount('rollout-aborted', {
      severity: 'high',
      sentence: 'A rollout was stopped: waves may run different releases.',
      metric: props.rollout.stateMachine.metricAborted({ period: FIVE_MINUTES, statistic: 'Sum' }),
    });
    this.add('rollouts-not-swept', {
      severity: 'high',
      sentence: 'Nobody finishes what rollouts left: a release that was to be taken back may serve.',
      metric: props.rollout.metricFailedSweeps(Duration.minutes(SWEPT_WITHIN_MINUTES)),
      threshold: MOST_FAILED_SWEEPS,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: NOT_BREACHING,
    });
    this.addCount('pipeline-failed', {
      severity: 'low',
      sentence: 'An execution of the training pipeline failed.',
      metric: props.pipeline.metricFailed(FIVE_MINUTES),
    });
    this.add('drift-not-evaluated', {
      severity: 'high',
      sentence: 'Nobody compares the field with the baseline.',
      metric: props.evaluation.metricEvaluations(),
      threshold: 1,
      comparisonOperator: LESS_THAN_THRESHOLD,
      evaluationPeriods: MISSED_EVALUATIONS,
      // A function that is not invoked reports nothing: silence is the fault.
      treatMissingData: BREACHING,
    });
    this.addCount('retraining-budget-exhausted', {
      severity: 'low',
      sentence: 'The loop has spent its pipeline executions, or its money, of this month.',
      metric: props.retraining.metricBudgetExhausted(FIVE_MINUTES),
    });
  }

  private watchField({ config, evaluation, ingest }: AlarmsProps): void {
    this.add('accuracy-low', {
      severity: 'high',
      sentence: 'Labels say that the release in service decides worse than it may.',
      metric: evaluation.metricAccuracy({ statistic: 'Minimum' }),
      threshold: config.monitoring.minimumAccuracy,
      comparisonOperator: LESS_THAN_THRESHOLD,
      // Without enough labels there is no accuracy, which says nothing about the model.
      treatMissingData: NOT_BREACHING,
    });
    this.add('escapes-high', {
      severity: 'high',
      sentence: 'Labels say for sure that more defective parts pass than the plant allows.',
      metric: evaluation.metricEscapes({ statistic: 'Maximum' }),
      threshold: config.dispositionPolicy.limits.escapeRate,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      // Without a label of a defective part there is no escape rate.
      treatMissingData: NOT_BREACHING,
    });
    this.add('invalid-rate-high', {
      severity: 'high',
      sentence: 'Too many frames get no valid answer: look at cameras and models.',
      metric: evaluation.metricInvalidRate({ statistic: 'Maximum' }),
      threshold: config.rollout.limits.invalidRate,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: NOT_BREACHING,
    });
    this.addCount('devices-silent', {
      severity: 'high',
      sentence: 'Devices send no status: power, network, or a component that its nucleus has given up.',
      metric: evaluation.metricSilentDevices(),
    });
    this.addCount('drift-episode-open', {
      severity: 'low',
      sentence: 'The field has drifted from the baseline of the release in service.',
      metric: evaluation.metricOpenEpisodes(),
    });
    this.addCount('telemetry-refused', {
      severity: 'low',
      sentence: 'Devices send messages that break the contract or speak for another device.',
      metric: ingest.metricRefused(FIVE_MINUTES),
    });
    this.addCount('records-dropped-on-device', {
      severity: 'low',
      sentence: 'An outbox was full: results were lost on a device.',
      metric: ingest.metricDroppedOnDevice(FIVE_MINUTES),
    });
  }

  /** Low: without them parts go to people, as they did before. */
  private watchOpinions(opinions: SecondOpinions): void {
    this.addCount('second-opinions-failing', {
      severity: 'low',
      sentence:
        'Questions of devices get no opinion: the function fails, or the larger network cannot be used.',
      metric: opinions.metric('failed', { period: FIVE_MINUTES }),
    });
    this.addCount('second-opinions-over-budget', {
      severity: 'low',
      sentence: 'Devices asked more than the budget of second opinions answers.',
      metric: opinions.metric('overBudget', { period: FIVE_MINUTES }),
    });
  }
}
