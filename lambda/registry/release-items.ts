/**
 * The release table: what its items hold, and how one is read. The classes that write it are two, since the registry
 * must not know what a rollout is: {@link ReleaseTable} counts and keeps releases, `RolloutTable` of the rollout moves
 * them through their states. Keys are in `names.ts`.
 */
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Release } from '../../contracts';
import type { CloudModel } from '../training/cloud-champion';

/** ABORTED: its execution ended without saying how; whoever wants it starts it again. */
export type ReleaseStatus = 'READY' | 'ROLLING_OUT' | 'IN_SERVICE' | 'ROLLED_BACK' | 'SUPERSEDED' | 'ABORTED';

/** Devices that were silent when a release was to be judged: it is tried again when enough of them are heard of. */
export interface AwaitedDevices {
  readonly devices: readonly string[];
  /** How many of them suffice, 1 or more. */
  readonly enough: number;
  /** ISO timestamp after which they have to be heard of. */
  readonly since: string;
  /** ISO timestamp from which the release is tried without them, if only to find who belongs to the wave by then. */
  readonly until: string;
}

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
  /** The larger network of the same registration, from which the next one starts. */
  readonly cloudModel?: CloudModel;
  /** Key in the model bucket of the larger network of the same registration, for the second opinion. */
  readonly cloudModelKey?: string;
  readonly status: ReleaseStatus;
  /** Counter under which it was approved, where it was released again under another. */
  readonly approvedAs?: number;
  /** Rollout that has claimed the release. */
  readonly executionArn?: string;
  /** Executions that came to nothing by no fault of the release. */
  readonly attempts?: number;
  /** Those of them that silent devices alone kept from a verdict. */
  readonly silences?: number;
  /** ISO timestamp before which nobody tries it again. */
  readonly retryAfter?: string;
  readonly awaits?: AwaitedDevices;
  /** When `Release Ready` went out. */
  readonly announcedAt?: string;
}

/** Place of a release in the order of approvals; one that only repeats another has that one's. */
export const approvedAs = (stored: Pick<StoredRelease, 'approvedAs' | 'release'>): number =>
  stored.approvedAs ?? stored.release.counter;

/** A counter that belongs to one cause for ever. */
export interface Claim {
  readonly counter: number;
  /** ISO timestamp of the first claim: a retry makes the same release. */
  readonly claimedAt: string;
}

/** The release in service everywhere. */
export interface ChampionItem {
  readonly counter: number;
  readonly modelPackageVersion: number;
  readonly exportUri: string;
  /** S3 URI of the champion's model.tar.gz, where the rollout wrote it. */
  readonly modelUri?: string;
  readonly cloudModel?: CloudModel;
}

/** The release last deployed to a wave. */
export interface WaveItem {
  readonly counter: number;
  readonly previousCounter?: number;
}

export interface ReleaseItemKey {
  readonly useCase: string;
  /** One of the sort keys in `names.ts`. */
  readonly item: string;
}

/** Items of one use case. */
export class ReleaseItems {
  constructor(
    protected readonly client: Pick<DynamoDBDocumentClient, 'send'>,
    protected readonly tableName: string,
    protected readonly useCase: string,
  ) {}

  protected key(item: string): ReleaseItemKey {
    return { useCase: this.useCase, item };
  }

  protected async readItem(item: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.tableName, Key: this.key(item), ConsistentRead: true }),
    );
    return Item;
  }

  protected async putItem(item: string, attributes: object): Promise<void> {
    await this.client.send(
      new PutCommand({ TableName: this.tableName, Item: { ...this.key(item), ...attributes } }),
    );
  }
}
