/** What the messages of a fleet cost in calls of AWS: counted, with the ingest function's real code. */
import { PRICES } from '../../../cli/cost/prices';
import { prod } from '../../../config/prod';
import type { ResultsBatch } from '../../../contracts';
import { MessageFill } from '../../../edge-components/inference/src/results/message-fill';
import {
  envelopeBytes,
  METERING_UNIT_BYTES,
} from '../../../edge-components/inference/src/results/results-message';
import { summarizeBatch } from '../../../lambda/telemetry/ingest-results/summarize-batch';
import { toItemUpdate } from '../../../lambda/telemetry/sketch';
import { aMessage, aRelease, seededRandom, USE_CASE } from '../shared/builders';
import { applyUpdate, writeUnitsOf } from './memory-table';
import {
  aFleetBatch,
  aFleetRecord,
  invoke,
  MemoryCloud,
  type Message,
  payloadBytesOf,
  payloadOf,
  type Sending,
} from './results-fleet';

/** As lib/telemetry sets the event source, and as it was set when every message had an object of its own. */
const NOW = { windowSeconds: 60, largestBatch: 10_000 };
const BEFORE = { windowSeconds: 5, largestBatch: 100 };
/** Lambda takes from a queue with five at first, and with more when they do not keep up; each has a batch of its own. */
const POLLERS = 5;
/** docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const PAYLOAD_BYTES = 6_000_000;
/** SQS gives ten messages per receipt, and takes ten per deletion. */
const MESSAGES_PER_REQUEST = 10;
const SECONDS_PER_MONTH = 30 * 86_400;
/** Enough batches of each poller, and no more than a minute's work. */
const MOST_MESSAGES = 10_000;
const MOST_SECONDS = 300;

/** Calls per message, on average. */
export interface Calls {
  /** Of 5 KB, as AWS IoT meters. */
  readonly meteredUnits: number;
  readonly puts: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly invocations: number;
  readonly queueRequests: number;
}

export interface Traffic extends Sending {
  readonly devices: number;
}

/** What fitted into a metering unit before records were compressed. */
const PLAIN_RECORDS = 10;

/** How devices of prod send: what ends a message is its size, its number of records, or the flush time. */
export function sendingOf(fps: number, isCompressed: boolean): Sending {
  const { batchRecords, flushMilliseconds, messageBytes = METERING_UNIT_BYTES } = prod.device.outbox;
  const inTime = Math.max(1, Math.floor((fps * flushMilliseconds) / 1_000));
  const mostRecords = Math.min(batchRecords, inTime);
  if (!isCompressed) return { fps, isCompressed, recordsPerMessage: Math.min(PLAIN_RECORDS, mostRecords) };
  // Devices differ by a record or two: the fewest.
  const fitting = Array.from({ length: 20 }, (_, device) => {
    const fill = new MessageFill(messageBytes - envelopeBytes(USE_CASE, 'line-9999'), mostRecords);
    let records = 0;
    while (fill.add(JSON.stringify(aFleetRecord(`line-${device}`, records, fps)))) records++;
    return records;
  });
  return { fps, isCompressed, recordsPerMessage: Math.min(...fitting) };
}

export interface CallCounts {
  readonly messages: number;
  readonly seconds: number;
  /** As published. */
  readonly bytesPerRecord: number;
  readonly now: Calls;
  /** One object and one transaction for each message. */
  readonly before: Calls;
}

interface Arrival {
  readonly second: number;
  readonly batch: ResultsBatch;
  readonly payload: string;
  readonly message: Message;
}

/** @returns messages in the order in which they arrive, each device at its own time within the period */
function arrivals(traffic: Traffic): Arrival[] {
  const { devices, fps, recordsPerMessage } = traffic;
  const period = recordsPerMessage / fps;
  const most = Math.min(Math.ceil(MOST_SECONDS / period), Math.floor(MOST_MESSAGES / devices));
  const random = seededRandom(devices);
  const offsets = Array.from({ length: devices }, () => random() * period);
  return Array.from({ length: Math.max(1, most) }, (_, round) => round)
    .flatMap((round) =>
      offsets.map((offset, device) => {
        const deviceId = `line-${device}`;
        const batch = aFleetBatch(deviceId, round + 1, traffic);
        const payload = payloadOf(batch, traffic);
        const body = aMessage(JSON.parse(payload), { topicThingName: deviceId });
        return {
          second: round * period + offset,
          batch,
          payload,
          message: { id: `${deviceId}/${batch.batchId}`, body },
        };
      }),
    )
    .sort((left, right) => left.second - right.second);
}

/** The batches that pollers hand on: a batch ends with its window, its number of messages or its payload. */
function batchesOf(arrived: readonly Arrival[], { windowSeconds, largestBatch }: typeof NOW): Message[][] {
  const random = seededRandom(1);
  const batches: Message[][] = [];
  const open = Array.from({ length: POLLERS }, () => ({ since: 0, bytes: 0, messages: [] as Message[] }));
  const close = (poller: (typeof open)[number], second: number): void => {
    if (poller.messages.length > 0) batches.push(poller.messages);
    Object.assign(poller, { since: second, bytes: 0, messages: [] });
  };
  for (const { second, message } of arrived) {
    const poller = open[Math.floor(random() * POLLERS)] as (typeof open)[number];
    const bytes = payloadBytesOf(message);
    const isFull = poller.bytes + bytes > PAYLOAD_BYTES || poller.messages.length >= largestBatch;
    if (isFull || second - poller.since >= windowSeconds) close(poller, second);
    poller.messages.push(message);
    poller.bytes += bytes;
  }
  for (const poller of open) close(poller, 0);
  return batches;
}

const queueRequests = 1 + 2 / MESSAGES_PER_REQUEST;

/** @throws Error when a message fails: nothing here does */
export async function countCalls(traffic: Traffic): Promise<CallCounts> {
  const arrived = arrivals(traffic);
  const messages = arrived.length;
  const cloud = new MemoryCloud();
  const batches = batchesOf(arrived, NOW);
  for (const batch of batches) {
    const failed = await invoke(batch);
    if (failed.size > 0) throw new Error(`${failed.size} messages failed`);
  }
  const sizes = arrived.map(({ payload }) => Buffer.byteLength(payload));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const meteredUnits = sizes.reduce((sum, size) => sum + Math.ceil(size / METERING_UNIT_BYTES), 0) / messages;
  return {
    messages,
    seconds: arrived.at(-1)?.second ?? 0,
    bytesPerRecord: bytes / (messages * traffic.recordsPerMessage),
    now: {
      meteredUnits,
      puts: cloud.puts / messages,
      writeUnits: cloud.sketches.writeUnits / messages,
      readUnits: cloud.sketches.readUnits / messages,
      invocations: batches.length / messages,
      queueRequests,
    },
    before: {
      meteredUnits,
      puts: 1,
      writeUnits: transactionUnits(arrived.map(({ batch }) => batch)) / messages,
      readUnits: 0,
      invocations: batchesOf(arrived, BEFORE).length / messages,
      queueRequests,
    },
  };
}

const RELEASED = new Set(aRelease().classes);

/** A transaction writes every item at twice its units: the batch's id, and the sketch as it has grown. */
function transactionUnits(batches: readonly ResultsBatch[]): number {
  const items = new Map<string, Record<string, unknown>>();
  let units = 0;
  for (const batch of batches) {
    units += 2;
    for (const sketch of summarizeBatch(batch, () => RELEASED, 3_600)) {
      const { Key, set, add, names, values } = toItemUpdate(sketch);
      const id = Object.values(Key).join('\n');
      const item = applyUpdate(
        { ...Key, ...items.get(id) },
        `SET ${set.join(',')} ADD ${add.join(',')}`,
        names,
        values,
      );
      items.set(id, item);
      units += 2 * writeUnitsOf(item);
    }
  }
  return units;
}

/** USD of a device's results in a month, in us-east-1: from the rule to the sketch, without what lies there. */
export function monthlyUsd(calls: Calls, { fps, recordsPerMessage }: Traffic): number {
  const price = (name: keyof typeof PRICES): number => PRICES[name].usd['us-east-1'][0];
  const perMessage =
    calls.meteredUnits * (price('iotRule') + price('iotAction')) +
    calls.queueRequests * price('sqsRequest') +
    calls.invocations * price('lambdaRequest') +
    calls.puts * price('s3Put') +
    calls.writeUnits * price('dynamoWrite') +
    calls.readUnits * price('dynamoRead');
  return (perMessage * fps * SECONDS_PER_MONTH) / recordsPerMessage;
}
