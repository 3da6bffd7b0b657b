/** Templates for review: as YAML, without what changes in every build or says nothing. */
import type { Template } from 'aws-cdk-lib/assertions';
import { stringify } from 'yaml';

const NOT_REVIEWED_SECTIONS = ['Parameters', 'Rules', 'Conditions', 'Mappings'];
const NOT_REVIEWED_TYPES = ['AWS::CDK::Metadata'];
/** Long texts made by code that has tests of its own: dashboards, pipeline definitions, recipes. */
const LONGEST_TEXT = 260;

function masked(text: string): string {
  const hidden = text.replace(/[0-9a-f]{64}/g, '<sha256>').replace(/\b1\.\d{1,6}\.\d{1,6}\b/g, '1.<content>');
  return hidden.length > LONGEST_TEXT ? `${hidden.slice(0, 60)}... <long text>` : hidden;
}

interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: unknown;
  readonly Principal?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

const isStatement = (value: object): value is PolicyStatement => 'Effect' in value && 'Action' in value;

/** `Allow s3:PutObject on <Bucket.Arn>/results/* if {...}`: a reviewer reads sentences, one per line of a diff. */
function sentence({ Sid, Effect, Action, Principal, Resource, Condition }: PolicyStatement): string {
  const words = (value: unknown) => {
    const plain = simplified(value);
    return (Array.isArray(plain) ? plain : [plain])
      .map((word) => (typeof word === 'string' ? word : JSON.stringify(word).replaceAll('"', '')))
      .join(', ');
  };
  const parts = [Effect, words(Action)];
  if (Principal !== undefined) parts.push('by', words(Principal));
  if (Resource !== undefined) parts.push('on', words(Resource));
  if (Condition !== undefined) parts.push('if', words(Condition));
  return `${Sid === undefined ? '' : `${Sid}: `}${parts.join(' ')}`;
}

function simplified(value: unknown): unknown {
  if (typeof value === 'string') return masked(value);
  if (Array.isArray(value)) return value.map(simplified);
  if (value === null || typeof value !== 'object') return value;
  if (isStatement(value)) return sentence(value);
  const entries = Object.entries(value);
  const [[name, argument] = ['', undefined]] = entries;
  // Intrinsic functions as one line: the reader wants to know what is meant, not how it is spelled.
  if (entries.length === 1 && name === 'Ref') return `<${argument}>`;
  if (entries.length === 1 && name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (entries.length === 1 && name === 'Fn::GetStackOutput')
    return `<${outputName(argument as StackOutput)}>`;
  if (entries.length === 1 && name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return masked(parts.map(simplified).join(separator));
  }
  return Object.fromEntries(entries.map(([key, child]) => [key, simplified(child)]));
}

interface StackOutput {
  readonly StackName: string;
  readonly OutputName: string;
}

/** `PublishOutputFnGetAttEncryptionKey1B843E66Arn91172964` -> `kaizen-dev-data EncryptionKey...Arn`. */
function outputName({ StackName, OutputName }: StackOutput): string {
  return `${StackName} ${OutputName.replace(/^PublishOutput(Ref|FnGetAtt)/, '').replace(/[0-9A-F]{8}$/, '')}`;
}

function reviewed(template: Template): Record<string, unknown> {
  const { Resources, Outputs = {}, ...rest } = template.toJSON();
  for (const section of NOT_REVIEWED_SECTIONS) delete rest[section];
  const resources = Object.entries(Resources as Record<string, { Type: string; Metadata?: object }>)
    .filter(([, { Type }]) => !NOT_REVIEWED_TYPES.includes(Type))
    .map(([id, { Metadata: _paths, ...resource }]) => [id, simplified(resource)]);
  const outputs = Object.entries(Outputs as Record<string, { Value: unknown }>)
    .filter(([id]) => !id.startsWith('PublishOutput'))
    .map(([id, { Value }]) => [id, simplified(Value)]);
  return { ...rest, Resources: Object.fromEntries(resources), Outputs: Object.fromEntries(outputs) };
}

export function readable(template: Template): string {
  return stringify(reviewed(template), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** `Resources.Key.Properties.Enabled: true`, one line per value. */
function lines(value: unknown, path = ''): string[] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, child]) => lines(child, path === '' ? key : `${path}.${key}`))
    : [`${path}: ${value}`];
}

/**
 * What one environment's template has otherwise than another's, a line per value: `-` of the first, `+` of the second.
 * Their names and accounts count as the same.
 */
export function differences(
  first: { readonly environment: string; readonly template: Template },
  second: typeof first,
): string {
  const named = ({ environment, template }: typeof first): string[] =>
    lines(reviewed(template)).map((line) =>
      line
        .replace(/\b\d{12}\b/g, '<account>')
        .replace(new RegExp(`(AllowEventRule)${environment}(\\w+)[0-9A-F]{8}`, 'g'), '$1$2')
        .replace(new RegExp(`(kaizen[-_]|env: )${environment}(?![a-z])`, 'g'), '$1<env>'),
    );
  const [before, after] = [named(first), named(second)];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ]
    .sort((left, right) => left.slice(2).localeCompare(right.slice(2), 'en'))
    .join('\n');
}
