import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { type Label, parseContract } from '../../contracts';

/** A restriction of which labels are read; without one, all of the use case. */
export interface LabelFilter {
  readonly releaseId?: string;
  /** ISO timestamp; frames captured at or after it. */
  readonly capturedSince?: string;
  /** ISO timestamp; labels given after it. */
  readonly labelledAfter?: string;
}

/** ISO timestamps in UTC compare as text only at equal precision; a frame's and ours may differ. */
function matches(label: Label, filter: LabelFilter): boolean {
  return (
    (filter.releaseId === undefined || label.releaseId === filter.releaseId) &&
    (filter.capturedSince === undefined ||
      Date.parse(label.capturedAt) >= Date.parse(filter.capturedSince)) &&
    (filter.labelledAfter === undefined || Date.parse(label.labelledAt) > Date.parse(filter.labelledAfter))
  );
}

/**
 * Reads labels of a use case, page by page. Labels are made by people, so there are thousands, not millions: the
 * partition is read whole.
 * @throws ContractError when an item breaks the contract
 */
export async function readLabels(
  client: DynamoDBDocumentClient,
  tableName: string,
  useCase: string,
  filter: LabelFilter = {},
): Promise<Label[]> {
  const labels: Label[] = [];
  const query = {
    TableName: tableName,
    KeyConditionExpression: 'useCase = :useCase',
    ExpressionAttributeValues: { ':useCase': useCase },
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) {
    for (const item of Items) {
      const label = parseContract('label', item, `label of ${String(item.captureId)}`);
      if (matches(label, filter)) labels.push(label);
    }
  }
  return labels;
}
