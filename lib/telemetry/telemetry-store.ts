import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  CAPTURE_PREFIX,
  deviceCapturePrefix,
  deviceQuestionPrefix,
  QUESTION_PREFIX,
  REJECTED_RECORD_PREFIX,
  RESULT_PREFIX,
  TELEMETRY_VARIABLES,
  useCaseCapturePrefix,
  useCaseQuestionPrefix,
} from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable, type Variables } from '../shared/keyed-table';
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

  constructor(
    scope: Construct,
    id: string,
    private readonly props: TelemetryStoreProps,
  ) {
    super(scope, id);
    // Written once under content-free ids and never changed: versions would only double the images.
    const { resultDays, captureDays } = props.config.telemetry;
    this.bucket = new PrivateBucket(this, 'Bucket', {
      ...props,
      versioned: false,
      expirationDays: {
        [RESULT_PREFIX]: resultDays,
        [REJECTED_RECORD_PREFIX]: resultDays,
        [CAPTURE_PREFIX]: captureDays,
        // Answered or not, nobody asks for them again.
        ...(props.config.secondOpinion && { [QUESTION_PREFIX]: 1 }),
      },
    });
    this.sketchTable = new KeyedTable(this, 'Sketches', {
      ...props,
      partitionKey: 'partition',
      sortKey: 'window',
      timeToLiveAttribute: 'expiresAt',
    });
    this.inventoryTable = new KeyedTable(this, 'Inventory', { ...props, partitionKey: 'deviceId' });
  }

  get bucketVariable(): Variables {
    return { [TELEMETRY_VARIABLES.bucket]: this.bucket.bucketName };
  }

  get sketchTableVariable(): Variables {
    return { [TELEMETRY_VARIABLES.sketchTable]: this.sketchTable.tableName };
  }

  get inventoryTableVariable(): Variables {
    return { [TELEMETRY_VARIABLES.inventoryTable]: this.inventoryTable.tableName };
  }

  get windowVariable(): Variables {
    return {
      [TELEMETRY_VARIABLES.sketchWindowSeconds]: String(this.props.config.telemetry.sketchWindowSeconds),
    };
  }

  /** For those who judge by labels: how frames were chosen for them. */
  get uploadPolicyVariable(): Variables {
    return { [TELEMETRY_VARIABLES.uploadPolicy]: JSON.stringify(this.props.config.device.upload) };
  }

  grantPutResults(grantee: iam.IGrantable): void {
    this.bucket.grantPut(grantee, `${RESULT_PREFIX}*`);
  }

  /** To set aside the records that broke the contract. */
  grantPutRejected(grantee: iam.IGrantable): void {
    this.bucket.grantPut(grantee, `${REJECTED_RECORD_PREFIX}*`);
  }

  grantReadCaptures(grantee: iam.IGrantable, useCase: string): void {
    this.bucket.grantRead(grantee, `${useCaseCapturePrefix(useCase)}*`);
  }

  /** @param thingName whose captures; a policy variable, where the role is that of all devices */
  grantPutCaptures(grantee: iam.IGrantable, useCase: string, thingName: string): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'PutOwnCaptures',
        actions: ['s3:PutObject'],
        resources: [this.bucket.arnForObjects(`${deviceCapturePrefix(useCase, thingName)}*`)],
      }),
    );
  }

  grantReadQuestions(grantee: iam.IGrantable, useCase: string): void {
    this.bucket.grantRead(grantee, `${useCaseQuestionPrefix(useCase)}*`);
  }

  /** @param thingName whose images; a policy variable, where the role is that of all devices */
  grantPutQuestions(grantee: iam.IGrantable, useCase: string, thingName: string): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'PutOwnQuestions',
        actions: ['s3:PutObject'],
        resources: [this.bucket.arnForObjects(`${deviceQuestionPrefix(useCase, thingName)}*`)],
      }),
    );
  }

  /** Counts in their own partitions, and nowhere near the sketches. */
  grantCountQuestions(grantee: iam.IGrantable, partitions: string): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'CountQuestions',
        actions: ['dynamodb:UpdateItem'],
        resources: [this.sketchTable.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${partitions}*`] } },
      }),
    );
    this.sketchTable.encryptionKey?.grantEncryptDecrypt(grantee);
  }
}
