import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { DeleteCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { CHAMPION_ITEM, ROLLOUT_LOCK_ITEM, releaseItemKey, waveItemKey } from '../registry/names';
import {
  type ChampionItem,
  ReleaseItems,
  type ReleaseStatus,
  type WaveItem,
} from '../registry/release-items';
import type { Judgement } from './judge-wave/judge';

/** How a release ended. */
export interface Ending {
  readonly status: ReleaseStatus;
  readonly reason?: string | undefined;
  readonly judgement?: Judgement | undefined;
}

/** Releases of one use case on their way: which runs where, and the lock of the rollout that moves one. */
export class RolloutTable extends ReleaseItems {
  async champion(): Promise<ChampionItem | undefined> {
    return (await this.readItem(CHAMPION_ITEM)) as ChampionItem | undefined;
  }

  async putChampion(champion: ChampionItem): Promise<void> {
    await this.putItem(CHAMPION_ITEM, champion);
  }

  /** The release last deployed to a wave. */
  async wave(name: string): Promise<WaveItem | undefined> {
    return (await this.readItem(waveItemKey(name))) as WaveItem | undefined;
  }

  /** Notes a deployment to a wave; a repeated note keeps what was there before the first. */
  async noteWave(name: string, counter: number): Promise<WaveItem> {
    const before = await this.wave(name);
    if (before?.counter === counter) return before;
    const wave: WaveItem = { counter, ...(before && { previousCounter: before.counter }) };
    await this.putItem(waveItemKey(name), wave);
    return wave;
  }

  /**
   * READY -> ROLLING_OUT for this execution, unless another rollout holds the use case.
   * @param until epoch seconds after which the lock of an execution that died may be taken over
   * @returns BUSY when another one holds it, TAKEN when the release is not READY any more
   */
  async claim(
    counter: number,
    executionArn: string,
    now: number,
    until: number,
  ): Promise<'CLAIMED' | 'BUSY' | 'TAKEN'> {
    try {
      await this.client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.tableName,
                Item: { ...this.key(ROLLOUT_LOCK_ITEM), counter, executionArn, until },
                ConditionExpression:
                  'attribute_not_exists(useCase) OR executionArn = :execution OR #until < :now',
                ExpressionAttributeNames: { '#until': 'until' },
                ExpressionAttributeValues: { ':execution': executionArn, ':now': now },
              },
            },
            {
              Update: {
                TableName: this.tableName,
                Key: this.key(releaseItemKey(counter)),
                UpdateExpression: 'SET #status = :rollingOut, executionArn = :execution',
                ConditionExpression: '#status = :ready',
                ExpressionAttributeNames: { '#status': 'status' },
                ExpressionAttributeValues: {
                  ':rollingOut': 'ROLLING_OUT' satisfies ReleaseStatus,
                  ':ready': 'READY' satisfies ReleaseStatus,
                  ':execution': executionArn,
                },
              },
            },
          ],
        }),
      );
      return 'CLAIMED';
    } catch (error) {
      if (error instanceof TransactionConflictException) return 'BUSY';
      if (!(error instanceof TransactionCanceledException)) throw error;
      return error.CancellationReasons?.[1]?.Code === 'ConditionalCheckFailed' ? 'TAKEN' : 'BUSY';
    }
  }

  /** READY -> SUPERSEDED; a release that is not READY stays as it is. */
  async withdraw(counter: number, reason: string): Promise<void> {
    await this.setStatus(counter, { status: 'SUPERSEDED', reason }, '#status = :expected', {
      ':expected': 'READY',
    });
  }

  /** Ends the rollout that this execution has claimed; false when it has not claimed the release. */
  async end(counter: number, executionArn: string, ending: Ending): Promise<boolean> {
    return this.setStatus(counter, ending, 'executionArn = :expected', { ':expected': executionArn });
  }

  /** Sets the status of a release that no execution owns any more. */
  async mark(counter: number, ending: Ending): Promise<void> {
    await this.setStatus(counter, ending, 'attribute_exists(useCase)', {});
  }

  /** Lets the next rollout start. */
  async unlock(executionArn: string): Promise<void> {
    try {
      await this.client.send(
        new DeleteCommand({
          TableName: this.tableName,
          Key: this.key(ROLLOUT_LOCK_ITEM),
          ConditionExpression: 'executionArn = :execution',
          ExpressionAttributeValues: { ':execution': executionArn },
        }),
      );
    } catch (error) {
      // Unlocked before, or taken over.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  private async setStatus(
    counter: number,
    { status, reason, judgement }: Ending,
    condition: string,
    expected: Record<string, string>,
  ): Promise<boolean> {
    const values = { ':status': status, ':reason': reason, ':judgement': judgement };
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const names = { '#status': 'status', '#reason': 'reason', '#judgement': 'judgement' };
    const usesStatus = condition.includes('#status');
    const set = given.map(([placeholder]) => `${placeholder.replace(':', '#')} = ${placeholder}`);
    try {
      await this.client.send(
        new UpdateCommand({
          TableName: this.tableName,
          Key: this.key(releaseItemKey(counter)),
          UpdateExpression: `SET ${set.join(', ')}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: Object.fromEntries(
            Object.entries(names).filter(
              ([name]) => set.some((part) => part.startsWith(name)) || (usesStatus && name === '#status'),
            ),
          ),
          ExpressionAttributeValues: { ...Object.fromEntries(given), ...expected },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
