/** Whether an alarm that goes off reaches the topic that it names: CloudWatch's way, judged by the policies on it. */
import { type ServiceRequest, simulateService } from './iam-simulator';
import { listOf, type Statement } from './policy-statements';
import { ResolvedValues } from './resolved-values';
import { type ResolvedStatement, resolved } from './role-policies';
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
  async obstacles(topic: PlacedResource, publication: Publication): Promise<string[]> {
    const key = this.named('AWS::KMS::Key', topic.stack, topic.Properties.KmsMasterKeyId);
    const keyPolicy = this.resolved(key.stack, key.Properties.KeyPolicy);
    const asked = [
      { action: 'sns:Publish', where: topic, policy: this.topicPolicy(topic) },
      ...KEY_ACTIONS.map((action) => ({ action, where: key, policy: keyPolicy })),
    ];
    const answers = await Promise.all(
      asked.map(async ({ action, where, policy }) => ({
        sentence: `${publication.alarmName} is mute: ${SERVICE} of account ${publication.account} may not ${action} on ${where.stack}/${where.logicalId}`,
        allowed: await simulateService(policy, this.request(action, where, publication)),
      })),
    );
    return answers.filter(({ allowed }) => !allowed).map(({ sentence }) => sentence);
  }

  private request(
    action: string,
    { stack, logicalId }: PlacedResource,
    { account, alarmName, transport }: Publication,
  ): ServiceRequest {
    const { region, account: owner } = this.app.config;
    return {
      service: SERVICE,
      action,
      resource: this.values.text(stack, { 'Fn::GetAtt': [logicalId, 'Arn'] }),
      account: owner,
      context: {
        'aws:SourceAccount': account,
        'aws:SourceArn': `arn:aws:cloudwatch:${region}:${account}:alarm:${alarmName}`,
        'aws:SecureTransport': String(transport === 'tls'),
      },
    };
  }

  /** A topic without a policy has one that lets the account of its owner publish; every topic here has one. */
  private topicPolicy(topic: PlacedResource): ResolvedStatement[] {
    return this.app
      .resources('AWS::SNS::TopicPolicy')
      .filter(
        ({ stack, Properties }) =>
          stack === topic.stack &&
          listOf<{ Ref?: string }>(Properties.Topics).some(({ Ref }) => Ref === topic.logicalId),
      )
      .flatMap(({ Properties }) => this.resolved(topic.stack, Properties.PolicyDocument));
  }

  private resolved(
    stack: string,
    document: { readonly Statement: Statement | Statement[] },
  ): ResolvedStatement[] {
    return listOf(document.Statement).map((statement) => resolved(this.values, stack, statement));
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
