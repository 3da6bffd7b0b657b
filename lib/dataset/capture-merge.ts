import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import type { TelemetryStore } from '../telemetry/telemetry-store';
import type { DatasetStore } from './dataset-store';

export interface CaptureMergeProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly dataset: DatasetStore;
  readonly telemetry: TelemetryStore;
}

/** Makes labelled captures of the field part of the dataset. */
export class CaptureMerge extends Construct {
  readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, props: CaptureMergeProps) {
    super(scope, id);
    const { dataset, telemetry } = props;
    const { function: merge } = new HandlerFunction(this, 'MergeCaptures', {
      ...props,
      handler: 'dataset/merge-captures',
      description: 'Adds labelled captures to the current dataset',
      environment: {
        ...dataset.bucketVariable,
        ...telemetry.bucketVariable,
        ...dataset.labelTableVariable,
      },
      timeout: Duration.minutes(14),
      memorySize: 1024,
    });
    // It goes through the same gate as every manifest.
    dataset.grantAcceptManifests(merge);
    dataset.grantPutImages(merge);
    telemetry.grantReadCaptures(merge, props.config.useCase);
    dataset.labelTable.grantReadData(merge);
    grantPutOwnEvents(merge, props.config);
    this.function = merge;
  }
}
