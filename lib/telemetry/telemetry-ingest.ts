import { type Duration, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { MetricDefinition } from '../../lambda/shared/names';
import { confirmationTopic, TELEMETRY_METRICS } from '../../lambda/telemetry/names';
import type { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import { functionMetric } from '../shared/function-metric';
import { HandlerFunction } from '../shared/handler-function';
import { BATCHING_WINDOW, INGEST_TIMEOUT, type TelemetryIntake } from './telemetry-intake';
import type { TelemetryStore } from './telemetry-store';

/** The most that SQS gives a function; what ends a batch of results is its payload, 6 MB, or the window. */
const RESULTS_BATCH = 10_000;
const STATUS_BATCH = 100;

export interface TelemetryIngestProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly intake: TelemetryIntake;
  readonly store: TelemetryStore;
  readonly registry: ModelRegistry;
}

/** From the intake's queues to result files, sketches and the inventory. */
export class TelemetryIngest extends Construct {
  readonly ingestResults: lambda.IFunction;
  readonly ingestStatus: lambda.IFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: TelemetryIngestProps,
  ) {
    super(scope, id);
    this.ingestResults = this.resultsFunction(props);
    this.ingestStatus = this.statusFunction(props);
  }

  /** Messages that break the contract or speak for another device. */
  metricRefused(period: Duration): cloudwatch.Metric {
    return this.metric(TELEMETRY_METRICS.messagesRefused, period);
  }

  /** Results that a device's full outbox has dropped. */
  metricDroppedOnDevice(period: Duration): cloudwatch.Metric {
    return this.metric(TELEMETRY_METRICS.recordsDroppedOnDevice, period);
  }

  private metric(definition: MetricDefinition<'useCase'>, period: Duration): cloudwatch.Metric {
    return functionMetric(definition, this.props.config, { period });
  }

  private resultsFunction(props: TelemetryIngestProps): lambda.IFunction {
    const { store, intake, registry, config } = props;
    const { function: ingest } = new HandlerFunction(this, 'IngestResults', {
      ...props,
      handler: 'telemetry/ingest-results',
      description: 'Result batches -> JSON Lines in S3 and sketches, each batch once',
      environment: {
        ...store.bucketVariable,
        ...store.sketchTableVariable,
        ...registry.releaseTableVariable,
        ...store.windowVariable,
      },
      timeout: INGEST_TIMEOUT,
      memorySize: 1024,
    });
    store.grantPutResults(ingest);
    store.grantPutRejected(ingest);
    store.sketchTable.grantReadWriteData(ingest);
    ingest.addToRolePolicy(
      new iam.PolicyStatement({
        sid: 'ConfirmResults',
        actions: ['iot:Publish'],
        resources: [
          Stack.of(this).formatArn({
            service: 'iot',
            resource: 'topic',
            resourceName: confirmationTopic(config, '*'),
          }),
        ],
      }),
    );
    // A result may only name a class that its release knows.
    registry.releaseTable.grant(ingest, 'dynamodb:GetItem');
    ingest.addEventSource(
      new SqsEventSource(intake.results.queue, {
        batchSize: RESULTS_BATCH,
        maxBatchingWindow: BATCHING_WINDOW.results,
        reportBatchItemFailures: true,
      }),
    );
    return ingest;
  }

  private statusFunction(props: TelemetryIngestProps): lambda.IFunction {
    const { store, intake } = props;
    const { function: ingest } = new HandlerFunction(this, 'IngestStatus', {
      ...props,
      handler: 'telemetry/ingest-status',
      description: 'Device status -> inventory table',
      environment: store.inventoryTableVariable,
      timeout: INGEST_TIMEOUT,
    });
    store.inventoryTable.grantReadWriteData(ingest);
    ingest.addEventSource(
      new SqsEventSource(intake.status.queue, {
        batchSize: STATUS_BATCH,
        maxBatchingWindow: BATCHING_WINDOW.status,
        reportBatchItemFailures: true,
      }),
    );
    return ingest;
  }
}
