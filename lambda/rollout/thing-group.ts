import { type IoTClient, paginateListThingsInThingGroup } from '@aws-sdk/client-iot';

/** Names of every thing in a thing group, sorted. */
export async function listThings(client: IoTClient, thingGroupName: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { things = [] } of paginateListThingsInThingGroup({ client }, { thingGroupName })) {
    names.push(...things);
  }
  return names.sort();
}
