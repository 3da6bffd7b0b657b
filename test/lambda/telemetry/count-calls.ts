/** What the messages of a fleet cost in calls of AWS: counted, with the ingest function's real code. */
import { PRICES } from '../../../cli/cost/prices';
import { summarizeBatch } from '../../../lambda/telemetry/ingest-results/summarize-batch';
import { toItemUpdate } from '../../../lambda/telemetry/sketch';
import { seededRandom } from '../shared/builders';
import { applyUpdate, writeUnitsOf } from './memory-table';
import { aFleetMessage, batchIn, invoke, MemoryCloud, type Message, payloadBytesOf } from './results-fleet';

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
const MOST_MESSAGES = 15_000;

/** Calls per message, on average. */
export interface Calls {
  readonly puts: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly invocations: number;
  readonly queueRequests: number;
}

export interface Traffic {
  readonly devices: number;
  readonly fps: number;
  /** Of a message: what fits into a metering unit of AWS IoT. */
  readonly recordsPerMessage: number;
}

export interface CallCounts {
  readonly messages: number;
  readonly seconds: number;
  readonly now: Calls;
  /** One object and one transaction for each message. */
  readonly before: Calls;
}

/** @returns messages in the order in which they arrive, each device at its own time within the period */
function arrivals({ devices, fps, recordsPerMessage }: Traffic): { second: number; message: Message }[] {
  const period = recordsPerMessage / fps;
  const rounds = Math.max(1, Math.min(Math.ceil(300 / period), Math.floor(MOST_MESSAGES / devices)));
  const random = seededRandom(devices);
  const offsets = Array.from({ length: devices }, () => random() * period);
  return Array.from({ length: rounds }, (_, round) => round)
    .flatMap((round) =>
      offsets.map((offset, device) => ({
        second: round * period + offset,
        message: aFleetMessage(`line-${device}`, round + 1, recordsPerMessage),
      })),
    )
    .sort((left, right) => left.second - right.second);
}

/** The batches that pollers hand on: a batch ends with its window, its number of messages or its payload. */
function batchesOf(
  arrived: ReturnType<typeof arrivals>,
  { windowSeconds, largestBatch }: typeof NOW,
): Message[][] {
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
  return {
    messages,
    seconds: arrived.at(-1)?.second ?? 0,
    now: {
      puts: cloud.puts / messages,
      writeUnits: cloud.sketches.writeUnits / messages,
      readUnits: cloud.sketches.readUnits / messages,
      invocations: batches.length / messages,
      queueRequests,
    },
    before: {
      puts: 1,
      writeUnits: transactionUnits(arrived.map(({ message }) => message)) / messages,
      readUnits: 0,
      invocations: batchesOf(arrived, BEFORE).length / messages,
      queueRequests,
    },
  };
}

/** A transaction writes every item at twice its units: the batch's id, and the sketch as it has grown. */
function transactionUnits(messages: readonly Message[]): number {
  const items = new Map<string, Record<string, unknown>>();
  let units = 0;
  for (const message of messages) {
    units += 2;
    for (const sketch of summarizeBatch(batchIn(message), () => undefined, 3_600)) {
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
    price('iotRule') +
    price('iotAction') +
    calls.queueRequests * price('sqsRequest') +
    calls.invocations * price('lambdaRequest') +
    calls.puts * price('s3Put') +
    calls.writeUnits * price('dynamoWrite') +
    calls.readUnits * price('dynamoRead');
  return (perMessage * fps * SECONDS_PER_MONTH) / recordsPerMessage;
}
