import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { parseContractJson, type Release } from '../../contracts';
import { releaseItemKey } from '../shared/releases';

export type ReleaseStatus = 'READY' | 'ROLLING_OUT' | 'IN_SERVICE' | 'ROLLED_BACK' | 'SUPERSEDED';

/** A signed release as the table knows it. */
export interface StoredRelease {
  readonly release: Release;
  readonly envelopeKey: string;
  readonly envelopeSha256: string;
  readonly componentName: string;
  readonly componentVersion: string;
  /** S3 prefix of the training pipeline's export. */
  readonly exportUri: string;
  /** S3 URI of the model.tar.gz that the release was exported from. */
  readonly modelUri: string;
  /** Key in the model bucket of the larger network of the same registration, for the second opinion. */
  readonly cloudModelKey?: string;
  readonly status: ReleaseStatus;
  /** Rollout that has claimed the release. */
  readonly executionArn?: string;
  /** When `Release Ready` went out. */
  readonly announcedAt?: string;
}

/** A counter that belongs to one cause for ever. */
export interface Claim {
  readonly counter: number;
  /** ISO timestamp of the first claim: a retry makes the same release. */
  readonly claimedAt: string;
}

/** Sort key of the item that gives a model package its counter. */
export function packageClaimKey(modelPackageVersion: number): string {
  return `package#${String(modelPackageVersion).padStart(6, '0')}`;
}

/** Sort key of the item that gives the roll-back of a release its counter. */
export function rollbackClaimKey(counter: number): string {
  return `rollback#${String(counter).padStart(6, '0')}`;
}

const COUNTER_KEY = 'counter';
/** Claims collide only when two packages are approved in the same instant. */
const CLAIM_ATTEMPTS = 8;

/** Releases of one use case in the release table. */
export class ReleaseTable {
  constructor(
    private readonly client: Pick<DynamoDBDocumentClient, 'send'>,
    private readonly tableName: string,
    private readonly useCase: string,
  ) {}

  /**
   * The counter of a cause, allocated on the first call. Claim and counter are written in one transaction, so a crash
   * leaves either both or neither, and no counter belongs to two causes.
   * @param claimKey {@link packageClaimKey} or {@link rollbackClaimKey}
   */
  async claimCounter(claimKey: string, now: string): Promise<Claim> {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const claimed = await this.item(claimKey);
      if (claimed) return { counter: Number(claimed.counter), claimedAt: String(claimed.claimedAt) };
      const counter = await this.tryToClaim(claimKey, now);
      if (counter !== undefined) return { counter, claimedAt: now };
    }
    throw new Error(`the counter of ${this.useCase} was contended ${CLAIM_ATTEMPTS} times: try again`);
  }

  private async tryToClaim(claimKey: string, claimedAt: string): Promise<number | undefined> {
    const last = (await this.item(COUNTER_KEY))?.value as number | undefined;
    const counter = (last ?? 0) + 1;
    try {
      await this.client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.tableName,
                Item: { useCase: this.useCase, item: claimKey, counter, claimedAt },
                ConditionExpression: 'attribute_not_exists(useCase)',
              },
            },
            {
              Put: {
                TableName: this.tableName,
                Item: { useCase: this.useCase, item: COUNTER_KEY, value: counter },
                ...(last === undefined
                  ? { ConditionExpression: 'attribute_not_exists(useCase)' }
                  : {
                      ConditionExpression: '#value = :last',
                      ExpressionAttributeNames: { '#value': 'value' },
                      ExpressionAttributeValues: { ':last': last },
                    }),
              },
            },
          ],
        }),
      );
      return counter;
    } catch (error) {
      if (error instanceof TransactionCanceledException || error instanceof TransactionConflictException) {
        return undefined;
      }
      throw error;
    }
  }

  /** @throws ContractError when the stored release breaks its contract */
  async find(counter: number): Promise<StoredRelease | undefined> {
    const item = await this.item(releaseItemKey(counter));
    if (!item) return undefined;
    const release = parseContractJson(
      'release',
      String(item.release),
      `release ${counter} of ${this.useCase}`,
    );
    return { ...(item as unknown as StoredRelease), release };
  }

  /** @throws Error when there is none */
  async get(counter: number): Promise<StoredRelease> {
    const found = await this.find(counter);
    if (!found) throw new Error(`release ${counter} of ${this.useCase} is not in the table`);
    return found;
  }

  /** Adds a release, and answers the one that was there first. */
  async add(stored: StoredRelease): Promise<StoredRelease> {
    const { release, ...attributes } = stored;
    const item = {
      useCase: this.useCase,
      item: releaseItemKey(release.counter),
      ...attributes,
      release: JSON.stringify(release),
    };
    try {
      await this.client.send(
        new PutCommand({
          TableName: this.tableName,
          Item: item,
          ConditionExpression: 'attribute_not_exists(useCase)',
        }),
      );
      return stored;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return this.get(release.counter);
      throw error;
    }
  }

  async noteAnnounced(counter: number, at: string): Promise<void> {
    await this.client.send(
      new UpdateCommand({
        TableName: this.tableName,
        Key: { useCase: this.useCase, item: releaseItemKey(counter) },
        UpdateExpression: 'SET announcedAt = if_not_exists(announcedAt, :at)',
        ExpressionAttributeValues: { ':at': at },
      }),
    );
  }

  private async item(sortKey: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.tableName,
        Key: { useCase: this.useCase, item: sortKey },
        ConsistentRead: true,
      }),
    );
    return Item;
  }
}
