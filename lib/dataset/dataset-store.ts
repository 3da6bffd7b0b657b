import { Duration, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable } from '../shared/keyed-table';
import { PrivateBucket } from '../shared/private-bucket';
import { WorkQueue } from '../shared/queues';

/** Time to hash every image of a manifest. */
export const MANIFEST_GATE_TIMEOUT = Duration.minutes(10);
/** A manifest that the gate cannot even read three times will not be read the fourth time. */
const MANIFEST_RECEIVES = 3;

export interface DatasetStoreProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
}

/** Images, manifests and labels, and the queue in front of the manifest gate. */
export class DatasetStore extends Construct {
  readonly bucket: s3.Bucket;
  readonly labelTable: dynamodb.Table;
  readonly manifestQueue: WorkQueue;

  constructor(scope: Construct, id: string, props: DatasetStoreProps) {
    super(scope, id);
    this.labelTable = new KeyedTable(this, 'Labels', {
      ...props,
      partitionKey: 'useCase',
      sortKey: 'captureId',
    });
    this.manifestQueue = new WorkQueue(this, 'IncomingManifests', {
      ...props,
      handlerTimeout: MANIFEST_GATE_TIMEOUT,
      maximumReceives: MANIFEST_RECEIVES,
    });
    const bucket = new PrivateBucket(this, 'Bucket', { ...props, versioned: true });
    this.announceIncomingManifests(bucket);
    this.bucket = bucket;
  }

  /**
   * Written on the bucket itself: the L2 notification would add a custom resource. S3 checks the queue's policy
   * when the bucket is made, so the policy comes first and cannot name the bucket; it names the account and the
   * prefix of generated bucket names instead.
   */
  private announceIncomingManifests(bucket: s3.Bucket): void {
    const stack = Stack.of(this);
    const queue = this.manifestQueue.queue;
    queue.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'S3AnnouncesManifests',
        principals: [new iam.ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: { 'aws:SourceArn': `arn:${stack.partition}:s3:::${stack.stackName}-*` },
        },
      }),
    );
    const resource = bucket.node.defaultChild as s3.CfnBucket;
    resource.notificationConfiguration = {
      queueConfigurations: [
        {
          event: 's3:ObjectCreated:*',
          queue: queue.queueArn,
          filter: {
            s3Key: {
              rules: [
                { name: 'prefix', value: 'manifests/incoming/' },
                { name: 'suffix', value: '.jsonl' },
              ],
            },
          },
        },
      ],
    };
    const policy = queue.node.findChild('Policy').node.defaultChild;
    if (policy !== undefined) resource.node.addDependency(policy);
  }
}
