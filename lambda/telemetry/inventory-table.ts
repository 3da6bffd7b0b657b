import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { DeviceStatus } from '../../contracts';

/** A device's last status and when it was received (epoch milliseconds). */
export type InventoryItem = DeviceStatus & { readonly receivedAt: number };

/** The last status of every device. */
export class InventoryTable {
  constructor(
    private readonly client: Pick<DynamoDBDocumentClient, 'send'>,
    private readonly tableName: string,
  ) {}

  /** `undefined` when the device has never reported. */
  async find(deviceId: string): Promise<InventoryItem | undefined> {
    const { Item } = await this.client.send(new GetCommand({ TableName: this.tableName, Key: { deviceId } }));
    return Item as InventoryItem | undefined;
  }

  /** The last status of every device of a use case. */
  async all(useCase: string): Promise<InventoryItem[]> {
    const items: InventoryItem[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await this.client.send(
        new ScanCommand({ TableName: this.tableName, ...(ExclusiveStartKey && { ExclusiveStartKey }) }),
      );
      items.push(...((page.Items ?? []) as InventoryItem[]));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items.filter((item) => item.useCase === useCase);
  }

  /** Writes the item unless the table has one received later. */
  async putIfNewer(item: InventoryItem): Promise<'stored' | 'older'> {
    try {
      await this.client.send(
        new PutCommand({
          TableName: this.tableName,
          Item: item,
          ConditionExpression: 'attribute_not_exists(deviceId) OR receivedAt <= :receivedAt',
          ExpressionAttributeValues: { ':receivedAt': item.receivedAt },
        }),
      );
      return 'stored';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'older';
      throw error;
    }
  }
}
