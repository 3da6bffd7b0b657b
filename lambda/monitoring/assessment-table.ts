import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Evidence } from './episode';
import { assessmentPartition } from './names';

/** What was last said of a release, whether it opened an episode or not. */
export interface LatestAssessment {
  readonly releaseId: string;
  /** ISO timestamp. */
  readonly assessedAt: string;
  readonly evidence: Evidence;
}

/** The latest assessment of each release of a use case, beside its episodes: for people who ask how the line is. */
export class AssessmentTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly useCase: string,
  ) {}

  /** Takes the place of the one before. */
  async note(latest: LatestAssessment): Promise<void> {
    const key = { useCase: assessmentPartition(this.useCase), episodeId: latest.releaseId };
    await this.client.send(new PutCommand({ TableName: this.tableName, Item: { ...key, ...latest } }));
  }
}
