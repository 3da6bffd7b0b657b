import { Duration, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  ACCEPTED_PREFIX,
  DATASET_VARIABLES,
  IMAGE_PREFIX,
  INCOMING_PREFIX,
  MANIFEST_PREFIX,
  MANIFEST_SUFFIX,
} from '../../lambda/dataset/names';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable, type Variables } from '../shared/keyed-table';
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

  get bucketVariable(): Variables {
    return { [DATASET_VARIABLES.bucket]: this.bucket.bucketName };
  }

  get labelTableVariable(): Variables {
    return { [DATASET_VARIABLES.labelTable]: this.labelTable.tableName };
  }

  /** What the gate needs: every image and manifest, and to write manifests and reports. */
  grantAcceptManifests(grantee: iam.IGrantable): void {
    this.bucket.grantRead(grantee, `${IMAGE_PREFIX}*`);
    this.bucket.grantRead(grantee, `${MANIFEST_PREFIX}*`);
    this.bucket.grantPut(grantee, `${MANIFEST_PREFIX}*`);
  }

  grantPutImages(grantee: iam.IGrantable): void {
    this.bucket.grantPut(grantee, `${IMAGE_PREFIX}*`);
  }

  /** What training needs: images and accepted manifests, and no list of anything else. */
  grantReadAccepted(grantee: iam.IGrantable): void {
    const keys = [`${IMAGE_PREFIX}*`, `${ACCEPTED_PREFIX}*`];
    const allow = (statement: iam.PolicyStatementProps) =>
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
    allow({
      sid: 'ReadDataset',
      actions: ['s3:GetObject'],
      resources: keys.map((key) => this.bucket.arnForObjects(key)),
    });
    allow({
      sid: 'ListDataset',
      actions: ['s3:ListBucket'],
      resources: [this.bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': keys } },
    });
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
                { name: 'prefix', value: INCOMING_PREFIX },
                { name: 'suffix', value: MANIFEST_SUFFIX },
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
