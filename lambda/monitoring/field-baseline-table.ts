import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FieldBaseline } from './field-baseline';
import { fieldBaselinePartition } from './names';

/** Field baselines of one use case: at most one per release, beside the episodes. */
export class FieldBaselineTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly useCase: string,
  ) {}

  private key(releaseId: string) {
    return { useCase: fieldBaselinePartition(this.useCase), episodeId: releaseId };
  }

  async get(releaseId: string): Promise<FieldBaseline | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.tableName, Key: this.key(releaseId), ConsistentRead: true }),
    );
    return Item as FieldBaseline | undefined;
  }

  /** Keeps the first: a later one would follow a drift that goes slowly. */
  async keep(baseline: FieldBaseline): Promise<void> {
    try {
      await this.client.send(
        new PutCommand({
          TableName: this.tableName,
          Item: { ...this.key(baseline.releaseId), ...baseline },
          ConditionExpression: 'attribute_not_exists(episodeId)',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
