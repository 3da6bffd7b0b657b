import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Sketch } from '../../../contracts';
import { placeOf } from '../../../contracts/batch-place';
import {
  oldSketchPartition,
  SKETCH_PARTITIONS,
  sketchPartition,
  sketchPartitions,
} from '../../../lambda/telemetry/sketch-partition';
import { NOTHING_COUNTED, type Share, SketchTable } from '../../../lambda/telemetry/sketch-table';
import { aSketch, DEVICE, RECEIVED_AT, seededRandom, USE_CASE } from '../shared/builders';
import { MemoryTable } from './memory-table';

/** A call of the table takes a turn of the event loop, and of DynamoDB about as long. */
const MILLISECONDS_PER_TURN = 5;
const STREAM = '00000001-1a2b3c4d';

let memory: MemoryTable;
let pauses: number[];
let table: SketchTable;

beforeEach(() => {
  memory = new MemoryTable(['partition', 'window']);
  pauses = [];
  // Pages are asked for of nothing but a document client.
  const client = Object.create(DynamoDBDocumentClient.prototype, {
    send: { value: (command: object) => memory.send(command) },
  }) as DynamoDBDocumentClient;
  table = new SketchTable(client, 'sketches', async (milliseconds) => {
    pauses.push(milliseconds);
    for (let turn = 0; turn < milliseconds / MILLISECONDS_PER_TURN; turn++) await new Promise(setImmediate);
  });
  jest.spyOn(Math, 'random').mockImplementation(seededRandom(3));
});

afterEach(() => jest.restoreAllMocks());

const shareOf = (batchId: string): Share => ({
  batchId,
  place: placeOf(batchId),
  sketch: aSketch({ results: 2 }),
});
const numbered = (sequence: number): Share => shareOf(`${STREAM}-${String(sequence).padStart(8, '0')}`);
const RELEASE = `${USE_CASE}-2`;
const WINDOW = '2026-03-01T10:00:00.000Z';
const itemAt = (partition: string) => memory.items.get(`${partition}\n${WINDOW}#${DEVICE}`);
const item = () => itemAt(sketchPartition(USE_CASE, RELEASE, DEVICE));

test('case 29: the batches of an invocation and their ledger are one write', async () => {
  await expect(
    table.addOnce([numbered(1), numbered(2), shareOf('batch-1')], NOTHING_COUNTED),
  ).resolves.toMatchObject({
    added: new Set([numbered(1).batchId, numbered(2).batchId, 'batch-1']),
  });
  expect(item()).toMatchObject({ results: 6, [`batches:${STREAM}`]: '1-2', 'batches:batch-1': '0' });
  expect(memory.writeUnits).toBe(1);
});

test('case 29: of batches that were added before, only the others are added', async () => {
  await table.addOnce([numbered(1)], NOTHING_COUNTED);
  const answer = await table.addOnce([numbered(1), numbered(2)], await table.counted(aSketch()));
  expect(answer.added).toEqual(new Set([numbered(2).batchId]));
  expect(answer.counted.batches.get(STREAM)).toEqual([[1, 2]]);
  expect(item()?.results).toBe(4);
});

test('case 34: what another function has added since the item was read is seen, and waited out with jitter', async () => {
  await table.addOnce([numbered(1)], NOTHING_COUNTED);
  const stale = await table.counted(aSketch());
  await table.addOnce([numbered(2)], stale);
  await expect(table.addOnce([numbered(2), numbered(3)], stale)).resolves.toMatchObject({
    added: new Set([numbered(3).batchId]),
  });
  expect(item()?.results).toBe(6);
  expect(pauses).toHaveLength(1);
});

test('case 29: twelve functions with the same batches at once count each once', async () => {
  const shares = Array.from({ length: 12 }, (_, index) => numbered(index + 1));
  const answers = await Promise.all(
    shares.map((_, first) => table.addOnce(shares.slice(0, first + 1), NOTHING_COUNTED)),
  );
  expect(answers.reduce((sum, { added }) => sum + added.size, 0)).toBe(12);
  expect(item()?.results).toBe(24);
});

test('case 34: endless contention goes back to the queue', async () => {
  const counted = jest.spyOn(table, 'counted').mockImplementation(async () => NOTHING_COUNTED);
  await table.addOnce([numbered(1)], NOTHING_COUNTED);
  await expect(table.addOnce([numbered(2)], NOTHING_COUNTED)).rejects.toThrow('conditional request failed');
  expect(counted).toHaveBeenCalledTimes(7);
});

test('case 34: a fault of the service goes back to the queue at once', async () => {
  memory.fault = () => new Error('InternalServerError');
  await expect(table.addOnce([numbered(1)], NOTHING_COUNTED)).rejects.toThrow('InternalServerError');
  expect(pauses).toEqual([]);
});

test('case 29: a batch that release 0.1.0 has counted does not count again', async () => {
  await table.noteOnce(DEVICE, numbered(7).batchId, RECEIVED_AT);
  await expect(table.addOnce([numbered(7)], NOTHING_COUNTED)).resolves.toMatchObject({ added: new Set() });
  // It comes once more after a later one has begun the ledger.
  await table.addOnce([numbered(8)], NOTHING_COUNTED);
  const again = await table.addOnce([numbered(7)], await table.counted(aSketch()));
  expect(again.added).toEqual(new Set());
  expect(item()?.results).toBe(2);
});

test('a batch in order costs no look for an older note', async () => {
  await table.addOnce([numbered(1)], NOTHING_COUNTED);
  const before = memory.readUnits;
  await table.addOnce([numbered(2)], { batches: new Map([[STREAM, [[1, 1]]]]) });
  expect(memory.readUnits).toBe(before);
});

test('all that may have been counted before is asked for at once, a hundred at a time', async () => {
  const shares = Array.from({ length: 150 }, (_, index) => numbered(index + 1));
  await table.noteOnce(DEVICE, numbered(101).batchId, RECEIVED_AT);
  const send = jest.spyOn(memory, 'send');
  const { added } = await table.addOnce(shares, NOTHING_COUNTED);
  expect(added.size).toBe(149);
  expect(added).not.toContain(numbered(101).batchId);
  expect(send.mock.calls.map(([command]) => command.constructor.name)).toEqual([
    'BatchGetCommand',
    'BatchGetCommand',
    'UpdateCommand',
  ]);
});

test('keys that DynamoDB has left unread send the batches back to the queue', async () => {
  jest.spyOn(memory, 'send').mockResolvedValueOnce({ UnprocessedKeys: { sketches: { Keys: [{}] } } });
  await expect(table.addOnce([numbered(1)], NOTHING_COUNTED)).rejects.toThrow(
    'sketches: keys were left unread',
  );
  expect(item()).toBeUndefined();
});

describe('[B14] sums of embeddings by class', () => {
  const sums = (count: number) => ({ count, sum: [count / 2, -1] as [number, number], squares: 2 * count });
  const embedded = (sequence: number, embeddingByClass: Sketch['embeddingByClass']): Share => ({
    ...numbered(sequence),
    sketch: aSketch({ results: 2, ...(embeddingByClass && { embeddingByClass }) }),
  });
  const kept = async () => (await table.read(USE_CASE, RELEASE, WINDOW))[0]?.embeddingByClass;

  test('case 29: are in the item once, whatever is sent again', async () => {
    const first = [embedded(1, { good: sums(3) }), embedded(2, { good: sums(5), dent: sums(4) })];
    const { counted } = await table.addOnce(first, NOTHING_COUNTED);
    await table.addOnce([...first, embedded(3, { dent: sums(6) })], counted);
    await table.addOnce(first, await table.counted(aSketch()));
    expect(await kept()).toEqual({
      good: { count: 8, sum: [4, -2], squares: 16 },
      dent: { count: 10, sum: [5, -2], squares: 20 },
    });
    expect(item()).toMatchObject({ results: 6, embeddedFrames: 18 });
  });

  test('case 34: of two streams that have read the same, the later one reads again', async () => {
    await table.addOnce([embedded(1, { good: sums(3) })], NOTHING_COUNTED);
    const stale = await table.counted(aSketch());
    const other = (batchId: string): Share => ({
      ...embedded(1, { good: sums(4) }),
      ...{ batchId, place: placeOf(batchId) },
    });
    await table.addOnce([other('00000002-1a2b3c4d-00000001')], stale);
    await table.addOnce([embedded(2, { dent: sums(5) })], stale);
    expect(await kept()).toMatchObject({ good: { count: 7 }, dent: { count: 5 } });
    expect(pauses).toHaveLength(1);
  });

  test('a write without any neither reads nor changes them', async () => {
    await table.addOnce([embedded(1, { good: sums(3) })], NOTHING_COUNTED);
    const { counted } = await table.addOnce([embedded(2, undefined)], await table.counted(aSketch()));
    expect(counted.embeddings).toEqual({ good: sums(3) });
    expect(await kept()).toEqual({ good: sums(3) });
  });
});

test('a batch without sketches is noted once, for 60 days', async () => {
  await expect(table.noteOnce(DEVICE, 'batch-1', RECEIVED_AT)).resolves.toBe('noted');
  await expect(table.noteOnce(DEVICE, 'batch-1', RECEIVED_AT)).resolves.toBe('repeated');
  expect(memory.items.get(`batch#${DEVICE}\nbatch-1`)).toMatchObject({
    expiresAt: RECEIVED_AT / 1000 + 60 * 86_400,
  });
});

describe('partitions', () => {
  /** As it lay before windows were spread. */
  const putOld = (results: number, batches: string) => {
    const partition = oldSketchPartition(USE_CASE, RELEASE);
    const window = `${WINDOW}#${DEVICE}`;
    memory.items.set(`${partition}\n${window}`, {
      partition,
      window,
      ...{ useCase: USE_CASE, releaseId: RELEASE, deviceId: DEVICE, windowStart: WINDOW },
      results,
      [`batches:${STREAM}`]: batches,
    });
  };

  test('devices are spread evenly, each of them always to the same', () => {
    const counts = new Map<string, number>();
    for (let device = 0; device < 4_000; device++) {
      const partition = sketchPartition(USE_CASE, RELEASE, `line-${device}`);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    expect([...counts.keys(), oldSketchPartition(USE_CASE, RELEASE)].sort()).toEqual(
      sketchPartitions(USE_CASE, RELEASE).sort(),
    );
    // Five deviations of a binomial count.
    const mean = 4_000 / SKETCH_PARTITIONS;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  test('a release is read from all of them, and from the one of before', async () => {
    putOld(5, '1-3');
    for (let device = 0; device < 40; device++) {
      const deviceId = `line-${device + 10}`;
      await table.addOnce([{ ...numbered(1), sketch: aSketch({ deviceId, results: 2 }) }], NOTHING_COUNTED);
    }
    const early = aSketch({ deviceId: 'line-99', windowStart: '2026-03-01T09:00:00.000Z', results: 2 });
    await table.addOnce([{ ...numbered(1), sketch: early }], NOTHING_COUNTED);
    const sketches = await table.read(USE_CASE, RELEASE, WINDOW);
    expect(sketches).toHaveLength(41);
    expect(sketches.reduce((sum, { results }) => sum + results, 0)).toBe(85);
    expect(sketches.map(({ deviceId }) => deviceId)).not.toContain('line-99');
  });

  test('case 29: a batch that the item of before has counted does not count again', async () => {
    putOld(6, '1-3');
    await expect(table.addOnce([numbered(3), numbered(4)], NOTHING_COUNTED)).resolves.toMatchObject({
      added: new Set([numbered(4).batchId]),
    });
    const again = await table.addOnce([numbered(2)], await table.counted(aSketch()));
    expect(again.added).toEqual(new Set());
    const [before, after] = await table.read(USE_CASE, RELEASE, WINDOW);
    expect([before?.results, after?.results]).toEqual([6, 2]);
  });
});
