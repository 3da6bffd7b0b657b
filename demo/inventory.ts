/** What the devices say of themselves: the inventory table. */
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import type { DeviceStatus } from '../contracts';
import type { DemoContext, LoopContext } from './context';
import { waitFor } from './waiting';

export async function readInventory({
  clients,
  environment,
}: Pick<LoopContext, 'clients' | 'environment'>): Promise<Map<string, DeviceStatus>> {
  const statuses = new Map<string, DeviceStatus>();
  const table = { TableName: environment.output('InventoryTableName'), ConsistentRead: true };
  for await (const { Items = [] } of paginateScan({ client: clients.dynamoDb }, table)) {
    for (const item of Items) statuses.set(String(item.deviceId), item as DeviceStatus);
  }
  return statuses;
}

/** Waits until these devices report that they serve this release. */
export async function waitForRelease(
  context: DemoContext,
  deviceIds: readonly string[],
  releaseId: string,
  timeoutSeconds: number,
): Promise<void> {
  const what = `${deviceIds.join(', ')} to serve release ${releaseId}`;
  await waitFor({ what, timeoutSeconds, signal: context.signal }, async () => {
    const inventory = await readInventory(context);
    return deviceIds.every((id) => inventory.get(id)?.releaseId === releaseId) ? true : undefined;
  });
}
