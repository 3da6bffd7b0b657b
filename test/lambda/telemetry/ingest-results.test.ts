import { deflateSync } from 'node:zlib';
import { problemsOf, type ResultsConfirmation } from '../../../contracts';
import { InvalidInputError } from '../../../lambda/shared/errors';
import {
  type IngestResultsOutcome,
  type IngestResultsPorts,
  ingestResults,
} from '../../../lambda/telemetry/ingest-results/ingest-results';
import { summarizeBatch, windowStartOf } from '../../../lambda/telemetry/ingest-results/summarize-batch';
import { fromItem, mergeSketches } from '../../../lambda/telemetry/sketch';
import { SketchTable } from '../../../lambda/telemetry/sketch-table';
import { aBatch, aCompressedBatch, aMessage, aResult, USE_CASE } from '../shared/builders';
import { MemoryTable } from './memory-table';

const HOUR = 3600;

const RELEASES = new Map([
  [`${USE_CASE}-1`, new Set(['good', 'scratch'])],
  [`${USE_CASE}-2`, new Set(['good', 'scratch', 'dent'])],
]);

/** A telemetry bucket in memory and the sketch table over one; may fail at the n-th call. */
class Store implements IngestResultsPorts {
  readonly objects = new Map<string, readonly object[]>();
  readonly left: string[] = [];
  private readonly table = new MemoryTable(['partition', 'window']);
  private readonly sketches = new SketchTable(this.table as never, 'sketches', async () => undefined);
  private calls = 0;
  private invocations = 0;
  bytesTogether = Number.POSITIVE_INFINITY;

  constructor(private readonly failingCall = Number.POSITIVE_INFINITY) {
    this.table.fault = () => this.step();
  }

  /** One message in an invocation of its own; throws what it fails by. */
  async ingest(body: string): Promise<IngestResultsOutcome> {
    const [outcome] = await this.ingestAll(body);
    if (outcome?.status !== 'fulfilled') throw outcome?.reason;
    return outcome.value;
  }

  ingestAll(...bodies: string[]) {
    return ingestResults(
      bodies,
      {
        windowSeconds: HOUR,
        invocationId: `invocation-${++this.invocations}`,
        bytesTogether: this.bytesTogether,
      },
      this,
    );
  }

  /** Every record id that is stored, as often as it is. */
  get stored(): string[] {
    return [...this.objects.values()].flat().map((line) => (line as { recordId: string }).recordId);
  }

  get sum() {
    const items = [...this.table.items.values()].filter((item) => 'results' in item);
    return mergeSketches(items.map(fromItem));
  }

  readonly classesOf = async (_useCase: string, releaseId: string) => {
    this.mayFail();
    return RELEASES.get(releaseId);
  };

  storeLines = async (key: string, lines: readonly object[]) => {
    this.mayFail();
    this.objects.set(key, lines);
  };

  counted = this.sketches.counted.bind(this.sketches);
  addOnce = this.sketches.addOnce.bind(this.sketches);
  noteOnce = this.sketches.noteOnce.bind(this.sketches);

  readonly confirmations: ResultsConfirmation[] = [];
  readonly confirm = async (confirmation: ResultsConfirmation) => void this.confirmations.push(confirmation);
  readonly onLinesLeft = (key: string) => void this.left.push(key);

  private mayFail(): void {
    const error = this.step();
    if (error) throw error;
  }

  private step(): Error | undefined {
    this.calls++;
    return this.calls === this.failingCall ? new Error('throttled') : undefined;
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
  expect(known[0]?.shadow).toMatchObject({ compared: 1, disagreed: 1 });
  const unknown = summarizeBatch(MIXED, () => undefined, HOUR);
  expect(unknown[0]?.shadow).toMatchObject({ compared: 0, disagreed: 0 });
});

test('[S12] case 58: classes that a device invents are set aside by name, and the rest is counted', async () => {
  const store = new Store();
  const invented = Array.from({ length: 300 }, (_, index) =>
    aResult({ recordId: `x${index}`, predictedClass: `class-${index}` }),
  );
  const good = [aResult({ recordId: 'g1' }), aResult({ recordId: 'g2', predictedClass: 'dent' })];
  const outcome = await store.ingest(aMessage(aBatch({ records: [...invented, ...good] })));
  expect(outcome).toMatchObject({ accepted: 2, rejected: 300 });
  expect(store.sum?.classCounts).toEqual({ good: 1, dent: 1 });
  const lines = [...store.objects.values()].flat() as { problems?: string[] }[];
  expect(lines.filter(({ problems }) => problems)).toHaveLength(300);
  expect(JSON.stringify(lines)).toContain(
    "predictedClass: must be a class of release 'surface-2', got 'class-299'",
  );
});

test('[S12] case 58: results of a release that the registry does not know count without their classes', async () => {
  const store = new Store();
  const records = ['good', 'invented', 'constructor'].map((predictedClass, index) =>
    aResult({ recordId: `u${index}`, releaseId: `${USE_CASE}-77`, predictedClass }),
  );
  await expect(store.ingest(aMessage(aBatch({ records })))).resolves.toMatchObject({
    accepted: 3,
    rejected: 0,
  });
  expect(store.sum).toMatchObject({ results: 3, classCounts: {} });
});

test('[S12] lines go to the partition of the results, each with its origin', async () => {
  const store = new Store();
  const outcome = await store.ingest(aMessage(MIXED));
  expect(outcome).toEqual({ accepted: 4, rejected: 0, repeated: false, droppedOnDevice: 3 });
  const key = 'results/useCase=surface/date=2026-03-01/hour=10/invocation-1.jsonl.gz';
  expect([...store.objects.keys()]).toEqual([key]);
  expect(store.objects.get(key)?.[0]).toEqual({
    ...MIXED.records[0],
    deviceId: 'line-1',
    batchId: 'batch-1',
    receivedAt: '2026-03-01T10:20:30.000Z',
  });
});

test('[B12] an invocation writes one object per hour of results, whoever they are from', async () => {
  const store = new Store();
  const from = (deviceId: string, batchId: string, inferredAt?: string) =>
    aMessage(aBatch({ deviceId, batchId, records: [aResult({ ...(inferredAt && { inferredAt }) })] }), {
      topicThingName: deviceId,
    });
  await store.ingestAll(
    from('line-1', 'a'),
    from('line-1', 'b'),
    from('line-2', 'a'),
    from('line-2', 'b', '2026-03-01T08:00:00.000Z'),
  );
  expect([...store.objects].map(([key, lines]) => [key.split('/')[3], lines.length])).toEqual([
    ['hour=10', 3],
    ['hour=08', 1],
  ]);
  expect(store.sum?.results).toBe(4);
});

test('[B12] a compressed batch is stored and counted as the plain one was', async () => {
  const [plain, compressed] = [new Store(), new Store()];
  await plain.ingest(aMessage(MIXED));
  await expect(compressed.ingest(aMessage(aCompressedBatch(MIXED)))).resolves.toMatchObject({ accepted: 4 });
  expect(compressed.objects).toEqual(plain.objects);
  expect(compressed.sum).toEqual(plain.sum);
  await expect(compressed.ingest(aMessage(MIXED))).resolves.toMatchObject({ repeated: true });
});

test('[B12] case 25, 31: a batch that decompresses to too much is refused, and takes no other with it', async () => {
  const store = new Store();
  const records = deflateSync(' '.repeat(10_000_000)).toString('base64');
  const bomb = { ...aCompressedBatch(aBatch({ batchId: 'bomb' })), records };
  const outcomes = await store.ingestAll(
    aMessage(aCompressedBatch(aBatch({ batchId: 'a' }))),
    aMessage(bomb),
    aMessage(aCompressedBatch(aBatch({ batchId: 'b' }))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: expect.any(InvalidInputError) });
  expect(store.sum?.results).toBe(2);
});

test('[B12] messages that fill the memory are worked on in parts, and each batch counts once', async () => {
  const store = new Store();
  const messages = ['a', 'b', 'a', 'c', 'b'].map((batchId) =>
    aMessage(aCompressedBatch(aBatch({ batchId, records: [aResult({ recordId: batchId })] }))),
  );
  store.bytesTogether = 600;
  const outcomes = await store.ingestAll(...messages);
  expect(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value.repeated)).toEqual([
    false,
    false,
    true,
    false,
    true,
  ]);
  expect(store.stored.sort()).toEqual(['a', 'b', 'c']);
  expect(store.objects.size).toBe(2);
  expect(store.sum?.results).toBe(3);
});

test('case 31: bad records are kept apart and never block the good ones', async () => {
  const store = new Store();
  const broken = { ...aResult(), status: 'perfect' };
  const outcome = await store.ingest(aMessage({ ...aBatch(), records: [aResult(), broken] }));
  expect(outcome).toMatchObject({ accepted: 1, rejected: 1 });
  const key = 'rejected/useCase=surface/date=2026-03-01/hour=10/invocation-1.jsonl.gz';
  expect(store.objects.get(key)).toEqual([
    expect.objectContaining({
      record: broken,
      problems: [expect.stringContaining('status: must be one of ok, uncertain, invalid')],
    }),
  ]);
});

test('case 31: a batch of bad records only is counted once and done', async () => {
  const store = new Store();
  const message = aMessage({ ...aBatch(), records: [{}] });
  await expect(store.ingest(message)).resolves.toMatchObject({ accepted: 0, rejected: 1, repeated: false });
  await expect(store.ingest(message)).resolves.toMatchObject({ repeated: true });
  expect(store.sum).toBeUndefined();
  expect(store.stored).toHaveLength(1);
});

test('case 29: a batch that is sent again, hours later or in the same invocation, counts and lies there once', async () => {
  const store = new Store();
  const again = aMessage(MIXED, { receivedAt: Date.parse('2026-03-01T18:00:00Z') });
  const outcomes = await store.ingestAll(aMessage(MIXED), again);
  expect(outcomes).toMatchObject([{ value: { repeated: false } }, { value: { repeated: true } }]);
  await expect(store.ingest(again)).resolves.toMatchObject({ repeated: true });
  expect(store.stored).toEqual(['r1', 'r2', 'r3', 'r4']);
  expect(store.sum?.results).toBe(4);
});

test('case 29: two functions that have the same batch at once count and store it once', async () => {
  const store = new Store();
  const outcomes = await Promise.all([store.ingest(aMessage(MIXED)), store.ingest(aMessage(MIXED))]);
  expect(outcomes.map(({ repeated }) => repeated).sort()).toEqual([false, true]);
  expect(store.stored.sort()).toEqual(['r1', 'r2', 'r3', 'r4']);
  expect(store.sum?.results).toBe(4);
});

/** A look at the shadow's classes; three sketches read, then looked up in the notes of 0.1.0 and written; one object. */
const CALLS_OF_MIXED = 11;

test.each(Array.from({ length: CALLS_OF_MIXED }, (_, index) => index + 1))(
  'case 34: a failure at call %i, repeated by the queue, counts and stores exactly once',
  async (call) => {
    const store = new Store(call);
    await expect(store.ingest(aMessage(MIXED))).rejects.toThrow('throttled');
    await store.ingest(aMessage(MIXED));
    await store.ingest(aMessage(MIXED));
    expect(store.sum).toMatchObject({ results: 4, dropped: 3 });
    expect(store.stored).toEqual(['r1', 'r2', 'r3', 'r4']);
  },
);

test('case 34: lines that cannot be taken back are told, and the batch counts once all the same', async () => {
  const store = new Store(CALLS_OF_MIXED);
  const { storeLines } = store;
  store.storeLines = jest
    .fn(storeLines)
    .mockImplementationOnce(storeLines)
    .mockRejectedValueOnce(new Error('SlowDown'))
    .mockRejectedValueOnce(new Error('SlowDown'))
    .mockRejectedValueOnce(new Error('SlowDown'));
  await expect(store.ingest(aMessage(MIXED))).rejects.toThrow('throttled');
  expect(store.left).toHaveLength(1);
  await store.ingest(aMessage(MIXED));
  expect(store.sum?.results).toBe(4);
});

describe('[L5] a device that asks', () => {
  const numbered = (sequence: number, fields = {}) =>
    aMessage(aBatch({ batchId: `00000001-1a2b3c4d-${String(sequence).padStart(8, '0')}`, ...fields }));

  test('hears all that its sketch has counted of this start, in one message', async () => {
    const store = new Store();
    await store.ingestAll(numbered(1), numbered(2));
    await store.ingestAll(numbered(4), numbered(5, { confirm: true }), numbered(5, { confirm: true }));
    expect(store.confirmations).toEqual([
      {
        schemaVersion: 1,
        deviceId: 'line-1',
        useCase: USE_CASE,
        stream: '00000001-1a2b3c4d',
        received: [
          [1, 2],
          [4, 5],
        ],
      },
    ]);
    expect(problemsOf('results-confirmation', store.confirmations[0])).toEqual([]);
  });

  test('hears it again for a batch that was counted before', async () => {
    const store = new Store();
    await store.ingest(numbered(1));
    await expect(store.ingest(numbered(1, { confirm: true }))).resolves.toMatchObject({ repeated: true });
    expect(store.confirmations).toMatchObject([{ received: [[1, 1]] }]);
  });

  test('hears of batches that hold no good record', async () => {
    const store = new Store();
    await store.ingest(numbered(3, { confirm: true, records: [{}] }));
    expect(store.confirmations).toMatchObject([{ received: [[3, 3]] }]);
  });

  test('hears nothing of what has failed, and nothing unless it asks', async () => {
    const store = new Store(1);
    await expect(store.ingest(numbered(1, { confirm: true }))).rejects.toThrow('throttled');
    await store.ingest(numbered(1));
    expect(store.confirmations).toEqual([]);
  });
});
