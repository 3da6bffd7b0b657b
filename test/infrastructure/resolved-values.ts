import type { SynthesizedApp } from './synthesized-app';

type Intrinsic = Readonly<Record<string, unknown>>;

interface StackOutput {
  readonly StackName: string;
  readonly OutputName: string;
}

/** ARNs of resources after their name, as handlers and policies both spell them: the part after the account. */
const REGIONAL_ARNS: Readonly<Record<string, (name: string) => string>> = {
  'AWS::CloudWatch::Alarm': (name) => `cloudwatch:alarm:${name}`,
  'AWS::DynamoDB::Table': (name) => `dynamodb:table/${name}`,
  'AWS::Events::Rule': (name) => `events:rule/${name}`,
  'AWS::IoT::ThingGroup': (name) => `iot:thinggroup/${name}`,
  'AWS::IoT::TopicRule': (name) => `iot:rule/${name}`,
  'AWS::KMS::Key': (name) => `kms:key/${name}`,
  'AWS::Lambda::Function': (name) => `lambda:function:${name}`,
  'AWS::Logs::LogGroup': (name) => `logs:log-group:${name}:*`,
  'AWS::SNS::Topic': (name) => `sns:${name}`,
  'AWS::SQS::Queue': (name) => `sqs:${name}`,
  'AWS::StepFunctions::StateMachine': (name) => `states:stateMachine:${name}`,
  'Custom::GreengrassComponentVersion': (name) => `greengrass:components:${name}:versions:1.0.0`,
};

function arnOf(
  type: string,
  name: string,
  { region, account }: SynthesizedApp['config'],
): string | undefined {
  if (type === 'AWS::S3::Bucket') return `arn:aws:s3:::${name}`;
  if (type === 'AWS::IAM::Role') return `arn:aws:iam::${account}:role/${name}`;
  if (type === 'AWS::IAM::ManagedPolicy') return `arn:aws:iam::${account}:policy/${name}`;
  const [service, ...rest] = REGIONAL_ARNS[type]?.(name).split(':') ?? [];
  return service && `arn:aws:${service}:${region}:${account}:${rest.join(':')}`;
}

/** `StateMachineName` of `AWS::StepFunctions::StateMachine`: the property that gives a resource its physical name. */
export function physicalNameProperty(type: string): string {
  const kind = type.split('::').at(-1) ?? '';
  return { TopicRule: 'RuleName', Rule: 'Name', RoleAlias: 'RoleAlias' }[kind] ?? `${kind}Name`;
}

/** Resources whose `Ref` is their ARN. */
const REFERRED_TO_BY_ARN = [
  'AWS::IAM::ManagedPolicy',
  'AWS::SNS::Topic',
  'AWS::StepFunctions::StateMachine',
  'Custom::GreengrassComponentVersion',
];

/**
 * Values of templates as a deployment would have them: intrinsic functions are carried out, and what CloudFormation
 * names is named after its stack and its logical id, the same wherever it is referred to.
 */
export class ResolvedValues {
  constructor(private readonly app: SynthesizedApp) {}

  /** @throws Error for an intrinsic function that no template has used so far */
  text(stack: string, value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const [[name, argument] = []] = Object.entries(value as Intrinsic);
    switch (name) {
      case 'Ref':
        return this.reference(stack, String(argument));
      case 'Fn::GetAtt':
        return this.attribute(stack, argument as [string, string]);
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, unknown[]];
        return parts.map((part) => this.text(stack, part)).join(separator);
      }
      case 'Fn::Select': {
        const [index, from] = argument as [number, { readonly 'Fn::Split': [string, unknown] }];
        const [separator, whole] = from['Fn::Split'];
        return this.text(stack, whole).split(separator)[index] ?? '';
      }
      case 'Fn::GetStackOutput':
        return this.output(argument as StackOutput);
      default:
        throw new Error(`${stack}: cannot resolve ${JSON.stringify(value)}`);
    }
  }

  /** Name of a resource: the one that the template gives it, or else the one that CloudFormation would. */
  nameOf(stack: string, logicalId: string): string {
    const { Type, Properties = {} } = this.app.templates.get(stack)?.toJSON().Resources[logicalId] ?? {};
    const given = Properties[physicalNameProperty(String(Type))];
    if (given !== undefined) return this.text(stack, given);
    return `${this.app.stacks[stack as keyof SynthesizedApp['stacks']].stackName}-${logicalId}`.toLowerCase();
  }

  private reference(stack: string, logicalId: string): string {
    const { config } = this.app;
    const pseudo: Record<string, string> = {
      'AWS::Partition': 'aws',
      'AWS::Region': config.region,
      'AWS::AccountId': config.account,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    const found = pseudo[logicalId];
    if (found === undefined && logicalId.startsWith('AWS::')) {
      throw new Error(`${stack}: cannot resolve ${logicalId}`);
    }
    if (found !== undefined) return found;
    return REFERRED_TO_BY_ARN.includes(this.typeOf(stack, logicalId))
      ? this.attribute(stack, [logicalId, 'Arn'])
      : this.nameOf(stack, logicalId);
  }

  private typeOf(stack: string, logicalId: string): string {
    return this.app.templates.get(stack)?.toJSON().Resources[logicalId]?.Type;
  }

  private attribute(stack: string, [logicalId, attribute]: readonly [string, string]): string {
    const name = this.nameOf(stack, logicalId);
    const arn = arnOf(this.typeOf(stack, logicalId), name, this.app.config);
    if (attribute === 'QueueName') return name;
    return attribute === 'Arn' && arn !== undefined ? arn : `${name}.${attribute}`;
  }

  private output({ StackName, OutputName }: StackOutput): string {
    const [stack] =
      Object.entries(this.app.stacks).find(([, { stackName }]) => stackName === StackName) ?? [];
    const found = stack && this.app.templates.get(stack)?.toJSON().Outputs?.[OutputName];
    if (!stack || !found) throw new Error(`${StackName} has no output ${OutputName}`);
    return this.text(stack, found.Value);
  }
}
