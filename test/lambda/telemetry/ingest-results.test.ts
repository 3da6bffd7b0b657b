import type { ResultsBatch, Sketch } from '../../../contracts';
import {
  type IngestResultsPorts,
  ingestResults,
} from '../../../lambda/telemetry/ingest-results/ingest-results';
import { summarizeBatch, windowStartOf } from '../../../lambda/telemetry/ingest-results/summarize-batch';
import { mergeSketches } from '../../../lambda/telemetry/sketch';
import { aBatch, aMessage, aResult, USE_CASE } from '../shared/builders';

const HOUR = 3600;

/** A telemetry bucket and a sketch table in memory; may fail at the n-th call. */
class FakeStore implements IngestResultsPorts {
  readonly objects = new Map<string, readonly object[]>();
  readonly sketches: Sketch[] = [];
  private readonly batches = new Set<string>();
  private calls = 0;

  constructor(private readonly failingCall = Number.POSITIVE_INFINITY) {}

  private step(): void {
    this.calls++;
    if (this.calls === this.failingCall) throw new Error('throttled');
  }

  async classesOf(_useCase: string, releaseId: string) {
    this.step();
    return releaseId === `${USE_CASE}-1` ? new Set(['good', 'scratch']) : undefined;
  }

  async storeLines(key: string, lines: readonly object[]) {
    this.step();
    this.objects.set(key, lines);
  }

  async addOnce(batch: ResultsBatch, _receivedAt: number, sketches: readonly Sketch[]) {
    this.step();
    const id = `${batch.deviceId}/${batch.batchId}`;
    if (this.batches.has(id)) return 'repeated' as const;
    this.batches.add(id);
    this.sketches.push(...sketches);
    return 'added' as const;
  }
}

const shadow = (predictedClass: string, releaseId = `${USE_CASE}-1`) => ({
  releaseId,
  predictedClass,
  confidence: 0.8,
});

const MIXED = aBatch({
  droppedRecords: 3,
  records: [
    aResult({ recordId: 'r1', shadow: shadow('scratch') }),
    aResult({
      recordId: 'r2',
      status: 'uncertain',
      predictedClass: 'dent',
      confidence: 0.4,
      shadow: shadow('good'),
    }),
    aResult({ recordId: 'r3', inferredAt: '2026-03-01T11:00:00.000Z', online: false }),
    aResult({
      recordId: 'r4',
      releaseId: `${USE_CASE}-1`,
      status: 'invalid',
      predictedClass: undefined,
      confidence: undefined,
    }),
  ],
});

test('windows begin at multiples of their width', () => {
  expect(windowStartOf('2026-03-01T10:15:00.100Z', HOUR)).toBe('2026-03-01T10:00:00.000Z');
  expect(windowStartOf('2026-03-01T10:59:59.999Z', 60)).toBe('2026-03-01T10:59:00.000Z');
  expect(windowStartOf('2026-03-01T10:00:00+02:00', HOUR)).toBe('2026-03-01T08:00:00.000Z');
});

test('[S12] a batch becomes one sketch per release and window', () => {
  const sketches = summarizeBatch(MIXED, () => new Set(['good', 'scratch']), HOUR);
  expect(sketches.map(({ releaseId, windowStart, results }) => [releaseId, windowStart, results])).toEqual([
    ['surface-2', '2026-03-01T10:00:00.000Z', 2],
    ['surface-2', '2026-03-01T11:00:00.000Z', 1],
    ['surface-1', '2026-03-01T10:00:00.000Z', 1],
  ]);
  expect(sketches[0]).toMatchObject({ dropped: 3, uncertain: 1, frameBytes: 8000 });
  expect(sketches[1]).toMatchObject({ dropped: 0, offline: 1 });
  expect(sketches[2]).toMatchObject({ invalid: 1, classCounts: {} });
});

test('[B3] only classes that the previous release knows are compared with it', () => {
  const known = summarizeBatch(MIXED, () => new Set(['good', 'scratch']), HOUR);
  // r1: good against scratch disagrees; r2: 'dent' is new, so the shadow could not have said it.
  expect(known[0]?.shadow).toEqual({ compared: 1, disagreed: 1 });
  const unknown = summarizeBatch(MIXED, () => undefined, HOUR);
  expect(unknown[0]?.shadow).toEqual({ compared: 0, disagreed: 0 });
});

test('[S12] lines go to the partition of the results, each with its origin', async () => {
  const store = new FakeStore();
  const outcome = await ingestResults(aMessage(MIXED), HOUR, store);
  expect(outcome).toEqual({ accepted: 4, rejected: 0, repeated: false, droppedOnDevice: 3 });
  const key = 'results/useCase=surface/date=2026-03-01/hour=10/line-1.batch-1.jsonl';
  expect([...store.objects.keys()]).toEqual([key]);
  expect(store.objects.get(key)?.[0]).toEqual({
    ...MIXED.records[0],
    deviceId: 'line-1',
    batchId: 'batch-1',
    receivedAt: '2026-03-01T10:20:30.000Z',
  });
});

test('case 31: bad records are kept apart and never block the good ones', async () => {
  const store = new FakeStore();
  const broken = { ...aResult(), status: 'perfect' };
  const outcome = await ingestResults(aMessage({ ...aBatch(), records: [aResult(), broken] }), HOUR, store);
  expect(outcome).toMatchObject({ accepted: 1, rejected: 1 });
  const key = 'rejected/useCase=surface/date=2026-03-01/hour=10/line-1.batch-1.jsonl';
  expect(store.objects.get(key)).toEqual([
    expect.objectContaining({
      record: broken,
      problems: [expect.stringContaining('status: must be one of ok, uncertain, invalid')],
    }),
  ]);
});

test('case 31: a batch of bad records only is counted and done', async () => {
  const store = new FakeStore();
  const outcome = await ingestResults(aMessage({ ...aBatch(), records: [{}] }), HOUR, store);
  expect(outcome).toMatchObject({ accepted: 0, rejected: 1, repeated: false });
  expect(store.sketches).toEqual([]);
});

test('case 29: a batch that is sent again, hours later, counts once and overwrites its object', async () => {
  const store = new FakeStore();
  await ingestResults(aMessage(MIXED), HOUR, store);
  const again = aMessage(MIXED, { receivedAt: Date.parse('2026-03-01T18:00:00Z') });
  await expect(ingestResults(again, HOUR, store)).resolves.toMatchObject({ repeated: true });
  expect(store.objects.size).toBe(1);
  expect(mergeSketches(store.sketches)?.results).toBe(4);
});

test.each([1, 2, 3])(
  'case 34: a failure at call %i, repeated by the queue, counts exactly once',
  async (call) => {
    const store = new FakeStore(call);
    await expect(ingestResults(aMessage(MIXED), HOUR, store)).rejects.toThrow('throttled');
    await ingestResults(aMessage(MIXED), HOUR, store);
    await ingestResults(aMessage(MIXED), HOUR, store);
    expect(mergeSketches(store.sketches)?.results).toBe(4);
    expect(store.objects.size).toBe(1);
  },
);
