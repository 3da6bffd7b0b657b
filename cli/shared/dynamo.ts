import { QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Clients } from './clients';

type Item = Record<string, unknown>;

/** Every item of a use case's partition. */
export async function queryUseCase(
  client: Clients['dynamoDb'],
  tableName: string,
  useCase: string,
): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'useCase = :useCase',
        ExpressionAttributeValues: { ':useCase': useCase },
        ExclusiveStartKey: start,
      }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

/** Every item of a table. */
export async function scanTable(client: Clients['dynamoDb'], tableName: string): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: tableName, ExclusiveStartKey: start }));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}
