/** A version of a component, until the first deployment may name it. */
import {
  ConflictException,
  CreateComponentVersionCommand,
  DescribeComponentCommand,
  type GreengrassV2Client,
} from '@aws-sdk/client-greengrassv2';
import { componentArn } from '../shared/component-arn';
import { InvalidInputError } from '../shared/errors';

const POLL_MILLISECONDS = 1_000;
/** Greengrass reads and hashes every artifact before a version can be deployed. */
const DEPLOYABLE_WITHIN_POLLS = 120;

export type Sleep = (milliseconds: number) => Promise<void>;

type Greengrass = Pick<GreengrassV2Client, 'send'>;

const realSleep: Sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A tag that says what a version was made from. Greengrass gives recipes back rewritten. */
export interface Origin {
  readonly tag: string;
  readonly sha256: string;
}

/**
 * Creates the version that a recipe describes, or takes over the one of the same origin: versions never change, and
 * outlive the stack or the step that made them.
 * @param recipe JSON, with ComponentName and ComponentVersion
 * @param callerArn of a state machine or a function in the same partition, region and account
 * @returns the version's ARN, once it can be deployed
 * @throws InvalidInputError when the version is of another origin
 * @throws Error when Greengrass refuses an artifact, with its message, or is not done within two minutes
 */
export async function createOrAdopt(
  greengrass: Greengrass,
  recipe: string,
  origin: Origin,
  callerArn: string,
  sleep: Sleep = realSleep,
): Promise<string> {
  const { ComponentName: name, ComponentVersion: version } = JSON.parse(recipe);
  const arn = `${componentArn(callerArn, name)}:versions:${version}`;
  try {
    await greengrass.send(
      new CreateComponentVersionCommand({
        inlineRecipe: Buffer.from(recipe),
        tags: { [origin.tag]: origin.sha256 },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConflictException)) throw error;
    await requireOrigin(greengrass, arn, origin);
  }
  await waitUntilDeployable(greengrass, arn, sleep);
  return arn;
}

async function requireOrigin(greengrass: Greengrass, arn: string, { tag, sha256 }: Origin): Promise<void> {
  const { tags } = await greengrass.send(new DescribeComponentCommand({ arn }));
  const found = tags?.[tag];
  if (found === sha256) return;
  throw new InvalidInputError(
    `${arn} exists already: its tag ${tag} must be ${sha256}, got ${found ?? 'none'}. Something else has made it: delete this version in Greengrass, unless devices run it, and try again`,
  );
}

/** @throws Error when Greengrass refuses an artifact, with its message, or is not done within two minutes */
async function waitUntilDeployable(greengrass: Greengrass, arn: string, sleep: Sleep): Promise<void> {
  for (let poll = 0; poll < DEPLOYABLE_WITHIN_POLLS; poll++) {
    const { status } = await greengrass.send(new DescribeComponentCommand({ arn }));
    if (status?.componentState === 'DEPLOYABLE') return;
    if (status?.componentState === 'FAILED') {
      const errors = Object.entries(status.errors ?? {}).map(([name, text]) => `${name}: ${text}`);
      throw new Error(`${arn} cannot be deployed: ${[status.message, ...errors].filter(Boolean).join('; ')}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
  throw new Error(
    `${arn} was not deployable after ${(DEPLOYABLE_WITHIN_POLLS * POLL_MILLISECONDS) / 1000} s`,
  );
}
