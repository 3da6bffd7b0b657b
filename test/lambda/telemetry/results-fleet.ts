/**
 * A fleet, its queue, and AWS's side of the ingest function, in memory and without luck: the function's real code runs
 * over a bucket and a table that fail when they are told to.
 */

import { gunzipSync } from 'node:zlib';
import { type PutObjectCommand, type PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import type { InferenceResult, ResultsBatch } from '../../../contracts';
import { resultsMessage } from '../../../edge-components/inference/src/results/results-message';
import { handler } from '../../../lambda/telemetry/ingest-results/handler';
import { aBatch, aMessage, aRelease, aResult, RECEIVED_AT, seededRandom, USE_CASE } from '../shared/builders';
import { MemoryTable } from './memory-table';

/** What SQS gives a function at most; docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const PAYLOAD_BYTES = 6_000_000;
/** Of a message beside its body, as the function gets it. */
const ENVELOPE_BYTES = 900;
const MAXIMUM_RECEIVES = 5;

export interface Message {
  readonly id: string;
  readonly body: string;
}

/** Batches of a device, numbered as its outbox does. */
export function messagesOf(deviceId: string, batches: number, records: number): Message[] {
  return Array.from({ length: batches }, (_, index) => {
    const batchId = `00000001-1a2b3c4d-${String(index + 1).padStart(8, '0')}`;
    const inferredAt = new Date(RECEIVED_AT - (batches - index) * 1_000).toISOString();
    const batch = aBatch({
      deviceId,
      batchId,
      records: Array.from({ length: records }, (_, position) =>
        aResult({ recordId: `${batchId}-${position}`, capturedAt: inferredAt, inferredAt }),
      ),
    });
    return { id: `${deviceId}/${batchId}`, body: aMessage(batch, { topicThingName: deviceId }) };
  });
}

const rounded = (value: number, digits = 3): number => Number(value.toFixed(digits));

/**
 * A record as a device of a camera writes it, with numbers and times of its own.
 * @param number of the frame, since the start
 */
export function aFleetRecord(deviceId: string, number: number, fps: number): InferenceResult {
  const random = seededRandom(number * 100_003 + Number(deviceId.split('-')[1]));
  const capturedAt = RECEIVED_AT + Math.floor((number * 1_000) / fps + 8 * random());
  return aResult({
    recordId: `a1b2c3d4e5f6-${number}`,
    frameId: `camera-1-${number}`,
    cameraId: 'camera-1',
    capturedAt: new Date(capturedAt).toISOString(),
    inferredAt: new Date(capturedAt + 6 + Math.floor(4 * random())).toISOString(),
    predictedClass: random() < 0.9 ? 'good' : 'scratch',
    confidence: rounded(1 - random() * 0.1, 6),
    latencyMilliseconds: {
      decode: rounded(2 + random()),
      inference: rounded(3 + random()),
      total: rounded(6 + 2 * random()),
    },
    image: {
      brightness: rounded(115 + 10 * random()),
      contrast: rounded(30 + 5 * random()),
      sharpness: rounded(8 + 2 * random()),
    },
    frameBytes: 50_000 + Math.floor(random() * 5_000),
  });
}

/** How a device sends its results. */
export interface Sending {
  /** Frames a second. */
  readonly fps: number;
  readonly recordsPerMessage: number;
  /** Whether records are compressed, or go as version 1 of the contract had them. */
  readonly isCompressed: boolean;
}

/** A batch of a device of a camera. @param sequence its number, from 1 */
export function aFleetBatch(
  deviceId: string,
  sequence: number,
  { fps, recordsPerMessage }: Sending,
): ResultsBatch {
  const first = (sequence - 1) * recordsPerMessage;
  return aBatch({
    deviceId,
    batchId: `00000001-1a2b3c4d-${String(sequence).padStart(8, '0')}`,
    records: Array.from({ length: recordsPerMessage }, (_, position) =>
      aFleetRecord(deviceId, first + position, fps),
    ),
  });
}

/** The batch as a message: what the device publishes. */
export function payloadOf(batch: ResultsBatch, { isCompressed }: Sending): string {
  return isCompressed
    ? resultsMessage(
        batch,
        batch.records.map((record) => JSON.stringify(record)),
      )
    : JSON.stringify(batch);
}

/** Of a message, as the function gets it. */
export const payloadBytesOf = ({ body }: Message): number =>
  Buffer.byteLength(JSON.stringify(body)) + ENVELOPE_BYTES;

interface TableCommand {
  readonly input: { readonly TableName?: string };
}

/** The release that the fleet serves, which a function reads once. */
const RELEASE_ITEM = Promise.resolve({ Item: { release: JSON.stringify(aRelease()) } });

/** The cloud's side: bucket and tables that the handler meets. */
export class MemoryCloud {
  readonly sketches = new MemoryTable(['partition', 'window']);
  readonly objects = new Map<string, Buffer>();
  puts = 0;
  /** Asked before every call of S3. */
  fault: () => Error | undefined = () => undefined;

  constructor() {
    Object.assign(process.env, {
      AWS_REGION: 'eu-central-1',
      KAIZEN_ENVIRONMENT: 'local',
      KAIZEN_USE_CASE: USE_CASE,
      TELEMETRY_BUCKET: 'telemetry',
      SKETCH_TABLE: 'sketches',
      RELEASE_TABLE: 'releases',
    });
    // Not a mock that records: tens of thousands of calls go by.
    Object.assign(DynamoDBDocumentClient.prototype, {
      send: (command: TableCommand) =>
        command.input.TableName === process.env.RELEASE_TABLE ? RELEASE_ITEM : this.sketches.send(command),
    });
    Object.assign(S3Client.prototype, { send: (command: PutObjectCommand) => this.put(command.input) });
  }

  /** Results by device, as monitoring sums them. */
  get counted(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { deviceId, results } of this.sketches.items.values()) {
      if (results !== undefined) {
        sums.set(String(deviceId), (sums.get(String(deviceId)) ?? 0) + Number(results));
      }
    }
    return sums;
  }

  /** `<deviceId>/<recordId>` of every stored line. */
  get stored(): string[] {
    return [...this.objects.values()].flatMap((body) =>
      gunzipSync(body)
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const { deviceId, recordId } = JSON.parse(line);
          return `${deviceId}/${recordId}`;
        }),
    );
  }

  private async put({ Key = '', Body }: PutObjectCommandInput): Promise<object> {
    await new Promise(setImmediate);
    const error = this.fault();
    if (error) throw error;
    this.puts++;
    this.objects.set(Key, Body as Buffer);
    return {};
  }
}

let invocations = 0;

/** @returns ids of the messages that go back to the queue */
export async function invoke(messages: readonly Message[]): Promise<Set<string>> {
  const Records = messages.map(
    ({ id, body }) => ({ messageId: id, body, eventSource: 'aws:sqs', messageAttributes: {} }) as SQSRecord,
  );
  const context = { awsRequestId: `invocation-${++invocations}`, getRemainingTimeInMillis: () => 60_000 };
  const answer = await handler({ Records } as SQSEvent, context as Context);
  return new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}

/** A standard queue: no order, some messages twice, what fails again, and away after five receives. */
export class MemoryQueue {
  readonly deadLetters: Message[] = [];
  private readonly waiting: { readonly message: Message; receives: number }[] = [];

  constructor(
    messages: readonly Message[],
    private readonly random: () => number,
    twice = 0,
  ) {
    for (const message of messages) {
      this.waiting.push({ message, receives: 0 });
      if (random() < twice) this.waiting.push({ message, receives: 0 });
    }
  }

  /** Takes batches, as many at a time as `pollers`, until the queue is empty. @param take answers the ids that failed */
  async drain(
    largestBatch: number,
    pollers: number,
    take: (messages: readonly Message[]) => Promise<ReadonlySet<string>>,
  ): Promise<void> {
    while (this.waiting.length > 0) {
      await Promise.all(Array.from({ length: pollers }, () => this.poll(largestBatch, take)));
    }
  }

  private async poll(
    largestBatch: number,
    take: (messages: readonly Message[]) => Promise<ReadonlySet<string>>,
  ): Promise<void> {
    const received: typeof this.waiting = [];
    for (let bytes = 0; received.length < largestBatch && this.waiting.length > 0; ) {
      const next = this.takeAny();
      bytes += payloadBytesOf(next.message);
      if (bytes > PAYLOAD_BYTES) {
        this.waiting.push(next);
        break;
      }
      received.push(next);
    }
    if (received.length === 0) return;
    const failed = await take(received.map(({ message }) => message));
    for (const { message, receives } of received) {
      if (!failed.has(message.id)) continue;
      if (receives + 1 < MAXIMUM_RECEIVES) this.waiting.push({ message, receives: receives + 1 });
      else this.deadLetters.push(message);
    }
  }

  private takeAny() {
    const index = Math.floor(this.random() * this.waiting.length);
    const last = this.waiting.length - 1;
    const chosen = this.waiting[index] as (typeof this.waiting)[number];
    this.waiting[index] = this.waiting[last] as typeof chosen;
    this.waiting.pop();
    return chosen;
  }
}
