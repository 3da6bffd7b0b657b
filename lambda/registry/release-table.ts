import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { parseContractJson, type Release } from '../../contracts';
import { type ClassCodes, codesOf, movedCodes, withCodesFor } from '../../contracts/class-codes';
import { InvalidInputError } from '../shared/errors';
import { CHAMPION_ITEM, CLASS_CODES_ITEM, COUNTER_ITEM, releaseItemKey } from './names';
import { type ChampionItem, type Claim, ReleaseItems, type StoredRelease } from './release-items';

/** Claims collide only when two packages are approved in the same instant. */
const CLAIM_ATTEMPTS = 8;

/** Releases of one use case, and the counters that they are given. */
export class ReleaseTable extends ReleaseItems {
  /**
   * The counter of a cause, allocated on the first call. Claim and counter are written in one transaction, so a crash
   * leaves either both or neither, and no counter belongs to two causes.
   * @param claimKey `packageClaimKey` or `rollbackClaimKey` of names.ts
   * @param highestPublished asked by a table that has given none out: the first counter is the next after it
   */
  async claimCounter(
    claimKey: string,
    now: string,
    highestPublished: () => Promise<number> = async () => 0,
  ): Promise<Claim> {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const claimed = await this.readItem(claimKey);
      if (claimed) return { counter: Number(claimed.counter), claimedAt: String(claimed.claimedAt) };
      const counter = await this.tryToClaim(claimKey, now, highestPublished);
      if (counter !== undefined) return { counter, claimedAt: now };
    }
    throw new Error(`the counter of ${this.useCase} was contended ${CLAIM_ATTEMPTS} times: try again`);
  }

  private async tryToClaim(
    claimKey: string,
    claimedAt: string,
    highestPublished: () => Promise<number>,
  ): Promise<number | undefined> {
    const last = (await this.readItem(COUNTER_ITEM))?.value as number | undefined;
    const counter = (last ?? (await highestPublished())) + 1;
    try {
      await this.client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.tableName,
                Item: { ...this.key(claimKey), counter, claimedAt },
                ConditionExpression: 'attribute_not_exists(useCase)',
              },
            },
            {
              Put: {
                TableName: this.tableName,
                Item: { ...this.key(COUNTER_ITEM), value: counter },
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

  /** Of all classes that were ever released; before there were codes, those that the champion's classes had by their place. */
  async classCodes(): Promise<ClassCodes> {
    const item = await this.readItem(CLASS_CODES_ITEM);
    if (item) return item.codes as ClassCodes;
    const champion = await this.champion();
    return champion ? codesOf(champion.release) : {};
  }

  /**
   * Gives a code to each of `classes` that has none, for ever, and answers all codes.
   * @param pinned codes that the configuration demands
   * @throws InvalidInputError when a pinned code moves or reuses one that was given out
   */
  async giveCodes(classes: readonly string[], pinned: ClassCodes): Promise<ClassCodes> {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const known = await this.classCodes();
      const problems = movedCodes(known, pinned);
      if (problems.length > 0) {
        throw new InvalidInputError(`dispositionPolicy of the configuration:\n${problems.join('\n')}`);
      }
      const codes = withCodesFor({ ...known, ...pinned }, classes);
      if (await this.noteCodes(known, codes)) return codes;
    }
    throw new Error(`the class codes of ${this.useCase} were contended ${CLAIM_ATTEMPTS} times: try again`);
  }

  /** Codes are only ever added, so that their number says which state was read. */
  private async noteCodes(known: ClassCodes, codes: ClassCodes): Promise<boolean> {
    try {
      await this.client.send(
        new PutCommand({
          TableName: this.tableName,
          Item: { ...this.key(CLASS_CODES_ITEM), codes, given: Object.keys(codes).length },
          ConditionExpression: 'attribute_not_exists(useCase) OR given = :known',
          ExpressionAttributeValues: { ':known': Object.keys(known).length },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** @throws ContractError when the stored release breaks its contract */
  async find(counter: number): Promise<StoredRelease | undefined> {
    const item = await this.readItem(releaseItemKey(counter));
    if (!item) return undefined;
    const release = parseContractJson(
      'release',
      String(item.release),
      `release ${counter} of ${this.useCase}`,
    );
    return { ...(item as unknown as StoredRelease), release };
  }

  /**
   * Classes of a release, and no other rule of its contract: what a newer registry has written must not stop results.
   * @returns undefined when there is no such release
   */
  async classes(counter: number): Promise<string[] | undefined> {
    const item = await this.readItem(releaseItemKey(counter));
    return item && (JSON.parse(String(item.release)) as Pick<Release, 'classes'>).classes;
  }

  /** @throws Error when there is none */
  async get(counter: number): Promise<StoredRelease> {
    const found = await this.find(counter);
    if (!found) throw new Error(`release ${counter} of ${this.useCase} is not in the table`);
    return found;
  }

  /** The release in service everywhere; `undefined` before the first rollout has completed. */
  async champion(): Promise<{ item: ChampionItem; release: Release } | undefined> {
    const item = (await this.readItem(CHAMPION_ITEM)) as ChampionItem | undefined;
    if (!item) return undefined;
    const found = await this.find(Number(item.counter));
    if (!found) {
      throw new Error(`the champion of ${this.useCase}, release ${item.counter}, is not in the table`);
    }
    return { item, release: found.release };
  }

  /** Adds a release, and answers the one that was there first. */
  async add(stored: StoredRelease): Promise<StoredRelease> {
    const { release, ...attributes } = stored;
    const item = {
      ...this.key(releaseItemKey(release.counter)),
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
        Key: this.key(releaseItemKey(counter)),
        UpdateExpression: 'SET announcedAt = if_not_exists(announcedAt, :at)',
        ExpressionAttributeValues: { ':at': at },
      }),
    );
  }
}
