import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudFormationClient,
  DescribeStackDriftDetectionStatusCommand,
  DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { STACKS, stackName, VERIFICATION_STACK } from '../../lambda/shared/names';
import { InputError } from '../shared/errors';
import type { OnProgress } from '../shared/progress';

/** A resource that is not as its template says. */
export interface Drift {
  /** `<stack>/<logical id>`. */
  readonly resource: string;
  readonly type: string;
  /** What differs: `Timeout: expected 30, is 60`; empty for a resource that is gone. */
  readonly differences: readonly string[];
}

export interface DriftReport {
  /** Stacks that were compared. */
  readonly stacks: readonly string[];
  readonly drifts: readonly Drift[];
}

export interface DriftOptions {
  /** Between two questions whether CloudFormation has finished. */
  readonly pollMilliseconds: number;
  /** After which a comparison has failed. */
  readonly timeoutMilliseconds: number;
  /** Told of stacks that have been compared. @default - nobody is told */
  readonly onProgress?: OnProgress;
}

const LONGEST_VALUE = 120;
const shortened = (text = 'nothing'): string =>
  text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;

/** @returns the id of the comparison; undefined where there is no such stack */
async function begin(client: CloudFormationClient, StackName: string): Promise<string | undefined> {
  try {
    const { StackDriftDetectionId } = await client.send(new DetectStackDriftCommand({ StackName }));
    return StackDriftDetectionId;
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

async function waitForEnd(
  client: CloudFormationClient,
  stack: string,
  StackDriftDetectionId: string,
  { pollMilliseconds, timeoutMilliseconds }: DriftOptions,
): Promise<void> {
  for (let waited = 0; waited <= timeoutMilliseconds; waited += Math.max(1, pollMilliseconds)) {
    const { DetectionStatus, DetectionStatusReason } = await client.send(
      new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
    );
    if (DetectionStatus === 'DETECTION_COMPLETE') return;
    if (DetectionStatus === 'DETECTION_FAILED') {
      throw new Error(`${stack} could not be compared: ${DetectionStatusReason ?? 'no reason given'}`);
    }
    await sleep(pollMilliseconds);
  }
  throw new Error(`${stack} could not be compared within ${timeoutMilliseconds / 1000} s`);
}

const driftOf = (
  stack: string,
  { LogicalResourceId, ResourceType, PropertyDifferences = [] }: StackResourceDrift,
): Drift => ({
  resource: `${stack}/${LogicalResourceId}`,
  type: ResourceType ?? '',
  differences: PropertyDifferences.map(
    ({ PropertyPath = '', ExpectedValue, ActualValue }) =>
      `${PropertyPath.replace(/^\//, '').replaceAll('/', '.')}: expected ${shortened(ExpectedValue)}, is ${shortened(ActualValue)}`,
  ),
});

async function driftsOf(client: CloudFormationClient, StackName: string): Promise<Drift[]> {
  const drifts: Drift[] = [];
  const pages = paginateDescribeStackResourceDrifts(
    { client },
    { StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
  );
  for await (const { StackResourceDrifts = [] } of pages) {
    drifts.push(...StackResourceDrifts.map((drift) => driftOf(StackName, drift)));
  }
  return drifts;
}

/**
 * Lets CloudFormation compare every stack of an environment with what there is. It does not see everything: types that it
 * cannot compare, and inline policies that somebody adds to a role.
 * @throws InputError when the environment has no stack; Error when CloudFormation could not compare one
 */
export async function detectDrift(
  client: CloudFormationClient,
  environmentName: string,
  options: DriftOptions,
): Promise<DriftReport> {
  const stacks = [...STACKS, VERIFICATION_STACK] as const;
  const names = stacks.map((stack) => stackName({ environmentName }, stack));
  const begun = await Promise.all(names.map(async (stack) => ({ stack, id: await begin(client, stack) })));
  const compared = begun.flatMap(({ stack, id }) => (id === undefined ? [] : [{ stack, id }]));
  if (compared.length === 0) throw new InputError(`environment '${environmentName}' has no stacks`);
  const { onProgress = () => undefined } = options;
  let done = 0;
  onProgress(done, compared.length);
  const drifts = await Promise.all(
    compared.map(async ({ stack, id }) => {
      await waitForEnd(client, stack, id, options);
      onProgress(++done, compared.length);
      return driftsOf(client, stack);
    }),
  );
  return { stacks: compared.map(({ stack }) => stack), drifts: drifts.flat() };
}

/** A line for each resource that is not as its template says, with what differs below it. */
export function formatDrift({ stacks, drifts }: DriftReport): string {
  const lines = drifts.map(({ resource, type, differences }) =>
    differences.length === 0
      ? `${resource} (${type}) is gone`
      : [`${resource} (${type})`, ...differences.map((each) => `  ${each}`)].join('\n'),
  );
  return [`Compared ${stacks.join(', ')}`, ...(lines.length === 0 ? ['No drift'] : lines)].join('\n');
}
