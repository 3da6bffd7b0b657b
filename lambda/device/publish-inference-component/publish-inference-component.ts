import { createHash } from 'node:crypto';
import {
  DeleteComponentCommand,
  type GreengrassV2Client,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';
import { createOrAdopt, type Sleep } from '../../rollout/component-version';
import { contentVersion } from '../content-version';
import { RECIPE_TAG, UNVERSIONED } from '../names';

type Greengrass = Pick<GreengrassV2Client, 'send'>;

/**
 * Creates the component version that a recipe describes, or finds it where an earlier deployment has left it: who goes
 * back to an earlier configuration gets the version that devices already know. The version is made here, of the recipe
 * as it is deployed: names of buckets, which CloudFormation makes, are content too.
 * @param recipe JSON, with ComponentName, and UNVERSIONED wherever the version belongs
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
  const versioned = recipe.replaceAll(UNVERSIONED, contentVersion(recipe));
  return createOrAdopt(greengrass, versioned, origin, callerArn, sleep);
}

/** Deletes a version, if it is there. Devices that run it keep it. */
export async function deleteVersion(greengrass: Greengrass, arn: string): Promise<void> {
  try {
    await greengrass.send(new DeleteComponentCommand({ arn }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}
