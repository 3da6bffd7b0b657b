/** What each role of the templates may do, with its values as a deployment would have them. */
import { CfnElement } from 'aws-cdk-lib';
import { listOf, type Statement } from './policy-statements';
import { ResolvedValues } from './resolved-values';
import type { PlacedResource, SynthesizedApp } from './synthesized-app';

/** A statement without intrinsic functions: every text is what AWS would see. */
export interface ResolvedStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  /** Only in policies of resources. */
  readonly Principal?: '*' | Readonly<Record<string, readonly string[]>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

export interface Role {
  /** Path of the construct, such as `kaizen-dev-fleet/Rollout/CheckWave/Role`. */
  readonly path: string;
  readonly stack: string;
  readonly logicalId: string;
  readonly arn: string;
  readonly statements: readonly ResolvedStatement[];
}

/** Resources with a policy of their own, and where it is. */
const POLICY_PROPERTIES: Readonly<Record<string, string>> = {
  'AWS::S3::BucketPolicy': 'PolicyDocument',
  'AWS::SQS::QueuePolicy': 'PolicyDocument',
  'AWS::SNS::TopicPolicy': 'PolicyDocument',
  'AWS::KMS::Key': 'KeyPolicy',
  'AWS::IAM::Role': 'AssumeRolePolicyDocument',
};

/** Policies of buckets, queues, topics and keys, and the trust in roles, whose `*` or nothing stands for themselves. */
export function resourcePoliciesOf(app: SynthesizedApp): Pick<Role, 'path' | 'statements'>[] {
  const values = new ResolvedValues(app);
  return Object.entries(POLICY_PROPERTIES).flatMap(([type, property]) =>
    app.resources(type).map((resource) => {
      const { stack, logicalId, Properties } = resource;
      const itself = values.text(stack, { 'Fn::GetAtt': [logicalId, 'Arn'] });
      const statements = listOf<Statement>(Properties[property].Statement)
        .map((statement) => resolved(values, stack, statement))
        .map((statement) => ({
          ...statement,
          Resource: type === 'AWS::KMS::Key' || type === 'AWS::IAM::Role' ? [itself] : statement.Resource,
        }));
      return { path: `policy of ${constructPath(app, resource)}`, statements };
    }),
  );
}

/** Every role, with the statements of the policies that are attached to it and of those inside it. */
export function rolesOf(app: SynthesizedApp): Role[] {
  const values = new ResolvedValues(app);
  return app.resources('AWS::IAM::Role').map((role) => {
    const { stack, logicalId } = role;
    return {
      path: constructPath(app, role),
      stack,
      logicalId,
      arn: values.text(stack, { 'Fn::GetAtt': [logicalId, 'Arn'] }),
      statements: statementsOf(app, role).map((statement) => resolved(values, stack, statement)),
    };
  });
}

/** What a device's certificate may do: the policies of AWS IoT. */
export function devicesOf(app: SynthesizedApp): Pick<Role, 'path' | 'statements'>[] {
  const values = new ResolvedValues(app);
  return app.resources('AWS::IoT::Policy').map((policy) => ({
    path: constructPath(app, policy),
    statements: listOf<Statement>(policy.Properties.PolicyDocument.Statement).map((statement) =>
      resolved(values, policy.stack, statement),
    ),
  }));
}

export function constructPath(app: SynthesizedApp, { stack: name, logicalId }: PlacedResource): string {
  const stack = app.stacks[name as keyof SynthesizedApp['stacks']];
  const found = stack.node
    .findAll()
    .find((child) => CfnElement.isCfnElement(child) && stack.resolve(child.logicalId) === logicalId);
  if (!found) throw new Error(`${name}: no construct has the logical id ${logicalId}`);
  return found.node.path.replace(/\/Resource$/, '');
}

function statementsOf(app: SynthesizedApp, { stack, logicalId, Properties }: PlacedResource): Statement[] {
  const attached = app
    .resources('AWS::IAM::Policy')
    .filter((policy) => policy.stack === stack)
    .filter((policy) =>
      listOf<{ Ref?: string }>(policy.Properties.Roles).some(({ Ref }) => Ref === logicalId),
    )
    .flatMap((policy) => listOf<Statement>(policy.Properties.PolicyDocument.Statement));
  const inside = listOf<{ PolicyDocument: { Statement: Statement[] } }>(Properties.Policies).flatMap(
    (policy) => listOf(policy.PolicyDocument.Statement),
  );
  return [...attached, ...inside];
}

/** @throws Error for an intrinsic function that {@link ResolvedValues} does not know */
export function resolved(values: ResolvedValues, stack: string, statement: Statement): ResolvedStatement {
  const texts = (value: unknown) => listOf(value as never).map((one) => values.text(stack, one));
  const { Sid, Effect, Action, Resource, Principal, Condition } = statement;
  const allTexts = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, texts(value)]));
  return {
    ...(Sid !== undefined && { Sid }),
    Effect,
    Action: listOf(Action),
    Resource: texts(Resource),
    ...(Principal && { Principal: Principal === '*' ? Principal : allTexts(Principal) }),
    ...(Condition && {
      Condition: Object.fromEntries(
        Object.entries(Condition).map(([operator, keys]) => [operator, allTexts(keys)]),
      ),
    }),
  };
}
