/** Ten thousand devices' messages through the real function, over a queue, a bucket and a table that fail at times. */
import { log } from '../../../lambda/shared/log';
import { seededRandom } from '../shared/builders';
import { captureMetrics } from '../shared/metric-lines';
import { invoke, MemoryCloud, MemoryQueue, type Message, messagesOf } from './results-fleet';

const DEVICES = 10_000;
const BATCHES = 2;
const RECORDS = 1;
/** As the event source takes at most; the payload would end it later. */
const LARGEST_BATCH = 2_000;
const POLLERS = 5;

jest.setTimeout(300_000);

let cloud: MemoryCloud;
let random: () => number;

beforeEach(() => {
  cloud = new MemoryCloud();
  random = seededRandom(20_261_127);
  captureMetrics();
  for (const method of ['warn', 'error'] as const) {
    jest.spyOn(log, method).mockImplementation(() => undefined);
  }
});

afterEach(() => jest.restoreAllMocks());

const deviceIds = (count: number): string[] => Array.from({ length: count }, (_, index) => `line-${index}`);
const fleet = (devices: number): Message[] =>
  deviceIds(devices).flatMap((deviceId) => messagesOf(deviceId, BATCHES, RECORDS));

const failure = (name: string): Error => Object.assign(new Error(name), { name });

/** Every n-th call, so often at most: which messages are in it is the machine's, in whose order the calls arrive. */
function everyNth(n: number, most: number, name: string): () => Error | undefined {
  let calls = 0;
  return () => (++calls % n === 0 && calls <= n * most ? failure(name) : undefined);
}

/** One call about every n-th device, once: its first about one of them, its second about the next, and so on to the fifth. */
function oncePerDevice(n: number, name: string): (command: object) => Error | undefined {
  const calls = new Map<number, number>();
  return (command) => {
    const [, number] = /"line-(\d+)/.exec(JSON.stringify(command)) ?? [];
    const device = Number(number);
    if (number === undefined || device % n !== 0) return undefined;
    const call = (calls.get(device) ?? 0) + 1;
    calls.set(device, call);
    return call === 1 + ((device / n) % 5) ? failure(name) : undefined;
  };
}

test('[B12] [S12] case 34: of 10,000 devices nothing is lost and nothing counts or lies there twice', async () => {
  // A message fails four times at most, whatever the order, and is a dead letter after the fifth.
  cloud.sketches.fault = oncePerDevice(8, 'ThrottlingException');
  cloud.fault = everyNth(5, 3, 'SlowDown');
  const queue = new MemoryQueue(fleet(DEVICES), random, 0.01);
  await queue.drain(LARGEST_BATCH, POLLERS, invoke);

  expect(queue.deadLetters).toEqual([]);
  const expected = new Map(deviceIds(DEVICES).map((deviceId) => [deviceId, BATCHES * RECORDS]));
  expect(cloud.counted).toEqual(expected);
  expect(cloud.stored).toHaveLength(DEVICES * BATCHES * RECORDS);
  expect(new Set(cloud.stored).size).toBe(DEVICES * BATCHES * RECORDS);
});

test('[S12] case 34: a function that is killed anywhere loses nothing and counts nothing twice', async () => {
  const devices = 300;
  /** Calls until the process dies; after that none gets through. */
  let left = Number.POSITIVE_INFINITY;
  const mayDie = () => (left-- > 0 ? undefined : new Error('killed'));
  cloud.sketches.fault = mayDie;
  cloud.fault = mayDie;
  let kills = 0;
  const queue = new MemoryQueue(fleet(devices), random);
  // One at a time: all of what the queue has handed out dies together.
  await queue.drain(20, 1, async (messages) => {
    const isKilled = random() < 0.5 && kills < 40;
    left = isKilled ? Math.floor(random() * 60) : Number.POSITIVE_INFINITY;
    const failed = await invoke(messages);
    if (!isKilled || left > 0) return failed;
    kills++;
    // What it would have answered is not heard.
    return new Set(messages.map(({ id }) => id));
  });

  expect(kills).toBeGreaterThan(10);
  left = Number.POSITIVE_INFINITY;
  // Some died with their function five times; redriven, they are counted like the others.
  await new MemoryQueue(queue.deadLetters, random).drain(20, 1, invoke);
  const expected = new Map(deviceIds(devices).map((deviceId) => [deviceId, BATCHES * RECORDS]));
  expect(cloud.counted).toEqual(expected);
  // A kill between object and sketch leaves lines that come again; the record id says which.
  expect(new Set(cloud.stored).size).toBe(devices * BATCHES * RECORDS);
});
