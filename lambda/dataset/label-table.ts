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

/** Labels of one use case. They are made by people, so there are thousands, not millions. */
export class LabelTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly useCase: string,
  ) {}

  /**
   * Reads the whole partition, page by page.
   * @throws ContractError when an item breaks the contract
   */
  async read(filter: LabelFilter = {}): Promise<Label[]> {
    const labels: Label[] = [];
    const query = {
      TableName: this.tableName,
      KeyConditionExpression: 'useCase = :useCase',
      ExpressionAttributeValues: { ':useCase': this.useCase },
    };
    for await (const { Items = [] } of paginateQuery({ client: this.client }, query)) {
      for (const item of Items) {
        const label = parseContract('label', item, `label of ${String(item.captureId)}`);
        if (matches(label, filter)) labels.push(label);
      }
    }
    return labels;
  }
}
