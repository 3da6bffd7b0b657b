import { type IoTClient, ListThingsInThingGroupCommand } from '@aws-sdk/client-iot';

/** Names of every thing in a thing group, sorted. */
export async function listThings(client: Pick<IoTClient, 'send'>, thingGroupName: string): Promise<string[]> {
  const things: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new ListThingsInThingGroupCommand({ thingGroupName, nextToken }));
    things.push(...(page.things ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return things.sort();
}
