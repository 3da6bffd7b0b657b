import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sagemaker from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import {
  BLOB_PREFIX,
  COMPONENT_PREFIX,
  ENVELOPE_PREFIX,
  modelPackageGroupName,
  REGISTRY_VARIABLES,
  RELEASE_PREFIX,
} from '../../lambda/registry/names';
import { environmentPrefix } from '../../lambda/shared/names';
import { PIPELINE_PREFIX } from '../../lambda/training/names';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable, type Variables } from '../shared/keyed-table';
import { PrivateBucket } from '../shared/private-bucket';
import { removalPolicy } from '../shared/removal';

export interface ModelRegistryProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
}

/** Model packages, the releases made of them, and the key that signs releases. */
export class ModelRegistry extends Construct {
  readonly bucket: s3.Bucket;
  readonly releaseTable: dynamodb.Table;
  readonly signingKey: kms.IKey;
  readonly modelPackageGroupName: string;

  constructor(scope: Construct, id: string, props: ModelRegistryProps) {
    super(scope, id);
    this.bucket = new PrivateBucket(this, 'Bucket', { ...props, versioned: true });
    this.releaseTable = new KeyedTable(this, 'Releases', {
      ...props,
      partitionKey: 'useCase',
      sortKey: 'item',
    });
    this.signingKey = new kms.Key(this, 'SigningKey', {
      description: `Signs the releases that ${environmentPrefix(props.config)} devices accept`,
      keySpec: kms.KeySpec.ECC_NIST_P256,
      keyUsage: kms.KeyUsage.SIGN_VERIFY,
      removalPolicy: removalPolicy(props.config),
    });
    const group = new sagemaker.CfnModelPackageGroup(this, 'ModelPackages', {
      modelPackageGroupName: modelPackageGroupName(props.config),
      modelPackageGroupDescription: `Models of ${props.config.useCase}; a person approves each before it is released`,
    });
    group.applyRemovalPolicy(removalPolicy(props.config));
    this.modelPackageGroupName = group.modelPackageGroupName;
  }

  get bucketVariable(): Variables {
    return { [REGISTRY_VARIABLES.modelBucket]: this.bucket.bucketName };
  }

  get releaseTableVariable(): Variables {
    return { [REGISTRY_VARIABLES.releaseTable]: this.releaseTable.tableName };
  }

  get signingKeyVariable(): Variables {
    return { [REGISTRY_VARIABLES.signingKeyArn]: this.signingKey.keyArn };
  }

  get modelPackageGroupVariable(): Variables {
    return { [REGISTRY_VARIABLES.modelPackageGroup]: this.modelPackageGroupName };
  }

  /** What a build needs: the pipeline's exports, and to keep files and envelopes of releases. */
  grantBuildReleases(grantee: iam.IGrantable): void {
    this.bucket.grantRead(grantee, `${PIPELINE_PREFIX}*`);
    this.bucket.grantRead(grantee, `${RELEASE_PREFIX}*`);
    this.bucket.grantPut(grantee, `${RELEASE_PREFIX}*`);
  }

  /** Files of releases alone: neither envelopes nor what the pipeline wrote. */
  grantReadModels(grantee: iam.IGrantable): void {
    this.bucket.grantRead(grantee, `${BLOB_PREFIX}*`);
  }

  /** To sign anew what has been built. */
  grantPutEnvelopes(grantee: iam.IGrantable): void {
    this.bucket.grantPut(grantee, `${ENVELOPE_PREFIX}*`);
  }

  /** Who makes a component version must be able to read its artifacts. */
  grantPublishComponents(grantee: iam.IGrantable): void {
    this.bucket.grantRead(grantee, `${RELEASE_PREFIX}*`);
    this.bucket.grantRead(grantee, `${COMPONENT_PREFIX}*`);
    this.bucket.grantPut(grantee, `${COMPONENT_PREFIX}*`);
  }

  /** What a device needs to install a release. */
  grantInstallReleases(grantee: iam.IGrantable): void {
    const allow = (statement: iam.PolicyStatementProps) =>
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
    allow({
      sid: 'GetReleases',
      actions: ['s3:GetObject'],
      resources: [BLOB_PREFIX, ENVELOPE_PREFIX, COMPONENT_PREFIX].map((prefix) =>
        this.bucket.arnForObjects(`${prefix}*`),
      ),
    });
    // The nucleus asks for the region of a bucket before it reads from it.
    allow({
      sid: 'LocateReleases',
      actions: ['s3:GetBucketLocation'],
      resources: [this.bucket.bucketArn],
    });
  }
}
