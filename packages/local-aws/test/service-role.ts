/** Roles of ministack's IAM, for tests. */
import { CreateRoleCommand, type IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';

export interface ServiceRole {
  readonly name: string;
  /** Principal that may assume it, such as `sagemaker.amazonaws.com`. */
  readonly service: string;
  /** Of the trust. */
  readonly condition?: object;
  readonly allow?: readonly Grant[];
}

/** What a policy allows. */
export type Grant = readonly [
  actions: string | readonly string[],
  resources: string | readonly string[],
  condition?: object,
];

const document = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

export async function createServiceRole(iam: IAMClient, role: ServiceRole): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: role.service }, Action: 'sts:AssumeRole' };
  await iam.send(
    new CreateRoleCommand({
      RoleName: role.name,
      AssumeRolePolicyDocument: document({ ...trust, ...(role.condition && { Condition: role.condition }) }),
    }),
  );
  await allow(iam, role.name, role.allow ?? []);
}

/** Puts a policy in the place of the one that the role had. */
export async function allow(iam: IAMClient, RoleName: string, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return;
  const statements = grants.map(([Action, Resource, Condition]) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition && { Condition }),
  }));
  await iam.send(
    new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: document(...statements) }),
  );
}
