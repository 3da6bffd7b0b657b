import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sagemaker from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable } from '../shared/keyed-table';
import { modelPackageGroupName } from '../shared/names';
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
      description: `Signs the releases that kaizen-${props.config.environmentName} devices accept`,
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
}
