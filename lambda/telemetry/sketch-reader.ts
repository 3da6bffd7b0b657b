import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Sketch } from '../../contracts';
import { fromItem, sketchPartition } from './sketch';

/**
 * Sketches of a release whose window starts at or after `since`.
 * @param since ISO timestamp, as `Date.toISOString` writes it
 */
export async function readSketches(
  client: Pick<DynamoDBDocumentClient, 'send'>,
  tableName: string,
  useCase: string,
  releaseId: string,
  since: string,
): Promise<Sketch[]> {
  const sketches: Sketch[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: '#partition = :partition AND #window >= :since',
        ExpressionAttributeNames: { '#partition': 'partition', '#window': 'window' },
        ExpressionAttributeValues: { ':partition': sketchPartition(useCase, releaseId), ':since': since },
        ExclusiveStartKey: start,
      }),
    );
    sketches.push(...(page.Items ?? []).map(fromItem));
    start = page.LastEvaluatedKey;
  } while (start);
  return sketches;
}
