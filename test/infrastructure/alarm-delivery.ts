/** Whether an alarm that goes off reaches the topic that it names: CloudWatch's way, judged by the policies on it. */
import { listOf, type Statement } from './policy-statements';
import { ResolvedValues } from './resolved-values';
import { ResourcePolicy } from './resource-policy';
import type { PlacedResource, SynthesizedApp } from './synthesized-app';

export interface Publication {
  /** Of the alarm. */
  readonly account: string;
  readonly alarmName: string;
  readonly transport: 'tls' | 'plaintext';
}

/** What CloudWatch asks of the key of an encrypted topic, by itself and not through SNS. */
const KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];
const SERVICE = 'cloudwatch.amazonaws.com';

export class AlarmDelivery {
  private readonly values: ResolvedValues;

  constructor(private readonly app: SynthesizedApp) {
    this.values = new ResolvedValues(app);
  }

  /** Topics of the alarms' actions, with the alarm's name. */
  actions(): { readonly alarmName: string; readonly topic: PlacedResource }[] {
    return this.app.resources('AWS::CloudWatch::Alarm').flatMap(({ stack, Properties }) =>
      listOf(Properties.AlarmActions).map((action) => ({
        alarmName: Properties.AlarmName,
        topic: this.named('AWS::SNS::Topic', stack, action),
      })),
    );
  }

  /** What keeps CloudWatch from publishing, a sentence each; none when the message goes out. */
  obstacles(topic: PlacedResource, publication: Publication): string[] {
    const { account, alarmName, transport } = publication;
    const { region } = this.app.config;
    const request = (action: string, resource: string) => ({
      service: SERVICE,
      action,
      resource,
      context: {
        'aws:SourceAccount': account,
        'aws:SourceArn': `arn:aws:cloudwatch:${region}:${account}:alarm:${alarmName}`,
        'aws:SecureTransport': String(transport === 'tls'),
      },
    });
    const refusal = (action: string, where: PlacedResource) =>
      `${alarmName} is mute: ${SERVICE} of account ${account} may not ${action} on ${where.stack}/${where.logicalId}`;
    const topicName = this.values.text(topic.stack, { Ref: topic.logicalId });
    const key = this.named('AWS::KMS::Key', topic.stack, topic.Properties.KmsMasterKeyId);
    const keyPolicy = new ResourcePolicy(
      listOf<Statement>(key.Properties.KeyPolicy.Statement),
      this.values,
      key.stack,
    );
    return [
      ...(this.topicPolicy(topic).allows(request('sns:Publish', topicName))
        ? []
        : [refusal('sns:Publish', topic)]),
      ...KEY_ACTIONS.filter((action) => !keyPolicy.allows(request(action, '*'))).map((action) =>
        refusal(action, key),
      ),
    ];
  }

  /** A topic without a policy has one that lets the account of its owner publish; every topic here has one. */
  private topicPolicy(topic: PlacedResource): ResourcePolicy {
    const statements = this.app
      .resources('AWS::SNS::TopicPolicy')
      .filter(
        ({ stack, Properties }) =>
          stack === topic.stack &&
          listOf<{ Ref?: string }>(Properties.Topics).some(({ Ref }) => Ref === topic.logicalId),
      )
      .flatMap(({ Properties }) => listOf<Statement>(Properties.PolicyDocument.Statement));
    return new ResourcePolicy(statements, this.values, topic.stack);
  }

  /** The resource that `reference` in a template of `stack` leads to, by name or by ARN. */
  private named(type: string, stack: string, reference: unknown): PlacedResource {
    const text = this.values.text(stack, reference);
    const found = this.app
      .resources(type)
      .find((resource) =>
        [{ Ref: resource.logicalId }, { 'Fn::GetAtt': [resource.logicalId, 'Arn'] }].some(
          (own) => this.values.text(resource.stack, own) === text,
        ),
      );
    if (!found) throw new Error(`${stack}: ${text} is no ${type} of the application`);
    return found;
  }
}
