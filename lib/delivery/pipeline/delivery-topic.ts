import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

/** Alarms, and notifications of CodePipeline (approvals that wait, failed executions). */
const PUBLISHERS = ['cloudwatch.amazonaws.com', 'codestar-notifications.amazonaws.com'];

export interface DeliveryTopicProps {
  readonly encryptionKey: kms.Key;
  /** E-mail addresses, and https URLs. */
  readonly subscriptions: readonly string[];
}

/** Tells people what the delivery wants of them. */
export class DeliveryTopic extends sns.Topic {
  constructor(scope: Construct, id: string, { encryptionKey, subscriptions }: DeliveryTopicProps) {
    super(scope, id, { masterKey: encryptionKey, enforceSSL: true });
    const principals = PUBLISHERS.map((service) => new iam.ServicePrincipal(service));
    const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    this.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'ServicesPublish',
        principals,
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions,
      }),
    );
    encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'NotificationsEncrypted',
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        // In a key policy the only resource is the key itself.
        resources: ['*'],
        conditions,
      }),
    );
    for (const endpoint of subscriptions) {
      this.addSubscription(
        endpoint.startsWith('https://') ? new UrlSubscription(endpoint) : new EmailSubscription(endpoint),
      );
    }
  }
}
