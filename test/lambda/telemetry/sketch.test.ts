import fc from 'fast-check';
import { type InferenceResult, problemsOf, type Sketch } from '../../../contracts';
import bins from '../../../contracts/histogram-bins.json';
import { allEmbeddings } from '../../../lambda/telemetry/embedding-sums';
import {
  addResult,
  emptySketch,
  fromItem,
  HISTOGRAM_FEATURES,
  latencyQuantile,
  mergeSketches,
  quantile,
  type SketchItemUpdate,
  shadowCountsOf,
  sumsByClassIn,
  toItemUpdate,
} from '../../../lambda/telemetry/sketch';
import { aResult, aSketch, histogramOf, USE_CASE } from '../shared/builders';
import { applyUpdate } from './memory-table';

const IDENTITY = {
  useCase: USE_CASE,
  releaseId: `${USE_CASE}-2`,
  deviceId: 'line-1',
  windowStart: '2026-03-01T10:00:00.000Z',
};
const everyClass = () => true;
const sketchOf = (records: readonly InferenceResult[]) =>
  records.reduce((sketch, record) => addResult(sketch, record, everyClass), emptySketch(IDENTITY));

/** Sums as a device rounds them. */
const embeddings = fc.record({
  count: fc.integer({ min: 10, max: 5000 }),
  sum: fc.array(
    fc.integer({ min: -80_000, max: 80_000 }).map((thousandths) => thousandths / 1000),
    { minLength: 16, maxLength: 16 },
  ),
  squares: fc.integer({ min: 0, max: 1e7 }).map((tenths) => tenths / 10),
});

const results: fc.Arbitrary<InferenceResult> = fc
  .record({
    // 'constructor' and its like are valid class names and properties of every object.
    predictedClass: fc.option(
      fc.constantFrom('good', 'scratch', 'constructor', 'tostring', 'hasownproperty'),
      {
        nil: undefined,
      },
    ),
    confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    status: fc.constantFrom('ok', 'uncertain', 'invalid' as const),
    online: fc.boolean(),
    frameBytes: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }),
    milliseconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    brightness: fc.double({ min: 0, max: 255, noNaN: true }),
    shadowClass: fc.option(fc.constantFrom('good', 'scratch'), { nil: undefined }),
    embedding: fc.option(embeddings, { nil: undefined }),
  })
  .map(({ milliseconds, brightness, shadowClass, ...record }) =>
    aResult({
      ...record,
      status: record.status as InferenceResult['status'],
      latencyMilliseconds: { total: milliseconds },
      image: { brightness, contrast: brightness / 2, sharpness: brightness },
      shadow: shadowClass && { releaseId: `${USE_CASE}-1`, predictedClass: shadowClass, confidence: 0.5 },
    }),
  );

const expressionOf = ({ set, add }: SketchItemUpdate): string => `SET ${set.join(',')} ADD ${add.join(',')}`;
const apply = (item: Record<string, unknown>, update: SketchItemUpdate): Record<string, unknown> =>
  applyUpdate(item, expressionOf(update), update.names, update.values);

test('bins are those of the contract that the Export step reads', () => {
  const sketch = emptySketch(IDENTITY);
  for (const feature of HISTOGRAM_FEATURES) {
    const { minimum, maximum, counts } = sketch[feature];
    expect([minimum, maximum, counts.length]).toEqual([
      bins[feature].minimum,
      bins[feature].maximum,
      bins[feature].bins,
    ]);
  }
  expect(problemsOf('sketch', sketch)).toEqual([]);
});

test.each([
  [-0.5, 0],
  [0, 0],
  [0.0499, 0],
  [0.05, 1],
  [0.999, 19],
  [1, 19],
  [7, 19],
])('a confidence of %p falls into bin %p', (value, bin) => {
  expect(histogramOf('confidence', [value]).counts.indexOf(1)).toBe(bin);
});

test('a latency of zero has no logarithm and falls into the first bin', () => {
  const sketch = sketchOf([aResult({ latencyMilliseconds: { total: 0 } })]);
  expect(sketch.latency.counts[0]).toBe(1);
});

test('every sketch of results keeps its contract, and counts every record once', () => {
  fc.assert(
    fc.property(fc.array(results, { maxLength: 40 }), (records) => {
      const sketch = sketchOf(records);
      expect(problemsOf('sketch', sketch)).toEqual([]);
      expect(sketch.results).toBe(records.length);
      expect(sketch.latency.counts.reduce((sum, count) => sum + count, 0)).toBe(records.length);
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('merging is adding: however results are split among sketches, the sum is the same', () => {
  fc.assert(
    fc.property(fc.array(results, { minLength: 1, maxLength: 30 }), fc.nat(30), (records, at) => {
      const parts = [sketchOf(records.slice(0, at)), sketchOf(records.slice(at))];
      expect(mergeSketches(parts)).toEqual(sketchOf(records));
      expect(mergeSketches([...parts].reverse())).toEqual(sketchOf(records));
    }),
    { numRuns: 100, seed: 2 },
  );
});

test('case 29: adding to the item in any order reads back as the merged sketch', () => {
  fc.assert(
    fc.property(fc.array(results, { minLength: 1, maxLength: 20 }), fc.nat(20), (records, at) => {
      const parts = [sketchOf(records.slice(0, at)), sketchOf(records.slice(at))];
      const add = (item: Record<string, unknown>, part: Sketch) =>
        apply(item, toItemUpdate(part, sumsByClassIn(item)));
      const forwards = parts.reduce(add, {});
      const backwards = [...parts].reverse().reduce(add, {});
      expect(fromItem(forwards)).toEqual(sketchOf(records));
      expect(fromItem(backwards)).toEqual(sketchOf(records));
    }),
    { numRuns: 100, seed: 3 },
  );
});

test('the largest possible update stays below the limit of an expression, 4096 bytes', () => {
  const full = (counts: number[]) => counts.map(() => 1);
  const sketch = emptySketch(IDENTITY);
  for (const feature of HISTOGRAM_FEATURES) sketch[feature].counts = full(sketch[feature].counts);
  for (const counter of ['results', 'uncertain', 'invalid', 'offline', 'dropped', 'frameBytes'] as const) {
    sketch[counter] = 1;
  }
  sketch.shadow = { compared: 1, disagreed: 1, directed: 1, newlyPassed: 1, newlyStopped: 1 };
  sketch.classCounts = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`class-${index}`, 1]));
  const sums = { count: 1, sum: new Array<number>(16).fill(-1.234) as [number], squares: 25 };
  sketch.embeddingByClass = Object.fromEntries(Object.keys(sketch.classCounts).map((name) => [name, sums]));
  const update = toItemUpdate(sketch);
  // The ledger adds one clause and one condition per stream.
  expect(Buffer.byteLength(expressionOf(update))).toBeLessThan(4000);
  expect(fromItem(apply({}, update))).toEqual(sketch);
});

test('merging nothing is nothing, and other bins are refused', () => {
  expect(mergeSketches([])).toBeUndefined();
  const other: Sketch = aSketch({ confidence: { minimum: 0, maximum: 1, counts: [0, 0] } });
  expect(() => mergeSketches([aSketch(), other])).toThrow('different bins');
});

test('a class that the previous release cannot know is not compared with it', () => {
  const shadow = { releaseId: `${USE_CASE}-1`, predictedClass: 'good', confidence: 0.6 };
  const record = aResult({ predictedClass: 'dent', shadow });
  const sketch = addResult(emptySketch(IDENTITY), record, (name) => name === 'good');
  expect(sketch.shadow).toMatchObject({ compared: 0, disagreed: 0 });
});

test.each<[now: InferenceResult['disposition'], before: InferenceResult['disposition'], counts: number[]]>([
  ['pass', 'reject', [1, 1, 0]],
  ['pass', 'review', [1, 1, 0]],
  ['reject', 'pass', [1, 0, 1]],
  ['review', 'pass', [1, 0, 1]],
  ['pass', 'pass', [1, 0, 0]],
  ['reject', 'review', [1, 0, 0]],
  [undefined, 'pass', [0, 0, 0]],
  ['pass', undefined, [0, 0, 0]],
])('case 52: %s where the release before says %s counts by its direction', (now, before, counts) => {
  const record = aResult({
    disposition: now,
    shadow: {
      releaseId: `${USE_CASE}-1`,
      predictedClass: 'scratch',
      confidence: 0.9,
      ...(before && { disposition: before }),
    },
  });
  const { directed, newlyPassed, newlyStopped } = shadowCountsOf(sketchOf([record]));
  expect([directed, newlyPassed, newlyStopped]).toEqual(counts);
});

test('a sketch from before there were directions merges as one without', () => {
  const old = aSketch({ shadow: { compared: 5, disagreed: 1 } });
  const merged = mergeSketches([old, sketchOf([aResult({ disposition: 'pass' })])]);
  expect(merged?.shadow).toEqual({
    compared: 5,
    disagreed: 1,
    directed: 0,
    newlyPassed: 0,
    newlyStopped: 0,
  });
});

test('quantiles are linear within a bin', () => {
  const histogram = { minimum: 0, maximum: 10, counts: [0, 4, 0, 4, 0] };
  expect([0, 0.25, 0.5, 0.75, 1].map((q) => quantile(histogram, q))).toEqual([2, 3, 4, 7, 8]);
  expect(quantile({ ...histogram, counts: [0, 0] }, 0.5)).toBeNaN();
});

test('[S8] a latency quantile is within one bin of the truth', () => {
  const records = Array.from({ length: 1000 }, (_, index) =>
    aResult({ latencyMilliseconds: { total: 5 + index / 50 } }),
  );
  const median = latencyQuantile(sketchOf(records), 0.5);
  // A bin is a tenth of a decade: a factor of 10^0.1.
  expect(median).toBeGreaterThan(15 / 10 ** 0.1);
  expect(median).toBeLessThan(15 * 10 ** 0.1);
});

test('[B14] an item keeps sums of embeddings by class, zeros among them, and has none where no record told of any', () => {
  const embeddingByClass = { constructor: { count: 2, sum: [0, 1.5, 0], squares: 3.1 } };
  const sketch = aSketch({ embeddingByClass });
  expect(fromItem(apply({}, toItemUpdate(sketch)))).toEqual(sketch);
  expect(fromItem(apply({}, toItemUpdate(aSketch()))).embeddingByClass).toBeUndefined();
});

test('[B14] an item from before sums were kept by class is read, and what comes later is beside it', () => {
  const old = { 'embedding:0': 1.5, 'embedding:1': 0, embeddingCount: 12, embeddingSquares: 30.1 };
  const embedding = { count: 12, sum: [1.5, 0], squares: 30.1 };
  const item = { ...apply({}, toItemUpdate(aSketch())), ...old };
  expect(fromItem(item).embedding).toEqual(embedding);
  const embeddingByClass = { good: { count: 3, sum: [1, 1], squares: 4 } };
  const later = fromItem(apply(item, toItemUpdate(aSketch({ embeddingByClass }))));
  expect(later).toMatchObject({ embedding, embeddingByClass });
  expect(allEmbeddings(later)).toEqual({ count: 15, sum: [2.5, 1], squares: 34.1 });
});

test('[B14] sums count for the class of their record; of a record without one they count for nothing', () => {
  const embedding = { count: 3, sum: [1, 2], squares: 5 };
  const records = [
    aResult({ predictedClass: 'good', embedding }),
    aResult({ predictedClass: 'good' }),
    aResult({ predictedClass: 'dent', embedding }),
    aResult({ predictedClass: 'good', embedding }),
    aResult({ predictedClass: undefined, embedding }),
  ];
  expect(sketchOf(records).embeddingByClass).toEqual({
    good: { count: 6, sum: [2, 4], squares: 10 },
    dent: embedding,
  });
});
