import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { AppConfig } from './app-config';
import { protectedRemovalPolicy } from './removal';

/** Environment variables of functions. */
export type Variables = Readonly<Record<string, string>>;

export interface KeyedTableProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  /** Name of the partition key, a string. */
  readonly partitionKey: string;
  /** Name of the sort key, a string. @default - no sort key */
  readonly sortKey?: string;
  /** Attribute with the time of deletion, in epoch seconds. @default - items stay */
  readonly timeToLiveAttribute?: string;
}

/**
 * An on-demand table with string keys, point-in-time recovery and the application's key. Constructs pass it on as the
 * class: under exactOptionalPropertyTypes `dynamodb.Table` does not fit `ITable` (`tableStreamArn`), nor `s3.Bucket`
 * `IBucket` (`isWebsite`).
 */
export class KeyedTable extends dynamodb.Table {
  constructor(scope: Construct, id: string, props: KeyedTableProps) {
    const key = (name: string) => ({ name, type: dynamodb.AttributeType.STRING });
    super(scope, id, {
      partitionKey: key(props.partitionKey),
      ...(props.sortKey !== undefined && { sortKey: key(props.sortKey) }),
      ...(props.timeToLiveAttribute !== undefined && { timeToLiveAttribute: props.timeToLiveAttribute }),
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: props.encryptionKey,
      deletionProtection: props.config.removal === 'retain',
      removalPolicy: protectedRemovalPolicy(props.config),
    });
  }
}
