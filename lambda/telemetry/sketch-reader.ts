import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { Sketch } from '../../contracts';
import { fromItem, sketchPartition } from './sketch';

/**
 * Sketches of a release whose window starts at or after `since`.
 * @param since ISO timestamp, as `Date.toISOString` writes it
 */
export async function readSketches(
  client: DynamoDBDocumentClient,
  tableName: string,
  useCase: string,
  releaseId: string,
  since: string,
): Promise<Sketch[]> {
  const sketches: Sketch[] = [];
  const query = {
    TableName: tableName,
    KeyConditionExpression: '#partition = :partition AND #window >= :since',
    ExpressionAttributeNames: { '#partition': 'partition', '#window': 'window' },
    ExpressionAttributeValues: { ':partition': sketchPartition(useCase, releaseId), ':since': since },
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) sketches.push(...Items.map(fromItem));
  return sketches;
}
