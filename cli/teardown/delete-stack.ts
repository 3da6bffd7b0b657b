import {
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  UpdateStackCommand,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import type { Clients } from '../shared/clients';
import type { DataResource } from './existing';
import { readTemplate } from './read-existing';
import { withRemovals } from './removal-policies';

/** Seconds. CloudFormation alone waits five minutes for a thing type, and the publisher of a component for twenty. */
const WAIT = { maxWaitTime: 3_600, minDelay: 2, maxDelay: 15 } as const;

type CloudFormation = Clients['cloudFormation'];

/** A deleted stack is found by its id only. */
async function stackId(client: CloudFormation, StackName: string): Promise<string> {
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
  return Stacks[0]?.StackId ?? StackName;
}

/** What CloudFormation could not do, in its words. */
async function failures(client: CloudFormation, StackName: string): Promise<string> {
  const found: string[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName })) {
    for (const { LogicalResourceId, ResourceStatus, ResourceStatusReason } of page.StackResourceSummaries ??
      []) {
      if (ResourceStatus?.endsWith('_FAILED')) found.push(`${LogicalResourceId}: ${ResourceStatusReason}`);
    }
  }
  return found.join('; ');
}

async function explained(
  client: CloudFormation,
  stack: string,
  id: string,
  wait: Promise<unknown>,
): Promise<void> {
  try {
    await wait;
  } catch (error) {
    throw new Error(`stack ${stack}: ${(await failures(client, id)) || (error as Error).message}`);
  }
}

/**
 * Deletes a stack and waits until it is gone.
 * @param retain logical ids that a stack which failed to be deleted leaves behind
 * @throws Error with CloudFormation's reasons
 */
export async function deleteStack(
  client: CloudFormation,
  stack: string,
  retain: readonly string[],
): Promise<void> {
  const id = await stackId(client, stack);
  await client.send(
    new DeleteStackCommand({ StackName: stack, ...(retain.length > 0 && { RetainResources: [...retain] }) }),
  );
  await explained(client, stack, id, waitUntilStackDeleteComplete({ client, ...WAIT }, { StackName: id }));
}

/**
 * Changes what becomes of resources when their stack is deleted, and waits until that is so.
 * @throws Error with CloudFormation's reasons
 */
export async function changeRemovals(
  client: CloudFormation,
  stack: string,
  removals: Readonly<Record<string, DataResource['removal']>>,
): Promise<void> {
  const template = withRemovals(await readTemplate(client, stack), removals);
  const id = await stackId(client, stack);
  await client.send(
    new UpdateStackCommand({
      StackName: stack,
      TemplateBody: JSON.stringify(template),
      Parameters: Object.keys(template.Parameters ?? {}).map((ParameterKey) => ({
        ParameterKey,
        UsePreviousValue: true,
      })),
    }),
  );
  await explained(client, stack, id, waitUntilStackUpdateComplete({ client, ...WAIT }, { StackName: id }));
}
