import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  paginateQuery,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import {
  CHAMPION_ITEM,
  counterOfItem,
  RELEASE_ITEM_PREFIX,
  ROLLOUT_LOCK_ITEM,
  releaseItemKey,
  waveItemKey,
} from '../registry/names';
import {
  type AwaitedDevices,
  type ChampionItem,
  ReleaseItems,
  type ReleaseStatus,
  type WaveItem,
} from '../registry/release-items';
import type { Judgement } from './judge-wave/judge';
import { type Absence, type Failures, nextAttempt } from './next-attempt';

/** How a release ended. */
export interface Ending {
  readonly status: ReleaseStatus;
  readonly reason?: string | undefined;
  /** Devices that the waves went on without, and get the release when they can; or that a roll-back did not reach. By name. */
  readonly setAside?: readonly string[] | undefined;
  readonly judgement?: Judgement | undefined;
}

/** A release, as far as the order of rollouts needs it. */
export interface ReleaseState extends Failures {
  readonly counter: number;
  readonly status: ReleaseStatus;
  /** Rollout that has claimed it. */
  readonly executionArn?: string;
  /** ISO timestamp before which nobody tries it again. */
  readonly retryAfter?: string;
  readonly awaits?: AwaitedDevices;
}

/** An execution that came to nothing. */
export interface Failure {
  readonly executionArn: string;
  readonly reason: string;
  readonly at: Date;
  /** Whether another try would be useless or is not wanted. */
  readonly isFinal: boolean;
  /** Where devices were missing, and nothing else. */
  readonly absence?: Absence | undefined;
}

/** Who holds the use case, and for which release. */
export interface RolloutLock {
  readonly executionArn: string;
  readonly counter: number;
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

  /** The execution that holds the use case; `undefined` when none does. */
  async holder(): Promise<string | undefined> {
    return (await this.lock())?.executionArn;
  }

  async lock(): Promise<RolloutLock | undefined> {
    return (await this.readItem(ROLLOUT_LOCK_ITEM)) as RolloutLock | undefined;
  }

  /** Every release, oldest first. */
  async releaseStates(): Promise<ReleaseState[]> {
    const states: ReleaseState[] = [];
    const query = {
      TableName: this.tableName,
      KeyConditionExpression: 'useCase = :useCase AND begins_with(#item, :prefix)',
      ProjectionExpression: '#item, #status, executionArn, attempts, silences, retryAfter, awaits',
      ExpressionAttributeNames: { '#item': 'item', '#status': 'status' },
      ExpressionAttributeValues: { ':useCase': this.useCase, ':prefix': RELEASE_ITEM_PREFIX },
      ConsistentRead: true,
    };
    for await (const { Items = [] } of paginateQuery(
      { client: this.client as DynamoDBDocumentClient },
      query,
    )) {
      states.push(
        ...Items.map(({ item, ...state }) => ({ ...state, counter: counterOfItem(item) }) as ReleaseState),
      );
    }
    return states;
  }

  /**
   * READY -> ROLLING_OUT for this execution, unless another rollout holds the use case. Whoever starts a rollout that
   * was aborted wants it.
   * @returns BUSY when another one holds it, TAKEN when the release is not READY any more
   */
  claim(counter: number, executionArn: string): Promise<'CLAIMED' | 'BUSY' | 'TAKEN'> {
    return this.take(counter, executionArn, 'attribute_not_exists(useCase) OR executionArn = :execution', {});
  }

  /**
   * Lock and release for this execution, which finishes what another one left.
   * @param after the execution that holds the use case; none when nobody does
   * @returns false when another one was first
   */
  async takeOver(counter: number, executionArn: string, after: string | undefined): Promise<boolean> {
    const condition =
      after === undefined
        ? 'attribute_not_exists(useCase) OR executionArn = :execution'
        : 'executionArn = :after OR executionArn = :execution';
    const outcome = await this.take(counter, executionArn, condition, {
      ...(after !== undefined && { ':after': after }),
      isTakeOver: true,
    });
    return outcome === 'CLAIMED';
  }

  private async take(
    counter: number,
    executionArn: string,
    lockCondition: string,
    { isTakeOver = false, ...lockValues }: { readonly isTakeOver?: boolean; readonly ':after'?: string },
  ): Promise<'CLAIMED' | 'BUSY' | 'TAKEN'> {
    const claimable = { ':ready': 'READY', ':aborted': 'ABORTED' } satisfies Record<string, ReleaseStatus>;
    try {
      await this.client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.tableName,
                Item: { ...this.key(ROLLOUT_LOCK_ITEM), counter, executionArn },
                ConditionExpression: lockCondition,
                ExpressionAttributeValues: { ':execution': executionArn, ...lockValues },
              },
            },
            {
              Update: {
                TableName: this.tableName,
                Key: this.key(releaseItemKey(counter)),
                UpdateExpression: 'SET #status = :rollingOut, executionArn = :execution',
                ConditionExpression: isTakeOver
                  ? 'attribute_exists(useCase)'
                  : '#status IN (:ready, :aborted)',
                ExpressionAttributeNames: { '#status': 'status' },
                ExpressionAttributeValues: {
                  ':rollingOut': 'ROLLING_OUT' satisfies ReleaseStatus,
                  ':execution': executionArn,
                  ...(!isTakeOver && claimable),
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

  /**
   * An execution came to nothing before a device had its release: READY again after a pause, or ABORTED. The same execution
   * counts once, whether it had claimed the release or not; those that began beside each other, so that they end in the pause
   * after one of them, count as one.
   * @returns what the release is now; `undefined` when the execution has no say in it
   */
  async giveUp(counter: number, failure: Failure): Promise<ReleaseStatus | undefined> {
    const { executionArn, reason, at, isFinal, absence } = failure;
    const item = await this.readItem(releaseItemKey(counter));
    const owner = item?.executionArn;
    const isClaimed = item?.status === 'ROLLING_OUT' && owner === executionArn;
    const isUnclaimed = item?.status === 'READY' && owner !== executionArn;
    if (!isClaimed && !isUnclaimed) return undefined;
    const isPause = typeof item.retryAfter === 'string' && at.getTime() < Date.parse(item.retryAfter);
    if (isUnclaimed && isPause && !isFinal) return undefined;
    const next = isFinal ? undefined : nextAttempt(item as Failures, at, absence);
    const status: ReleaseStatus = next ? 'READY' : 'ABORTED';
    const set = [
      '#status = :status',
      '#reason = :reason',
      'executionArn = :execution',
      ...(next ? ['attempts = :attempts', 'retryAfter = :retryAfter'] : []),
      ...(next?.awaits ? ['silences = :silences', 'awaits = :awaits'] : []),
    ];
    const isStillSo = owner === undefined ? 'attribute_not_exists(executionArn)' : 'executionArn = :owner';
    try {
      await this.client.send(
        new UpdateCommand({
          TableName: this.tableName,
          Key: this.key(releaseItemKey(counter)),
          UpdateExpression: `SET ${set.join(', ')}${next?.awaits ? '' : ' REMOVE awaits'}`,
          ConditionExpression: `#status = :before AND ${isStillSo}`,
          ExpressionAttributeNames: { '#status': 'status', '#reason': 'reason' },
          ExpressionAttributeValues: {
            ':status': status,
            ':reason': reason,
            ':execution': executionArn,
            ':before': item.status,
            ...(owner !== undefined && { ':owner': owner }),
            ...(next && { ':attempts': next.attempts, ':retryAfter': next.retryAfter }),
            ...(next?.awaits && { ':silences': next.silences, ':awaits': next.awaits }),
          },
        }),
      );
      return status;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
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
    { status, reason, setAside, judgement }: Ending,
    condition: string,
    expected: Record<string, string>,
  ): Promise<boolean> {
    const values = { ':status': status, ':reason': reason, ':setAside': setAside, ':judgement': judgement };
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const names = {
      '#status': 'status',
      '#reason': 'reason',
      '#setAside': 'setAside',
      '#judgement': 'judgement',
    };
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
