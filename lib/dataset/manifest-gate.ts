import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import { type DatasetStore, MANIFEST_GATE_TIMEOUT } from './dataset-store';

export interface ManifestGateProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly dataset: DatasetStore;
}

/** Lets a dataset manifest in only when every line and every digest is right. */
export class ManifestGate extends Construct {
  readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, props: ManifestGateProps) {
    super(scope, id);
    const { dataset } = props;
    const { function: gate } = new HandlerFunction(this, 'AcceptManifest', {
      ...props,
      handler: 'dataset/accept-manifest',
      description: 'Validates an incoming manifest, assigns splits, makes it the current dataset',
      environment: dataset.bucketVariable,
      timeout: MANIFEST_GATE_TIMEOUT,
      memorySize: 1024,
    });
    dataset.grantAcceptManifests(gate);
    grantPutOwnEvents(gate, props.config);
    // Manifests are rare and each reads every image: two at a time is the least that Lambda takes as a limit.
    gate.addEventSource(
      new SqsEventSource(dataset.manifestQueue.queue, {
        batchSize: 1,
        maxConcurrency: 2,
        reportBatchItemFailures: true,
      }),
    );
    this.function = gate;
  }
}
