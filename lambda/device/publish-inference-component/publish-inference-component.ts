import { createHash } from 'node:crypto';
import {
  ConflictException,
  CreateComponentVersionCommand,
  DeleteComponentCommand,
  DescribeComponentCommand,
  type GreengrassV2Client,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';
import { componentVersionArn, type Sleep, waitUntilDeployable } from '../../rollout/component-version';
import { InvalidInputError } from '../../shared/errors';
import { RECIPE_TAG } from '../names';

type Greengrass = Pick<GreengrassV2Client, 'send'>;

/**
 * Creates the component version that a recipe describes, or finds it where an earlier deployment has left it: who goes
 * back to an earlier configuration gets the version that devices already know.
 * @param recipe JSON, with ComponentName and ComponentVersion
 * @param callerArn tells partition, region and account
 * @returns the version's ARN, once it can be deployed
 * @throws InvalidInputError when the version exists with another recipe
 */
export async function publishVersion(
  greengrass: Greengrass,
  recipe: string,
  callerArn: string,
  sleep?: Sleep,
): Promise<string> {
  const { ComponentName: name, ComponentVersion: version } = JSON.parse(recipe);
  const arn = componentVersionArn(callerArn, name, version);
  const digest = createHash('sha256').update(recipe).digest('hex');
  try {
    await greengrass.send(
      new CreateComponentVersionCommand({
        inlineRecipe: Buffer.from(recipe),
        tags: { [RECIPE_TAG]: digest },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConflictException)) throw error;
    const { tags } = await greengrass.send(new DescribeComponentCommand({ arn }));
    const found = tags?.[RECIPE_TAG];
    if (found !== digest) {
      throw new InvalidInputError(
        `${arn} exists already: its tag ${RECIPE_TAG} must be ${digest}, got ${found ?? 'none'}`,
      );
    }
  }
  await waitUntilDeployable(greengrass, arn, sleep);
  return arn;
}

/** Deletes a version, if it is there. Devices that run it keep it. */
export async function deleteVersion(greengrass: Greengrass, arn: string): Promise<void> {
  try {
    await greengrass.send(new DeleteComponentCommand({ arn }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}
