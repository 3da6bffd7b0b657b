import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { environmentPrefix } from '../../lambda/shared/names';
import type { AppConfig } from './app-config';
import { removalPolicy } from './removal';

export const BUDGETS_SERVICE = 'budgets.amazonaws.com';

/** AWS services that put messages into encrypted queues and topics on behalf of the account's resources. */
const SENDING_SERVICES = ['s3.amazonaws.com', 'events.amazonaws.com', 'cloudwatch.amazonaws.com'];

/**
 * The key behind every bucket, table, queue, topic and log group. Services that write without a role of ours are
 * named here, since a key policy cannot be extended from other stacks.
 */
export class EncryptionKey extends kms.Key {
  constructor(
    scope: Construct,
    id: string,
    config: Pick<AppConfig, 'environmentName' | 'removal' | 'budget'>,
  ) {
    super(scope, id, {
      description: `Encrypts the data of ${environmentPrefix(config)}`,
      enableKeyRotation: true,
      removalPolicy: removalPolicy(config),
    });
    const { account, region, partition } = Stack.of(this);
    const allow = (sid: string, services: string[], actions: string[], conditions: Record<string, unknown>) =>
      this.addToResourcePolicy(
        new iam.PolicyStatement({
          sid,
          principals: services.map((service) => new iam.ServicePrincipal(service)),
          actions,
          // In a key policy the only resource is the key itself.
          resources: ['*'],
          conditions,
        }),
      );
    const senders = config.budget ? [...SENDING_SERVICES, BUDGETS_SERVICE] : SENDING_SERVICES;
    allow('ServicesSendEncrypted', senders, ['kms:Decrypt', 'kms:GenerateDataKey'], {
      StringEquals: { 'aws:SourceAccount': account },
    });
    allow(
      'LogsEncrypted',
      [`logs.${region}.amazonaws.com`],
      ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'],
      {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
        },
      },
    );
  }
}
