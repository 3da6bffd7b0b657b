import { Duration } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MONITORING_VARIABLES } from '../../lambda/monitoring/names';
import { ENVIRONMENT_VARIABLES } from '../../lambda/shared/names';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';

const MINUTES_PER_HOUR = 60;

export interface DriftEvaluationProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly releaseTable: dynamodb.Table;
  readonly labelTable: dynamodb.Table;
  readonly sketchTable: dynamodb.Table;
  readonly episodeTable: dynamodb.Table;
}

/** Compares the field with the release's baseline on a schedule, and opens an episode when they part. */
export class DriftEvaluation extends Construct {
  readonly function: lambda.IFunction;
  readonly deadLetterQueue: sqs.IQueue;

  constructor(scope: Construct, id: string, props: DriftEvaluationProps) {
    super(scope, id);
    const { monitoring } = props.config;
    const evaluate = new HandlerFunction(this, 'EvaluateDrift', {
      ...props,
      handler: 'monitoring/evaluate-drift',
      description: 'Drift and accuracy of the release in service, from sketches and labels',
      environment: {
        [ENVIRONMENT_VARIABLES.releaseTable]: props.releaseTable.tableName,
        [ENVIRONMENT_VARIABLES.labelTable]: props.labelTable.tableName,
        [ENVIRONMENT_VARIABLES.sketchTable]: props.sketchTable.tableName,
        [ENVIRONMENT_VARIABLES.episodeTable]: props.episodeTable.tableName,
        [MONITORING_VARIABLES.minimumResults]: String(monitoring.minimumResults),
        [MONITORING_VARIABLES.featureLimit]: String(monitoring.driftThreshold),
        [MONITORING_VARIABLES.classMixLimit]: String(monitoring.classMixThreshold),
        [MONITORING_VARIABLES.driftLookbackHours]: String(monitoring.windowMinutes / MINUTES_PER_HOUR),
        [MONITORING_VARIABLES.accuracyLookbackHours]: String(
          monitoring.labelWindowMinutes / MINUTES_PER_HOUR,
        ),
        [MONITORING_VARIABLES.accuracyDropLimit]: String(monitoring.maximumAccuracyDrop),
        [MONITORING_VARIABLES.minimumEffectiveLabels]: String(monitoring.minimumLabels),
      },
      timeout: Duration.minutes(5),
      memorySize: 1024,
      asynchronous: true,
    });
    props.releaseTable.grantReadData(evaluate.function);
    props.labelTable.grantReadData(evaluate.function);
    props.sketchTable.grantReadData(evaluate.function);
    props.episodeTable.grantReadWriteData(evaluate.function);
    grantPutOwnEvents(evaluate.function);
    this.function = evaluate.function;
    this.deadLetterQueue = evaluate.requireDeadLetterQueue();
    new events.Rule(this, 'Schedule', {
      description: 'Evaluates drift',
      schedule: events.Schedule.rate(Duration.minutes(monitoring.scheduleMinutes)),
      targets: [
        new targets.LambdaFunction(evaluate.function, { deadLetterQueue: evaluate.requireDeadLetterQueue() }),
      ],
    });
  }
}
