import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Episode, RetrainingParameters } from './episode';
import { OPEN_EPISODE_ITEM } from './names';

export interface Closing {
  /** The release that was trained to answer it. @default - none was */
  readonly answeredBy?: string;
  /** Nobody may have begun its retraining. @default false */
  readonly onlyWhileOpen?: boolean;
}

/** Whether the transaction was refused by a condition, and by nothing else. */
function isConditionFailed(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
  return (
    codes.includes('ConditionalCheckFailed') &&
    codes.every((code) => code === 'ConditionalCheckFailed' || code === 'None')
  );
}

/**
 * Episodes of one use case. An item `open` points to the episode that is not closed; it is written and deleted in
 * the same transaction as the episode, so there is never more than one.
 */
export class EpisodeTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly useCase: string,
  ) {}

  private key(episodeId: string) {
    return { useCase: this.useCase, episodeId };
  }

  private async get(episodeId: string): Promise<Record<string, unknown> | undefined> {
    const answer = await this.client.send(
      new GetCommand({ TableName: this.tableName, Key: this.key(episodeId), ConsistentRead: true }),
    );
    return answer.Item;
  }

  /** The episode that is OPEN or RETRAINING. */
  async current(): Promise<Episode | undefined> {
    const pointer = await this.get(OPEN_EPISODE_ITEM);
    if (!pointer) return undefined;
    const episode = await this.get(String(pointer.currentEpisodeId));
    if (!episode)
      throw new Error(`the open episode ${pointer.currentEpisodeId} of ${this.useCase} has no item`);
    return episode as unknown as Episode;
  }

  /** Every episode, oldest first. */
  async all(): Promise<Episode[]> {
    const episodes: Episode[] = [];
    const query = {
      TableName: this.tableName,
      KeyConditionExpression: 'useCase = :useCase',
      ExpressionAttributeValues: { ':useCase': this.useCase },
      ConsistentRead: true,
    };
    for await (const { Items = [] } of paginateQuery({ client: this.client }, query)) {
      const items = Items as unknown as Episode[];
      episodes.push(...items.filter(({ episodeId }) => episodeId !== OPEN_EPISODE_ITEM));
    }
    return episodes.sort((x, y) => (x.openedAt < y.openedAt ? -1 : 1));
  }

  /** Opens an episode unless another one is open; false when one is, or when this one has been before. */
  async open(episode: Episode): Promise<boolean> {
    const put = (item: object) => ({
      Put: {
        TableName: this.tableName,
        Item: { ...item },
        ConditionExpression: 'attribute_not_exists(episodeId)',
      },
    });
    try {
      await this.client.send(
        new TransactWriteCommand({
          TransactItems: [
            put({ ...this.key(OPEN_EPISODE_ITEM), currentEpisodeId: episode.episodeId }),
            put(episode),
          ],
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  /** Closes an episode; false when another writer has closed it before, or begun its retraining where it must be open. */
  async close(
    episodeId: string,
    closedAt: string,
    because: string,
    { answeredBy, onlyWhileOpen }: Closing = {},
  ): Promise<boolean> {
    try {
      await this.client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Delete: {
                TableName: this.tableName,
                Key: this.key(OPEN_EPISODE_ITEM),
                ConditionExpression: 'currentEpisodeId = :episodeId',
                ExpressionAttributeValues: { ':episodeId': episodeId },
              },
            },
            {
              Update: {
                TableName: this.tableName,
                Key: this.key(episodeId),
                UpdateExpression: `SET #status = :closed, closedAt = :closedAt, closedBecause = :because${answeredBy ? ', answeredBy = :answeredBy' : ''}`,
                ...(onlyWhileOpen && { ConditionExpression: '#status = :open' }),
                ExpressionAttributeNames: { '#status': 'status' },
                ExpressionAttributeValues: {
                  ':closed': 'CLOSED',
                  ':closedAt': closedAt,
                  ':because': because,
                  ...(answeredBy && { ':answeredBy': answeredBy }),
                  ...(onlyWhileOpen && { ':open': 'OPEN' }),
                },
              },
            },
          ],
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  /** OPEN -> RETRAINING; false when another writer was first. */
  async claim(episodeId: string, clientRequestToken: string, startedAt: string): Promise<boolean> {
    try {
      await this.client.send(
        new UpdateCommand({
          TableName: this.tableName,
          Key: this.key(episodeId),
          UpdateExpression:
            'SET #status = :retraining, clientRequestToken = :token, retrainingStartedAt = :startedAt',
          ConditionExpression: '#status = :open',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':retraining': 'RETRAINING',
            ':open': 'OPEN',
            ':token': clientRequestToken,
            ':startedAt': startedAt,
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** Notes the parameters of the retraining and answers those that were noted first. */
  async fixParameters(episodeId: string, parameters: RetrainingParameters): Promise<RetrainingParameters> {
    const answer = await this.client.send(
      new UpdateCommand({
        TableName: this.tableName,
        Key: this.key(episodeId),
        UpdateExpression: 'SET #parameters = if_not_exists(#parameters, :parameters)',
        ExpressionAttributeNames: { '#parameters': 'parameters' },
        ExpressionAttributeValues: { ':parameters': parameters },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return (answer.Attributes as unknown as Episode).parameters ?? parameters;
  }

  async noteExecution(episodeId: string, executionArn: string): Promise<void> {
    await this.client.send(
      new UpdateCommand({
        TableName: this.tableName,
        Key: this.key(episodeId),
        UpdateExpression: 'SET executionArn = :executionArn',
        ExpressionAttributeValues: { ':executionArn': executionArn },
      }),
    );
  }
}
