import {
  type GreengrassV2Client,
  paginateListComponentVersions,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';

/**
 * The highest counter of which Greengrass has a component version; 0 when there is none. Versions outlive the release
 * table, and devices refuse whatever is below what they have seen.
 * @param componentArn of the model component, without a version
 */
export async function highestPublishedCounter(
  client: GreengrassV2Client,
  componentArn: string,
): Promise<number> {
  const counters = [0];
  try {
    for await (const page of paginateListComponentVersions({ client }, { arn: componentArn })) {
      for (const { componentVersion } of page.componentVersions ?? []) {
        counters.push(Number(componentVersion?.split('.')[2] ?? 0));
      }
    }
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
  return Math.max(...counters);
}
