import { createHash } from 'node:crypto';
import {
  DeleteComponentCommand,
  type GreengrassV2Client,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';
import { createOrAdopt, type Sleep } from '../../rollout/component-version';
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
export function publishVersion(
  greengrass: Greengrass,
  recipe: string,
  callerArn: string,
  sleep?: Sleep,
): Promise<string> {
  const origin = { tag: RECIPE_TAG, sha256: createHash('sha256').update(recipe).digest('hex') };
  return createOrAdopt(greengrass, recipe, origin, callerArn, sleep);
}

/** Deletes a version, if it is there. Devices that run it keep it. */
export async function deleteVersion(greengrass: Greengrass, arn: string): Promise<void> {
  try {
    await greengrass.send(new DeleteComponentCommand({ arn }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}
