import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, paginateQuery, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { ResultsBatch, Sketch } from '../../contracts';
import { batchPartition, sketchPartition } from './names';
import { fromItem, toItemUpdate } from './sketch';

/** TransactWriteItems takes 100 items: the idempotency item and 99 sketches. */
const SKETCHES_PER_TRANSACTION = 99;
/** Longer than any outbox and dead-letter queue (14 days) may hold a batch back before it is sent again. */
const IDEMPOTENCY_DAYS = 60;
/** Batches of one device meet in one sketch: conflicts pass within milliseconds. */
const ATTEMPTS = 6;
const FIRST_DELAY_MILLISECONDS = 20;

type Pause = (milliseconds: number) => Promise<void>;

const sleep: Pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function isRepeated(error: unknown): boolean {
  return (
    error instanceof TransactionCanceledException &&
    error.CancellationReasons?.[0]?.Code === 'ConditionalCheckFailed'
  );
}

/** Only contention for an item may pass by itself; other reasons go back to the queue. */
function isConflict(error: unknown): boolean {
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict')
  );
}

/** Sketches per release, window and device, and which batches are in them. */
export class SketchTable {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly tableName: string,
    private readonly pause: Pause = sleep,
  ) {}

  /**
   * Adds `sketches` in the transaction that also notes the batch's id, so that a batch counts exactly once. More
   * than 99 sketches (a device that decided a frame an hour, offline) go in several transactions, each noted by itself.
   */
  async addOnce(
    batch: ResultsBatch,
    receivedAt: number,
    sketches: readonly Sketch[],
  ): Promise<'added' | 'repeated'> {
    const expiresAt = Math.floor(receivedAt / 1000) + IDEMPOTENCY_DAYS * 86_400;
    let added = false;
    for (let start = 0; start === 0 || start < sketches.length; start += SKETCHES_PER_TRANSACTION) {
      const item = {
        partition: batchPartition(batch.deviceId),
        window: start === 0 ? batch.batchId : `${batch.batchId}#${start}`,
        expiresAt,
      };
      const part = sketches.slice(start, start + SKETCHES_PER_TRANSACTION);
      added = (await this.addPart(item, part)) || added;
    }
    return added ? 'added' : 'repeated';
  }

  private async addPart(item: object, sketches: readonly Sketch[]): Promise<boolean> {
    const command = new TransactWriteCommand({
      TransactItems: [
        {
          Put: {
            TableName: this.tableName,
            Item: { ...item },
            ConditionExpression: 'attribute_not_exists(#partition)',
            ExpressionAttributeNames: { '#partition': 'partition' },
          },
        },
        ...sketches.map((sketch) => ({ Update: { TableName: this.tableName, ...toItemUpdate(sketch) } })),
      ],
    });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.client.send(command);
        return true;
      } catch (error) {
        if (isRepeated(error)) return false;
        if (attempt === ATTEMPTS || !isConflict(error)) throw error;
        await this.pause(FIRST_DELAY_MILLISECONDS * 2 ** attempt * Math.random());
      }
    }
  }

  /**
   * Sketches of a release whose window starts at or after `since`.
   * @param since ISO timestamp, as `Date.toISOString` writes it
   */
  async read(useCase: string, releaseId: string, since: string): Promise<Sketch[]> {
    const sketches: Sketch[] = [];
    const query = {
      TableName: this.tableName,
      KeyConditionExpression: '#partition = :partition AND #window >= :since',
      ExpressionAttributeNames: { '#partition': 'partition', '#window': 'window' },
      ExpressionAttributeValues: { ':partition': sketchPartition(useCase, releaseId), ':since': since },
    };
    for await (const { Items = [] } of paginateQuery({ client: this.client }, query)) {
      sketches.push(...Items.map(fromItem));
    }
    return sketches;
  }
}
