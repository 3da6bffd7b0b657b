import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { placeOf } from '../../../contracts/batch-place';
import {
  oldSketchPartition,
  SKETCH_PARTITIONS,
  sketchPartition,
  sketchPartitions,
} from '../../../lambda/telemetry/sketch-partition';
import { type Share, SketchTable } from '../../../lambda/telemetry/sketch-table';
import { aSketch, DEVICE, RECEIVED_AT, USE_CASE } from '../shared/builders';
import { MemoryTable } from './memory-table';

const STREAM = '00000001-1a2b3c4d';
const NONE = new Map();

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
  });
});

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
  await expect(table.addOnce([numbered(1), numbered(2), shareOf('batch-1')], NONE)).resolves.toMatchObject({
    added: new Set([numbered(1).batchId, numbered(2).batchId, 'batch-1']),
  });
  expect(item()).toMatchObject({ results: 6, [`batches:${STREAM}`]: '1-2', 'batches:batch-1': '0' });
  expect(memory.writeUnits).toBe(1);
});

test('case 29: of batches that were added before, only the others are added', async () => {
  await table.addOnce([numbered(1)], NONE);
  const answer = await table.addOnce([numbered(1), numbered(2)], await table.counted(aSketch()));
  expect(answer.added).toEqual(new Set([numbered(2).batchId]));
  expect(answer.counted.get(STREAM)).toEqual([[1, 2]]);
  expect(item()?.results).toBe(4);
});

test('case 34: what another function has added since the item was read is seen, and waited out with jitter', async () => {
  await table.addOnce([numbered(1)], NONE);
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
    shares.map((_, first) => table.addOnce(shares.slice(0, first + 1), NONE)),
  );
  expect(answers.reduce((sum, { added }) => sum + added.size, 0)).toBe(12);
  expect(item()?.results).toBe(24);
});

test('case 34: endless contention goes back to the queue', async () => {
  const counted = jest.spyOn(table, 'counted').mockImplementation(async () => NONE);
  await table.addOnce([numbered(1)], NONE);
  await expect(table.addOnce([numbered(2)], NONE)).rejects.toThrow('conditional request failed');
  expect(counted).toHaveBeenCalledTimes(7);
});

test('case 34: a fault of the service goes back to the queue at once', async () => {
  memory.fault = () => new Error('InternalServerError');
  await expect(table.addOnce([numbered(1)], NONE)).rejects.toThrow('InternalServerError');
  expect(pauses).toEqual([]);
});

test('case 29: a batch that release 0.1.0 has counted does not count again', async () => {
  await table.noteOnce(DEVICE, numbered(7).batchId, RECEIVED_AT);
  await expect(table.addOnce([numbered(7)], NONE)).resolves.toMatchObject({ added: new Set() });
  // It comes once more after a later one has begun the ledger.
  await table.addOnce([numbered(8)], NONE);
  const again = await table.addOnce([numbered(7)], await table.counted(aSketch()));
  expect(again.added).toEqual(new Set());
  expect(item()?.results).toBe(2);
});

test('a batch in order costs no look for an older note', async () => {
  await table.addOnce([numbered(1)], NONE);
  const before = memory.readUnits;
  await table.addOnce([numbered(2)], new Map([[STREAM, [[1, 1]]]]));
  expect(memory.readUnits).toBe(before);
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
      await table.addOnce([{ ...numbered(1), sketch: aSketch({ deviceId, results: 2 }) }], NONE);
    }
    const early = aSketch({ deviceId: 'line-99', windowStart: '2026-03-01T09:00:00.000Z', results: 2 });
    await table.addOnce([{ ...numbered(1), sketch: early }], NONE);
    const sketches = await table.read(USE_CASE, RELEASE, WINDOW);
    expect(sketches).toHaveLength(41);
    expect(sketches.reduce((sum, { results }) => sum + results, 0)).toBe(85);
    expect(sketches.map(({ deviceId }) => deviceId)).not.toContain('line-99');
  });

  test('case 29: a batch that the item of before has counted does not count again', async () => {
    putOld(6, '1-3');
    await expect(table.addOnce([numbered(3), numbered(4)], NONE)).resolves.toMatchObject({
      added: new Set([numbered(4).batchId]),
    });
    const again = await table.addOnce([numbered(2)], await table.counted(aSketch()));
    expect(again.added).toEqual(new Set());
    const [before, after] = await table.read(USE_CASE, RELEASE, WINDOW);
    expect([before?.results, after?.results]).toEqual([6, 2]);
  });
});
