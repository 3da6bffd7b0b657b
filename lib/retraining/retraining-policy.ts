import { Duration, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MONITORING_EVENTS } from '../../lambda/monitoring/names';
import { RETRAINING_METRICS, RETRAINING_VARIABLES } from '../../lambda/retraining/names';
import { eventSource } from '../../lambda/shared/names';
import { TRAINING_VARIABLES } from '../../lambda/training/names';
import type { DatasetStore } from '../dataset/dataset-store';
import type { EpisodeTable } from '../monitoring/episode-table';
import { grantReadModelPackages } from '../registry/model-package-access';
import type { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import { functionMetric } from '../shared/function-metric';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import type { CostBudget } from './cost-budget';

const MINUTES_PER_HOUR = 60;

export interface RetrainingPolicyProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly pipelineName: string;
  readonly mergeCaptures: lambda.IFunction;
  readonly dataset: DatasetStore;
  readonly registry: ModelRegistry;
  readonly episodeTable: EpisodeTable;
  /** @default - the number of executions is the only bound */
  readonly budget?: CostBudget | undefined;
}

/** Starts the training pipeline once per episode: when there is evidence, news to learn, and budget. */
export class RetrainingPolicy extends Construct {
  readonly function: lambda.IFunction;
  readonly deadLetterQueue: sqs.IQueue;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RetrainingPolicyProps,
  ) {
    super(scope, id);
    const { retraining, training, useCase } = props.config;
    const start = new HandlerFunction(this, 'StartRetraining', {
      ...props,
      handler: 'retraining/start-retraining',
      description: 'Starts the training pipeline for an open episode, within cooldown and budget',
      environment: {
        ...props.registry.releaseTableVariable,
        ...props.dataset.labelTableVariable,
        ...props.episodeTable.variable,
        [TRAINING_VARIABLES.pipelineName]: props.pipelineName,
        ...(training.cloudVariant && {
          [TRAINING_VARIABLES.cloudWidthMultiplier]: String(training.cloudVariant.widthMultiplier),
        }),
        [RETRAINING_VARIABLES.mergeCapturesFunction]: props.mergeCaptures.functionName,
        [RETRAINING_VARIABLES.epochs]: String(training.epochs),
        [RETRAINING_VARIABLES.minimumLabels]: String(retraining.minimumNewLabels),
        [RETRAINING_VARIABLES.minimumNewClassLabels]: String(retraining.minimumLabelsPerNewClass),
        [RETRAINING_VARIABLES.cooldownHours]: String(retraining.cooldownMinutes / MINUTES_PER_HOUR),
        [RETRAINING_VARIABLES.monthlyExecutions]: String(retraining.maximumExecutionsPerMonth),
        ...props.budget?.variables,
      },
      // It waits for merge-captures, which copies images.
      timeout: Duration.minutes(15),
      asynchronous: true,
    });
    props.registry.releaseTable.grantReadData(start.function);
    props.dataset.labelTable.grantReadData(start.function);
    props.episodeTable.grantReadWriteData(start.function);
    props.mergeCaptures.grantInvoke(start.function);
    props.budget?.grantRead(start.function);
    grantPutOwnEvents(start.function, props.config);
    grantReadModelPackages(start.function, props.registry.modelPackageGroupName);
    this.grantStartPipeline(start.function, props.pipelineName);
    this.function = start.function;
    this.deadLetterQueue = start.requireDeadLetterQueue();
    const target = () =>
      new targets.LambdaFunction(start.function, { deadLetterQueue: start.requireDeadLetterQueue() });
    new events.Rule(this, 'DriftDetected', {
      description: 'Drift was detected',
      eventPattern: {
        source: [eventSource(props.config)],
        detailType: [MONITORING_EVENTS.driftDetected],
        detail: { useCase: [useCase] },
      },
      targets: [target()],
    });
    new events.Rule(this, 'Schedule', {
      description: 'Looks at the open episode again: labels come later than drift',
      schedule: events.Schedule.rate(Duration.minutes(retraining.scheduleMinutes)),
      targets: [target()],
    });
  }

  /** Looks at an open episode that found this month's executions, or its money, spent. */
  metricBudgetExhausted(period: Duration): cloudwatch.Metric {
    return functionMetric(RETRAINING_METRICS.budgetExhausted, this.props.config, { period });
  }

  private grantStartPipeline(start: lambda.Function, pipelineName: string): void {
    start.addToRolePolicy(
      new iam.PolicyStatement({
        sid: 'StartPipeline',
        actions: ['sagemaker:StartPipelineExecution', 'sagemaker:ListPipelineExecutions'],
        resources: [
          Stack.of(this).formatArn({
            service: 'sagemaker',
            resource: 'pipeline',
            resourceName: pipelineName,
          }),
        ],
      }),
    );
  }
}
