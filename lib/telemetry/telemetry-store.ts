import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable } from '../shared/keyed-table';
import { PrivateBucket } from '../shared/private-bucket';

export interface TelemetryStoreProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
}

/** Results and captures, their sketches, and the last status of every device. */
export class TelemetryStore extends Construct {
  readonly bucket: s3.Bucket;
  readonly sketchTable: dynamodb.Table;
  readonly inventoryTable: dynamodb.Table;

  constructor(scope: Construct, id: string, props: TelemetryStoreProps) {
    super(scope, id);
    // Written once under content-free ids and never changed: versions would only double the images.
    this.bucket = new PrivateBucket(this, 'Bucket', { ...props, versioned: false });
    this.sketchTable = new KeyedTable(this, 'Sketches', {
      ...props,
      partitionKey: 'partition',
      sortKey: 'window',
      timeToLiveAttribute: 'expiresAt',
    });
    this.inventoryTable = new KeyedTable(this, 'Inventory', { ...props, partitionKey: 'deviceId' });
  }
}
