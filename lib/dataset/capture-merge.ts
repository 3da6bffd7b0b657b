import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ENVIRONMENT_VARIABLES } from '../../lambda/shared/names';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import type { DatasetStore } from './dataset-store';

export interface CaptureMergeProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly dataset: DatasetStore;
  readonly telemetryBucket: s3.Bucket;
}

/** Makes labelled captures of the field part of the dataset. */
export class CaptureMerge extends Construct {
  readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, props: CaptureMergeProps) {
    super(scope, id);
    const { bucket, labelTable } = props.dataset;
    const { function: merge } = new HandlerFunction(this, 'MergeCaptures', {
      ...props,
      handler: 'dataset/merge-captures',
      description: 'Adds labelled captures to the current dataset',
      environment: {
        [ENVIRONMENT_VARIABLES.datasetBucket]: bucket.bucketName,
        [ENVIRONMENT_VARIABLES.telemetryBucket]: props.telemetryBucket.bucketName,
        [ENVIRONMENT_VARIABLES.labelTable]: labelTable.tableName,
      },
      timeout: Duration.minutes(14),
      memorySize: 1024,
    });
    bucket.grantRead(merge, 'images/*');
    bucket.grantRead(merge, 'manifests/*');
    bucket.grantPut(merge, 'images/*');
    bucket.grantPut(merge, 'manifests/*');
    props.telemetryBucket.grantRead(merge, `captures/${props.config.useCase}/*`);
    labelTable.grantReadData(merge);
    grantPutOwnEvents(merge);
    this.function = merge;
  }
}
