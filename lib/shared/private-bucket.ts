import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { AppConfig } from './app-config';
import { removalPolicy } from './removal';

const NONCURRENT_VERSION_DAYS = 30;
const INCOMPLETE_UPLOAD_DAYS = 7;

export interface PrivateBucketProps {
  readonly config: Pick<AppConfig, 'removal' | 'transport'>;
  readonly encryptionKey: kms.IKey;
  /** Whether overwritten and deleted objects stay for 30 days. */
  readonly versioned: boolean;
  /** Days after which objects are deleted, by the prefix of their keys. @default - objects stay */
  readonly expirationDays?: Readonly<Record<string, number>>;
}

/** A bucket that nobody reaches in public, nor without TLS where the environment says so, encrypted with the application's key. */
export class PrivateBucket extends s3.Bucket {
  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id, {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: props.encryptionKey,
      // One data key per bucket rather than per object: KMS calls do not grow with the number of images.
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: props.config.transport === 'tls-only',
      versioned: props.versioned,
      removalPolicy: removalPolicy(props.config),
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(INCOMPLETE_UPLOAD_DAYS),
          ...(props.versioned && { noncurrentVersionExpiration: Duration.days(NONCURRENT_VERSION_DAYS) }),
        },
        ...Object.entries(props.expirationDays ?? {}).map(([prefix, days]) => ({
          prefix,
          expiration: Duration.days(days),
        })),
      ],
    });
  }
}
