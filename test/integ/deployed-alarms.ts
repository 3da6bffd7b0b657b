/**
 * The alarms of a synthesized environment in a real CloudWatch of ministack, with their topic, its policy and its key,
 * and a queue that is subscribed. What they watch beside them has the name that they ask for, and does what it does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Capability,
  CloudFormationClient,
  CreateStackCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  ListMetricsCommand,
  type MetricAlarm,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describeAlarmsAsOf, type Ministack } from '@kaizen-edge/local-aws';
import { zipSync } from 'fflate';
import { ResolvedValues } from '../infrastructure/resolved-values';
import type { PlacedResource, Resource, SynthesizedApp } from '../infrastructure/synthesized-app';

/** A change of the resources before they are deployed: a planted fault. */
export type Change = (type: string, properties: Resource['Properties']) => Resource['Properties'];

const STACK = 'alarms';
const WITH_ALARMS = ['AWS::CloudWatch::Alarm', 'AWS::SNS::Topic', 'AWS::SNS::TopicPolicy'];
const SUBSCRIBER = 'pager';
/** Of what is watched. */
const ROLE = 'watched';
/** Writes the lines that it is given to its log. */
const ECHO = 'exports.handler = async ({ lines = [] }) => process.stdout.write(lines.join("\\n") + "\\n");';

export class DeployedAlarms {
  private planted: Change = (_type, properties) => properties;
  private readonly values: ResolvedValues;
  private readonly client: { endpoint: string; region: string; credentials: object };
  private readonly cloudFormation: CloudFormationClient;
  private readonly cloudWatch: CloudWatchClient;
  private readonly sqs: SQSClient;
  private readonly lambda: LambdaClient;
  private readonly stepFunctions: SFNClient;

  constructor(
    private readonly app: SynthesizedApp,
    ministack: Ministack,
    /** A second subscriber, by HTTP. */
    private readonly webhook: string,
  ) {
    this.values = new ResolvedValues(app);
    const { account, region } = app.config;
    const credentials = { accessKeyId: account, secretAccessKey: 'test' };
    const client = { endpoint: ministack.url, region, credentials };
    this.client = client;
    this.cloudFormation = new CloudFormationClient(client);
    this.cloudWatch = new CloudWatchClient(client);
    this.sqs = new SQSClient(client);
    this.lambda = new LambdaClient(client);
    this.stepFunctions = new SFNClient(client);
  }

  destroy(): void {
    for (const client of [this.cloudFormation, this.cloudWatch, this.sqs, this.lambda, this.stepFunctions]) {
      client.destroy();
    }
  }

  /** For who watches them as well. */
  get clients() {
    return { cloudFormation: this.cloudFormation, cloudWatch: this.cloudWatch, sqs: this.sqs };
  }

  get topicArn(): string {
    const { stack, logicalId } = this.topic();
    return this.values.text(stack, { Ref: logicalId });
  }

  /** As they are deployed. */
  alarms(): Resource['Properties'][] {
    return this.app
      .resources('AWS::CloudWatch::Alarm')
      .map(({ stack, Type, Properties }) => this.changed(stack, Type, Properties));
  }

  async create(): Promise<void> {
    await this.cloudFormation.send(new CreateStackCommand(this.stack()));
    await waitUntilStackCreateComplete(this.waiting(), { StackName: STACK });
  }

  /** Deploys them anew, with a fault. */
  async change(change: Change): Promise<void> {
    this.planted = change;
    await this.cloudFormation.send(new UpdateStackCommand(this.stack()));
    await waitUntilStackUpdateComplete(this.waiting(), { StackName: STACK });
  }

  /** Evaluates every alarm. @returns the names of those in ALARM */
  async ringing(asOf: Date): Promise<string[]> {
    const alarms: MetricAlarm[] = await describeAlarmsAsOf(this.client as never, asOf);
    return alarms
      .filter(({ StateValue }) => StateValue === 'ALARM')
      .map(({ AlarmName }) => AlarmName ?? '')
      .sort();
  }

  /** Takes what has reached the topic's subscriber. @returns the alarms that called, by state */
  async calls(): Promise<string[]> {
    const QueueUrl = await this.queue(SUBSCRIBER);
    const found: string[] = [];
    for (;;) {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return found.sort();
      for (const { Body = '{}', ReceiptHandle } of Messages) {
        const { AlarmName, NewStateValue } = JSON.parse(JSON.parse(Body).Message);
        found.push(`${AlarmName} ${NewStateValue}`);
        await this.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  }

  /** What CloudWatch said of the alarm's last action. */
  async lastAction(AlarmName: string): Promise<string | undefined> {
    const { AlarmHistoryItems = [] } = await this.cloudWatch.send(
      new DescribeAlarmHistoryCommand({ AlarmName, HistoryItemType: 'Action' }),
    );
    return AlarmHistoryItems[0]?.HistorySummary;
  }

  async sendMessage(queueName: string): Promise<void> {
    await this.sqs.send(
      new SendMessageCommand({ QueueUrl: await this.queue(queueName), MessageBody: 'could not be handled' }),
    );
  }

  async purge(queueName: string): Promise<void> {
    await this.sqs.send(new PurgeQueueCommand({ QueueUrl: await this.queue(queueName) }));
  }

  /** A state machine of this ARN, whose only execution fails. */
  async failExecution(stateMachineArn: string): Promise<void> {
    await this.stepFunctions.send(
      new CreateStateMachineCommand({
        name: stateMachineArn.slice(stateMachineArn.lastIndexOf(':') + 1),
        roleArn: `arn:aws:iam::${this.app.config.account}:role/${ROLE}`,
        definition: JSON.stringify({
          StartAt: 'End',
          States: { End: { Type: 'Fail', Error: 'RolledBack' } },
        }),
      }),
    );
    await this.stepFunctions.send(new StartExecutionCommand({ stateMachineArn }));
    // It runs by itself, and counts after it has ended.
    const Dimensions = [{ Name: 'StateMachineArn', Value: stateMachineArn }];
    const counted = new ListMetricsCommand({
      Namespace: 'AWS/States',
      MetricName: 'ExecutionsFailed',
      Dimensions,
    });
    while (!(await this.cloudWatch.send(counted)).Metrics?.length) await sleep(20);
  }

  /** Invokes a function of this name, which writes the lines to its log. */
  async log(FunctionName: string, lines: readonly string[]): Promise<void> {
    const Payload = Buffer.from(JSON.stringify({ lines }));
    await this.lambda.send(new InvokeCommand({ FunctionName, Payload }));
  }

  async createFunction(FunctionName: string): Promise<void> {
    await this.lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: `arn:aws:iam::${this.app.config.account}:role/${ROLE}`,
        Code: { ZipFile: zipSync({ 'index.js': Buffer.from(ECHO) }) },
      }),
    );
  }

  /** One value of the very metric that an alarm asks for. */
  async putMetric({ Namespace, MetricName, Dimensions }: Resource['Properties'], at: Date, Value: number) {
    await this.cloudWatch.send(
      new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName, Dimensions, Value, Timestamp: at }] }),
    );
  }

  private async queue(QueueName: string): Promise<string> {
    const { QueueUrl = '' } = await this.sqs.send(new CreateQueueCommand({ QueueName }));
    return QueueUrl;
  }

  private waiting() {
    return { client: this.cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
  }

  private stack() {
    const resources = [...WITH_ALARMS.flatMap((type) => this.app.resources(type)), this.encryptionKey()].map(
      (resource): [string, object] => [resource.logicalId, this.deployable(resource)],
    );
    const Resources = Object.fromEntries([...resources, ...this.subscriberAndRole()]);
    const Capabilities: Capability[] = ['CAPABILITY_NAMED_IAM'];
    return { StackName: STACK, TemplateBody: JSON.stringify({ Resources }), Capabilities };
  }

  /** As in its template, with the names of other stacks' resources filled in. */
  private deployable({ stack, logicalId, Type, Properties }: PlacedResource): object {
    const properties = this.changed(stack, Type, Properties);
    const reference: Readonly<Record<string, object>> = {
      'AWS::SNS::TopicPolicy': { Topics: [{ Ref: this.topic().logicalId }] },
      'AWS::SNS::Topic': {
        TopicName: this.values.nameOf(stack, logicalId),
        KmsMasterKeyId: { 'Fn::GetAtt': [this.encryptionKey().logicalId, 'Arn'] },
      },
    };
    return { Type, Properties: { ...properties, ...reference[Type] } };
  }

  private topic(): PlacedResource {
    const [topic, ...others] = this.app.resources('AWS::SNS::Topic');
    if (!topic || others.length > 0) throw new Error('the alarms have one topic');
    return topic;
  }

  private encryptionKey(): PlacedResource {
    const [key] = this.app.resources('AWS::KMS::Key').filter(({ Properties }) => !Properties.KeySpec);
    if (!key) throw new Error('the application has no key that encrypts');
    return key;
  }

  private subscriberAndRole(): [string, object][] {
    const TopicArn = { Ref: this.topic().logicalId };
    const Endpoint = { 'Fn::GetAtt': ['Subscriber', 'Arn'] };
    const Statement = [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: '*',
      },
    ];
    const trusted = {
      Effect: 'Allow',
      Principal: { Service: ['lambda.amazonaws.com', 'states.amazonaws.com'] },
      Action: 'sts:AssumeRole',
    };
    const AssumeRolePolicyDocument = { Version: '2012-10-17', Statement: [trusted] };
    return [
      ['Watched', { Type: 'AWS::IAM::Role', Properties: { RoleName: ROLE, AssumeRolePolicyDocument } }],
      ['Subscriber', { Type: 'AWS::SQS::Queue', Properties: { QueueName: SUBSCRIBER } }],
      [
        'SubscriberPolicy',
        {
          Type: 'AWS::SQS::QueuePolicy',
          Properties: {
            Queues: [{ Ref: 'Subscriber' }],
            PolicyDocument: { Version: '2012-10-17', Statement },
          },
        },
      ],
      [
        'Subscription',
        { Type: 'AWS::SNS::Subscription', Properties: { TopicArn, Endpoint, Protocol: 'sqs' } },
      ],
      [
        'Webhook',
        {
          Type: 'AWS::SNS::Subscription',
          Properties: { TopicArn, Endpoint: this.webhook, Protocol: 'http' },
        },
      ],
    ];
  }

  private changed(stack: string, type: string, properties: Resource['Properties']): Resource['Properties'] {
    return this.planted(type, this.resolved(stack, properties) as Resource['Properties']);
  }

  /** Every intrinsic function carried out, wherever it is. */
  private resolved(stack: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((element) => this.resolved(stack, element));
    if (typeof value !== 'object' || value === null) return value;
    const [first = '', ...others] = Object.keys(value);
    if (others.length === 0 && (first === 'Ref' || first.startsWith('Fn::'))) {
      return this.values.text(stack, value);
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, this.resolved(stack, inner)]),
    );
  }
}
