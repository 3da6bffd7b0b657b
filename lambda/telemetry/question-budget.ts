import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ALL_DEVICES, questionPartition } from './names';

/** Questions that may be answered on one UTC day. */
export interface QuestionLimits {
  readonly environment: number;
  readonly device: number;
}

/** After the day, so that a person can still look at it. */
const KEPT_SECONDS = 14 * 86_400;

/** Counts questions, in items of the sketch table: each by one conditional update, whoever else counts at the moment. */
export class QuestionBudget {
  constructor(
    private readonly client: Pick<DynamoDBDocumentClient, 'send'>,
    private readonly tableName: string,
    private readonly limits: QuestionLimits,
  ) {}

  /**
   * Counts one question of a device. The device's own budget first: one that asks about everything does not use up that
   * of all. Where all is used up, the device's count is one too high, which nobody misses on that day.
   * @param day `YYYY-MM-DD`, UTC
   * @returns false when it may not be answered
   */
  async take(useCase: string, deviceId: string, day: string): Promise<boolean> {
    const { device, environment } = this.limits;
    return (
      (await this.count(useCase, day, deviceId, device)) &&
      (await this.count(useCase, day, ALL_DEVICES, environment))
    );
  }

  private async count(useCase: string, day: string, window: string, limit: number): Promise<boolean> {
    try {
      await this.client.send(
        new UpdateCommand({
          TableName: this.tableName,
          Key: { partition: questionPartition(useCase, day), window },
          UpdateExpression: 'SET #expiresAt=:expiresAt ADD #questions :one',
          ConditionExpression: 'attribute_not_exists(#questions) OR #questions < :limit',
          ExpressionAttributeNames: { '#expiresAt': 'expiresAt', '#questions': 'questions' },
          ExpressionAttributeValues: {
            ':one': 1,
            ':limit': limit,
            ':expiresAt': Math.floor(Date.parse(`${day}T00:00:00Z`) / 1_000) + KEPT_SECONDS,
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
