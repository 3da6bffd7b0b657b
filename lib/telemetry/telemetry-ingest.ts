import { Duration } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { ENVIRONMENT_VARIABLES } from '../../lambda/shared/names';
import { TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { INGEST_TIMEOUT, type TelemetryIntake } from './telemetry-intake';
import type { TelemetryStore } from './telemetry-store';

/** Lambda ends a batch earlier when its payload would pass 6 MB. */
const RESULTS_BATCH = 100;
const STATUS_BATCH = 100;
/** A quiet fleet then costs one invocation per window rather than one per message. */
const BATCHING_WINDOW = Duration.seconds(5);

export interface TelemetryIngestProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly intake: TelemetryIntake;
  readonly store: TelemetryStore;
  readonly releaseTable: dynamodb.Table;
}

/** From the intake's queues to result files, sketches and the inventory. */
export class TelemetryIngest extends Construct {
  readonly ingestResults: lambda.IFunction;
  readonly ingestStatus: lambda.IFunction;

  constructor(scope: Construct, id: string, props: TelemetryIngestProps) {
    super(scope, id);
    this.ingestResults = this.resultsFunction(props);
    this.ingestStatus = this.statusFunction(props);
  }

  private resultsFunction(props: TelemetryIngestProps): lambda.IFunction {
    const { store, intake, config } = props;
    const { function: ingest } = new HandlerFunction(this, 'IngestResults', {
      ...props,
      handler: 'telemetry/ingest-results',
      description: 'Result batches -> JSON Lines in S3 and sketches, each batch once',
      environment: {
        [ENVIRONMENT_VARIABLES.telemetryBucket]: store.bucket.bucketName,
        [ENVIRONMENT_VARIABLES.sketchTable]: store.sketchTable.tableName,
        [ENVIRONMENT_VARIABLES.releaseTable]: props.releaseTable.tableName,
        [TELEMETRY_VARIABLES.sketchWindowSeconds]: String(config.telemetry.sketchWindowSeconds),
      },
      timeout: INGEST_TIMEOUT,
      memorySize: 1024,
    });
    store.bucket.grantPut(ingest, 'results/*');
    store.sketchTable.grantReadWriteData(ingest);
    // A result may only name a class that its release knows.
    props.releaseTable.grantReadData(ingest);
    ingest.addEventSource(
      new SqsEventSource(intake.results.queue, {
        batchSize: RESULTS_BATCH,
        maxBatchingWindow: BATCHING_WINDOW,
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
      environment: { [ENVIRONMENT_VARIABLES.inventoryTable]: store.inventoryTable.tableName },
      timeout: INGEST_TIMEOUT,
    });
    store.inventoryTable.grantReadWriteData(ingest);
    ingest.addEventSource(
      new SqsEventSource(intake.status.queue, {
        batchSize: STATUS_BATCH,
        maxBatchingWindow: BATCHING_WINDOW,
        reportBatchItemFailures: true,
      }),
    );
    return ingest;
  }
}
