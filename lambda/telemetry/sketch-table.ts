import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Sketch } from '../../contracts';
import { type BatchPlace, covers, type SequenceRanges } from '../../contracts/batch-place';
import { mapConcurrently } from '../shared/concurrency';
import { grouped } from '../shared/grouped';
import { formatRanges, parseRanges, withSequences } from './batch-ledger';
import { batchPartition } from './names';
import { fromItem, mergeSketches, sketchKey, toItemUpdate } from './sketch';
import { oldSketchPartition, sketchPartitions } from './sketch-partition';

/** Longer than any outbox and dead-letter queue (14 days) may hold a batch back before it is sent again. */
const NOTED_DAYS = 60;
/** Functions that have batches of one device at the same time meet in one item: conflicts pass within milliseconds. */
const ATTEMPTS = 8;
const FIRST_DELAY_MILLISECONDS = 10;
/** Of the partitions of a release: half of them, so that a large fleet takes two rounds and little memory at a time. */
const QUERIES_AT_ONCE = 9;

type Pause = (milliseconds: number) => Promise<void>;

const sleep: Pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What one batch adds to one sketch. */
export interface Share {
  readonly batchId: string;
  readonly place: BatchPlace;
  readonly sketch: Sketch;
}

/** The batches that an item of the table has counted, by stream. */
export type CountedBatches = ReadonlyMap<string, SequenceRanges>;

/** What became of shares that were to be added to one item. */
export interface Addition {
  /** Batch ids that were not counted there before. */
  readonly added: ReadonlySet<string>;
  /** Everything that the item has counted now. */
  readonly counted: CountedBatches;
}

const LEDGER_PREFIX = 'batches:';

/** Sketches per release, window and device. Each remembers which batches are in it, so that none is added twice. */
export class SketchTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly pause: Pause = sleep,
  ) {}

  /** What the item of this sketch has counted; strongly consistent. */
  async counted(sketch: Sketch): Promise<CountedBatches> {
    return this.countedAt(sketchKey(sketch));
  }

  private async countedAt(Key: ReturnType<typeof sketchKey>): Promise<CountedBatches> {
    const { Item = {} } = await this.client.send(
      new GetCommand({ TableName: this.tableName, Key, ConsistentRead: true }),
    );
    return new Map(
      Object.entries(Item)
        .filter(([name]) => name.startsWith(LEDGER_PREFIX))
        .map(([name, ranges]) => [name.slice(LEDGER_PREFIX.length), parseRanges(String(ranges))]),
    );
  }

  /**
   * Adds shares of one device, release and window in one write, which also notes their batches: a batch is in the sums
   * exactly once, whatever is sent again and wherever a function dies.
   * @param shares all of the same item, each batch once
   * @param known what the item had counted when it was last read; it may have changed since
   */
  async addOnce(shares: readonly Share[], known: CountedBatches): Promise<Addition> {
    let counted = known;
    for (let attempt = 1; ; attempt++) {
      const fresh = await this.freshOf(shares, counted);
      if (fresh.length === 0) return { added: new Set(), counted };
      try {
        const after = await this.write(fresh, counted);
        return { added: new Set(fresh.map(({ batchId }) => batchId)), counted: after };
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof ConditionalCheckFailedException)) throw error;
      }
      await this.pause(FIRST_DELAY_MILLISECONDS * 2 ** attempt * Math.random());
      counted = await this.counted((fresh[0] as Share).sketch);
    }
  }

  /** Notes a batch that adds to no sketch, so that what it reports of itself counts once. */
  async noteOnce(deviceId: string, batchId: string, receivedAt: number): Promise<'noted' | 'repeated'> {
    try {
      await this.client.send(
        new PutCommand({
          TableName: this.tableName,
          Item: {
            partition: batchPartition(deviceId),
            window: batchId,
            expiresAt: Math.floor(receivedAt / 1000) + NOTED_DAYS * 86_400,
          },
          ConditionExpression: 'attribute_not_exists(#partition)',
          ExpressionAttributeNames: { '#partition': 'partition' },
        }),
      );
      return 'noted';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'repeated';
      throw error;
    }
  }

  /**
   * Sketches of a release whose window starts at or after `since`.
   * @param since ISO timestamp, as `Date.toISOString` writes it
   */
  async read(useCase: string, releaseId: string, since: string): Promise<Sketch[]> {
    const parts = await mapConcurrently(sketchPartitions(useCase, releaseId), QUERIES_AT_ONCE, (partition) =>
      this.readPartition(partition, since),
    );
    return parts.flat();
  }

  private async readPartition(partition: string, since: string): Promise<Sketch[]> {
    const sketches: Sketch[] = [];
    const query = {
      TableName: this.tableName,
      KeyConditionExpression: '#partition = :partition AND #window >= :since',
      ExpressionAttributeNames: { '#partition': 'partition', '#window': 'window' },
      ExpressionAttributeValues: { ':partition': partition, ':since': since },
    };
    for await (const { Items = [] } of paginateQuery({ client: this.client }, query)) {
      sketches.push(...Items.map(fromItem));
    }
    return sketches;
  }

  private async freshOf(shares: readonly Share[], counted: CountedBatches): Promise<Share[]> {
    const fresh: Share[] = [];
    for (const share of shares) {
      const ranges = counted.get(share.place.stream) ?? [];
      if (covers(ranges, share.place.sequence)) continue;
      // What arrives in order, nobody else can have counted.
      const isInOrder = ranges.length > 0 && (ranges[0]?.[0] ?? 0) < share.place.sequence;
      if (isInOrder || !(await this.isCountedElsewhere(share))) fresh.push(share);
    }
    return fresh;
  }

  /** Release 0.1.0 noted every batch in an item of its own; after it the windows did, of all devices in one partition. */
  private async isCountedElsewhere({ batchId, place, sketch }: Share): Promise<boolean> {
    const { useCase, releaseId } = sketch;
    const key = { ...sketchKey(sketch), partition: oldSketchPartition(useCase, releaseId) };
    const old = (await this.countedAt(key)).get(place.stream) ?? [];
    if (covers(old, place.sequence)) return true;
    const { Item } = await this.client.send(
      new GetCommand({
        TableName: this.tableName,
        Key: { partition: batchPartition(sketch.deviceId), window: batchId },
        ConsistentRead: true,
      }),
    );
    return Item !== undefined;
  }

  /** One item, so one write unit per KB; the condition on the ledger does what a transaction would cost twice for. */
  private async write(fresh: readonly Share[], counted: CountedBatches): Promise<CountedBatches> {
    const after = new Map(counted);
    for (const [stream, shares] of grouped(fresh, ({ place }) => place.stream)) {
      const sequences = shares.map(({ place }) => place.sequence);
      after.set(stream, withSequences(counted.get(stream) ?? [], sequences));
    }
    const update = toItemUpdate(mergeSketches(fresh.map(({ sketch }) => sketch)) as Sketch);
    const ledger = ledgerUpdate(counted, after);
    await this.client.send(
      new UpdateCommand({
        TableName: this.tableName,
        Key: update.Key,
        UpdateExpression: `SET ${[...update.set, ...ledger.set].join(',')} ADD ${update.add.join(',')}`,
        ConditionExpression: ledger.conditions.join(' AND '),
        ExpressionAttributeNames: { ...update.names, ...ledger.names },
        ExpressionAttributeValues: { ...update.values, ...ledger.values },
      }),
    );
    return after;
  }
}

/** Writes the streams that have changed, if nobody else has changed them since they were read. */
function ledgerUpdate(before: CountedBatches, after: CountedBatches) {
  const names: Record<string, string> = {};
  const values: Record<string, string> = {};
  const set: string[] = [];
  const conditions: string[] = [];
  const changed = [...after].filter(([stream, ranges]) => ranges !== before.get(stream));
  for (const [index, [stream, ranges]] of changed.entries()) {
    const old = before.get(stream);
    names[`#s${index}`] = `${LEDGER_PREFIX}${stream}`;
    values[`:s${index}`] = formatRanges(ranges);
    set.push(`#s${index}=:s${index}`);
    if (old) values[`:o${index}`] = formatRanges(old);
    conditions.push(old ? `#s${index}=:o${index}` : `attribute_not_exists(#s${index})`);
  }
  return { names, values, set, conditions };
}
