import { paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Clients } from './clients';

type Item = Record<string, unknown>;

/** Every item of a use case's partition. */
export async function queryUseCase(
  client: Clients['dynamoDb'],
  tableName: string,
  useCase: string,
): Promise<Item[]> {
  const items: Item[] = [];
  const query = {
    TableName: tableName,
    KeyConditionExpression: 'useCase = :useCase',
    ExpressionAttributeValues: { ':useCase': useCase },
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) items.push(...Items);
  return items;
}

/** Every item of a table. */
export async function scanTable(client: Clients['dynamoDb'], tableName: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: tableName })) items.push(...Items);
  return items;
}
