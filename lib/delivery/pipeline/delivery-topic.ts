import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

export interface DeliveryTopicProps {
  readonly encryptionKey: kms.Key;
  /** E-mail addresses, and https URLs. */
  readonly subscriptions: readonly string[];
}

/** Tells people what the delivery wants of them. */
export class DeliveryTopic extends sns.Topic {
  constructor(scope: Construct, id: string, { encryptionKey, subscriptions }: DeliveryTopicProps) {
    super(scope, id, { masterKey: encryptionKey, enforceSSL: true });
    const { account, region } = Stack.of(this);
    // A policy of one's own takes the place of the one that a topic is born with. The notification rule adds itself.
    this.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    // docs.aws.amazon.com/dtconsole/latest/userguide/set-up-sns.html; alarms are in lib/shared/encryption-key.ts.
    encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'NotificationsEncrypted',
        principals: [new iam.ServicePrincipal('codestar-notifications.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        // In a key policy the only resource is the key itself.
        resources: ['*'],
        conditions: { StringEquals: { 'kms:ViaService': `sns.${region}.amazonaws.com` } },
      }),
    );
    for (const endpoint of subscriptions) {
      this.addSubscription(
        endpoint.startsWith('https://') ? new UrlSubscription(endpoint) : new EmailSubscription(endpoint),
      );
    }
  }
}
