import { OWNERS } from '../../../lambda/shared/names';
import type { Inventory, InventoryResource } from './inventory';
import { type RawStatement, statementWords } from './statement-words';

interface Document {
  readonly Statement: RawStatement | readonly RawStatement[];
}

/** Policies of resources: who may reach what they are attached to. */
const RESOURCE_POLICIES: Readonly<Record<string, string>> = {
  'AWS::S3::BucketPolicy': 'PolicyDocument',
  'AWS::SQS::QueuePolicy': 'PolicyDocument',
  'AWS::SNS::TopicPolicy': 'PolicyDocument',
  'AWS::KMS::Key': 'KeyPolicy',
  'AWS::IoT::Policy': 'PolicyDocument',
};

const statementsOf = ({ Statement }: Document): readonly RawStatement[] =>
  Array.isArray(Statement) ? Statement : [Statement as RawStatement];

function wordsOf(inventory: Inventory, at: InventoryResource, document: Document): string[] {
  return statementsOf(document).map((statement) => `- ${statementWords(inventory, at, statement)}`);
}

function roleLines(inventory: Inventory, role: InventoryResource): string[] {
  const attached = inventory
    .of('AWS::IAM::Policy')
    .filter(({ stack, properties }) =>
      properties.Roles.some((each: unknown) => inventory.target(stack, each) === role),
    );
  const inline: readonly { PolicyDocument: Document }[] = role.properties.Policies ?? [];
  const lines = [
    ...wordsOf(inventory, role, role.properties.AssumeRolePolicyDocument),
    ...inline.flatMap(({ PolicyDocument }) => wordsOf(inventory, role, PolicyDocument)),
    ...attached.flatMap((policy) => wordsOf(inventory, policy, policy.properties.PolicyDocument)),
    ...(role.properties.ManagedPolicyArns ?? []).map(
      (policy: unknown) => `- may what ${inventory.text(role, policy)} allows, written by others`,
    ),
  ];
  return [`#### ${role.path}`, '', ...lines, ''];
}

function policyLines(inventory: Inventory, policy: InventoryResource): string[] {
  const document: Document = policy.properties[RESOURCE_POLICIES[policy.type] ?? ''];
  const title =
    policy.type === 'AWS::IoT::Policy' ? `${policy.path}, of a device's certificate` : policy.path;
  return [`#### ${title}`, '', ...wordsOf(inventory, policy, document), ''];
}

function permissionLine(inventory: Inventory, permission: InventoryResource): string {
  const { Principal, FunctionName, SourceArn } = permission.properties;
  const source =
    SourceArn === undefined ? 'from anywhere' : `for \`${inventory.text(permission, SourceArn)}\``;
  return `- \`${Principal}\` may run \`${inventory.text(permission, FunctionName)}\`, ${source}`;
}

/** Every statement of every policy in plain words: roles by noun, then what resources allow. */
export function accessSection(inventory: Inventory): string[] {
  const nouns = OWNERS.flatMap((noun) => {
    const roles = inventory.of('AWS::IAM::Role').filter((role) => role.noun === noun);
    return roles.length === 0
      ? []
      : [`### Roles of ${noun}`, '', ...roles.flatMap((role) => roleLines(inventory, role))];
  });
  const policies = inventory.of(...Object.keys(RESOURCE_POLICIES));
  const permissions = inventory.of('AWS::Lambda::Permission');
  return [
    ...nouns,
    '### Policies of resources',
    '',
    ...policies.flatMap((policy) => policyLines(inventory, policy)),
    '#### Functions',
    '',
    ...permissions.map((permission) => permissionLine(inventory, permission)),
  ];
}
