import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
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
import { addSumsByClass, type SumsByClass } from './embedding-sums';
import { batchPartition } from './names';
import { fromItem, mergeSketches, sketchKey, sumsByClassIn, toItemUpdate } from './sketch';
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

/** Batches by stream. */
type Batches = ReadonlyMap<string, SequenceRanges>;

/** What is known of an item of the table. */
export interface Counted {
  /** That are in it. */
  readonly batches: Batches;
  /** Its sums of embeddings, which a write replaces. @default - it has none */
  readonly embeddings?: SumsByClass;
}

export const NOTHING_COUNTED: Counted = { batches: new Map() };

/** What became of shares that were to be added to one item. */
export interface Addition {
  /** Batch ids that were not counted there before. */
  readonly added: ReadonlySet<string>;
  /** What is known of the item now. */
  readonly counted: Counted;
}

const LEDGER_PREFIX = 'batches:';

/** DynamoDB's own. */
const MOST_KEYS = 100;

/** Sketches per release, window and device. Each remembers which batches are in it, so that none is added twice. */
export class SketchTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly pause: Pause = sleep,
  ) {}

  /** What the item of this sketch has counted; strongly consistent. */
  async counted(sketch: Sketch): Promise<Counted> {
    const { Item = {} } = await this.client.send(
      new GetCommand({ TableName: this.tableName, Key: sketchKey(sketch), ConsistentRead: true }),
    );
    const embeddings = sumsByClassIn(Item);
    return { batches: batchesIn(Item), ...(embeddings && { embeddings }) };
  }

  /**
   * Adds shares of one device, release and window in one write, which also notes their batches: a batch is in the sums
   * exactly once, whatever is sent again and wherever a function dies.
   * @param shares all of the same item, each batch once
   * @param known what the item had counted when it was last read; it may have changed since
   */
  async addOnce(shares: readonly Share[], known: Counted): Promise<Addition> {
    let counted = known;
    for (let attempt = 1; ; attempt++) {
      const fresh = await this.freshOf(shares, counted.batches);
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

  private async freshOf(shares: readonly Share[], counted: Batches): Promise<Share[]> {
    const fresh: Share[] = [];
    const early: Share[] = [];
    for (const share of shares) {
      const ranges = counted.get(share.place.stream) ?? [];
      if (covers(ranges, share.place.sequence)) continue;
      // What arrives in order, nobody else can have counted.
      const isInOrder = ranges.length > 0 && (ranges[0]?.[0] ?? 0) < share.place.sequence;
      (isInOrder ? fresh : early).push(share);
    }
    return early.length === 0 ? fresh : [...fresh, ...(await this.notCountedElsewhere(early))];
  }

  /**
   * Release 0.1.0 noted every batch in an item of its own; after it the windows did, of all devices in one partition.
   * @param shares all of the same item, one at least
   */
  private async notCountedElsewhere(shares: readonly Share[]): Promise<Share[]> {
    const [{ sketch }] = shares as [Share];
    const { useCase, releaseId, deviceId } = sketch;
    const partition = batchPartition(deviceId);
    const items = await this.itemsAt([
      { ...sketchKey(sketch), partition: oldSketchPartition(useCase, releaseId) },
      ...shares.map(({ batchId }) => ({ partition, window: batchId })),
    ]);
    const noted = new Set(items.filter((item) => item.partition === partition).map(({ window }) => window));
    const old = batchesIn(items.find((item) => item.partition !== partition) ?? {});
    return shares.filter(
      ({ batchId, place }) => !noted.has(batchId) && !covers(old.get(place.stream) ?? [], place.sequence),
    );
  }

  /** Those that are there; strongly consistent. */
  private async itemsAt(keys: readonly ReturnType<typeof sketchKey>[]): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    for (let first = 0; first < keys.length; first += MOST_KEYS) {
      const Keys = keys.slice(first, first + MOST_KEYS);
      const { Responses, UnprocessedKeys } = await this.client.send(
        new BatchGetCommand({ RequestItems: { [this.tableName]: { Keys, ConsistentRead: true } } }),
      );
      // As with any other call that is throttled, the batches come again.
      if (UnprocessedKeys?.[this.tableName]) throw new Error(`${this.tableName}: keys were left unread`);
      items.push(...(Responses?.[this.tableName] ?? []));
    }
    return items;
  }

  /** One item, so one write unit per KB; the condition on the ledger does what a transaction would cost twice for. */
  private async write(fresh: readonly Share[], counted: Counted): Promise<Counted> {
    const batches = new Map(counted.batches);
    for (const [stream, shares] of grouped(fresh, ({ place }) => place.stream)) {
      const sequences = shares.map(({ place }) => place.sequence);
      batches.set(stream, withSequences(counted.batches.get(stream) ?? [], sequences));
    }
    const sketch = mergeSketches(fresh.map((share) => share.sketch)) as Sketch;
    const update = toItemUpdate(sketch, counted.embeddings);
    const ledger = ledgerUpdate(counted.batches, batches);
    await this.client.send(
      new UpdateCommand({
        TableName: this.tableName,
        Key: update.Key,
        UpdateExpression: `SET ${[...update.set, ...ledger.set].join(',')} ADD ${update.add.join(',')}`,
        ConditionExpression: [...ledger.conditions, ...update.conditions].join(' AND '),
        ExpressionAttributeNames: { ...update.names, ...ledger.names },
        ExpressionAttributeValues: { ...update.values, ...ledger.values },
      }),
    );
    const embeddings = addSumsByClass(counted.embeddings, sketch.embeddingByClass);
    return { batches, ...(embeddings && { embeddings }) };
  }
}

const batchesIn = (item: Readonly<Record<string, unknown>>): Batches =>
  new Map(
    Object.entries(item)
      .filter(([name]) => name.startsWith(LEDGER_PREFIX))
      .map(([name, ranges]) => [name.slice(LEDGER_PREFIX.length), parseRanges(String(ranges))]),
  );

/** Writes the streams that have changed, if nobody else has changed them since they were read. */
function ledgerUpdate(before: Batches, after: Batches) {
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
