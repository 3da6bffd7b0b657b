import type { SynthesizedApp } from './synthesized-app';

type Intrinsic = Readonly<Record<string, unknown>>;

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
};

function arnOf(
  type: string,
  name: string,
  { region, account }: SynthesizedApp['config'],
): string | undefined {
  if (type === 'AWS::S3::Bucket') return `arn:aws:s3:::${name}`;
  if (type === 'AWS::IAM::Role') return `arn:aws:iam::${account}:role/${name}`;
  const [service, ...rest] = REGIONAL_ARNS[type]?.(name).split(':') ?? [];
  return service && `arn:aws:${service}:${region}:${account}:${rest.join(':')}`;
}

/** Resources whose `Ref` is their ARN. */
const REFERRED_TO_BY_ARN = ['AWS::SNS::Topic', 'AWS::StepFunctions::StateMachine'];

/**
 * Values of templates as a deployment would have them: intrinsic functions are carried out, and what CloudFormation
 * names is named after its logical id, the same wherever it is referred to.
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
      case 'Fn::ImportValue':
        return this.imported(this.text(stack, argument));
      default:
        throw new Error(`${stack}: cannot resolve ${JSON.stringify(value)}`);
    }
  }

  /** Name of a resource that CloudFormation names. */
  nameOf(logicalId: string): string {
    return logicalId.toLowerCase();
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
      : this.nameOf(logicalId);
  }

  private typeOf(stack: string, logicalId: string): string {
    return this.app.templates.get(stack)?.toJSON().Resources[logicalId]?.Type;
  }

  private attribute(stack: string, [logicalId, attribute]: readonly [string, string]): string {
    const name = this.nameOf(logicalId);
    const arn = arnOf(this.typeOf(stack, logicalId), name, this.app.config);
    return attribute === 'Arn' && arn !== undefined ? arn : `${name}.${attribute}`;
  }

  private imported(exportName: string): string {
    for (const [stack, template] of this.app.templates) {
      for (const output of Object.values(template.findOutputs('*'))) {
        if (output.Export && this.text(stack, output.Export.Name) === exportName) {
          return this.text(stack, output.Value);
        }
      }
    }
    throw new Error(`no stack exports ${exportName}`);
  }
}
