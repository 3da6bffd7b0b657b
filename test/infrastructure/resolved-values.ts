import type { SynthesizedApp } from './synthesized-app';

type Intrinsic = Readonly<Record<string, unknown>>;

/** Resources whose ARN is made of their name, as handlers and policies both spell it. */
const ARNS: Readonly<Record<string, (name: string, app: SynthesizedApp) => string>> = {
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::DynamoDB::Table': (name, { config }) =>
    `arn:aws:dynamodb:${config.region}:${config.account}:table/${name}`,
};

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
    return found ?? this.nameOf(logicalId);
  }

  private attribute(stack: string, [logicalId, attribute]: readonly [string, string]): string {
    const name = this.nameOf(logicalId);
    const type = this.app.templates.get(stack)?.toJSON().Resources[logicalId]?.Type;
    const arn = ARNS[type];
    return attribute === 'Arn' && arn ? arn(name, this.app) : `${name}.${attribute}`;
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
