import fc from 'fast-check';
import { type EmbeddingSums, problemsOf, type Release } from '../../../../contracts';
import { residualOf, ServingSums } from '../../../../edge-components/inference/src/inspection/embedding-sums';

const reference = {
  good: { images: 40, mean: [1, -2] },
  constructor: { images: 3, mean: [0, 0] },
};
const releaseOf = (releaseId: string, described: object | undefined = { reference }) =>
  ({
    releaseId,
    ...(described && { embedding: { outputName: 'embedding', size: 2, ...described } }),
  }) as Pick<Release, 'releaseId' | 'embedding'>;

const EVERY_SECONDS = 60;

/** A line whose frames come when the test says so. */
function sumsOf(everySeconds = EVERY_SECONDS) {
  const line = { milliseconds: 0 };
  const sums = new ServingSums({
    clock: { monotonic: () => line.milliseconds },
    settings: () => ({ embeddingSums: { everySeconds } }),
  });
  return { sums, line };
}

test.each<[string, readonly number[], string, number[] | undefined]>([
  ['is the embedding less the mean of its class', [1.5, -1], 'good', [0.5, 1]],
  ['is held within -8..8, each component by itself', [100, -100], 'good', [8, -8]],
  ['is none for a class that validation never predicted', [1, 1], 'dent', undefined],
  ['is none for a class that only looks like one', [1, 1], 'toString', undefined],
  ['is one for a class with the name of what every object has', [1, 1], 'constructor', [1, 1]],
  ['is none where a component is no number', [Number.NaN, 1], 'good', undefined],
  ['is none where a component is infinite', [1, Number.NEGATIVE_INFINITY], 'good', undefined],
])('a residual %s', (_, embedding, predictedClass, residual) => {
  expect(residualOf(embedding, predictedClass, reference)).toEqual(residual);
});

test('sums come with the first frame that completes the interval, and begin anew after it', () => {
  const { sums, line } = sumsOf();
  const release = releaseOf('line-1');
  const told: [number, EmbeddingSums][] = [];
  for (line.milliseconds = 0; line.milliseconds <= 130_000; line.milliseconds += 5_000) {
    const record = sums.count(release, 'good', [1.5, -2.25]);
    if (record) told.push([line.milliseconds, record]);
  }
  // 13 frames of (0.5, -0.25) from 0 to 60 s, and 13 from 65 s on.
  const expected = { count: 13, sum: [6.5, -3.25], squares: 4.1 };
  expect(told).toEqual([
    [60_000, expected],
    [125_000, expected],
  ]);
});

test('a line that is slow waits for three frames, and one that stood still for a new interval', () => {
  const { sums, line } = sumsOf();
  const counts = Array.from({ length: 8 }, () => {
    line.milliseconds += 100_000;
    return sums.count(releaseOf('line-1'), 'good', [1, -2])?.count;
  });
  expect(counts.filter(Boolean)).toEqual([3, 3]);
  expect(counts.findIndex(Boolean)).toBe(2);
});

test('[B14] a record tells of the frames of its own class, and of no other', () => {
  const { sums, line } = sumsOf();
  const told: [string, EmbeddingSums][] = [];
  const see = (predictedClass: string, embedding: number[]) => {
    line.milliseconds += 1_000;
    const record = sums.count(releaseOf('line-1'), predictedClass, embedding);
    if (record) told.push([predictedClass, record]);
  };
  for (let frame = 0; frame < 30; frame++) {
    see('good', [2, -2]);
    see('constructor', [0, -1]);
  }
  see('good', [2, -2]);
  see('constructor', [0, -1]);
  expect(told).toEqual([
    ['good', { count: 31, sum: [31, 0], squares: 31 }],
    ['constructor', { count: 31, sum: [0, -31], squares: 31 }],
  ]);
});

test('[B14] however many classes there are, two of them are told of in an interval', () => {
  const { sums, line } = sumsOf(900);
  const classes = Array.from({ length: 8 }, (_, index) => `class-${index}`);
  const many = Object.fromEntries(classes.map((name) => [name, { images: 20, mean: [0, 0] }]));
  const told = new Map<string, number>();
  const HOURS = 8;
  for (; line.milliseconds < HOURS * 3_600_000; line.milliseconds += 1_000) {
    const name = classes[(line.milliseconds / 1_000) % classes.length] as string;
    if (sums.count(releaseOf('line-1', { reference: many }), name, [1, 1])) {
      told.set(name, (told.get(name) ?? 0) + 1);
    }
  }
  const all = [...told.values()].reduce((sum, count) => sum + count, 0);
  // Eight quarters of an hour for four turns of two: each class has told of itself every hour.
  expect(all).toBeLessThanOrEqual(2 * 4 * HOURS);
  for (const name of classes) expect(told.get(name)).toBeGreaterThanOrEqual(HOURS - 1);
});

test('a switch of the release begins anew: no sum mixes two', () => {
  const { sums, line } = sumsOf();
  for (let frame = 0; frame < 20; frame++) sums.count(releaseOf('line-1'), 'good', [9, 9]);
  line.milliseconds = 70_000;
  expect(sums.count(releaseOf('line-2'), 'good', [1, -2])).toBeUndefined();
  for (let frame = 0; frame < 10; frame++) sums.count(releaseOf('line-2'), 'good', [1, -2]);
  line.milliseconds = 140_000;
  expect(sums.count(releaseOf('line-2'), 'good', [1, -2])).toEqual({ count: 12, sum: [0, 0], squares: 0 });
});

test.each<[string, object | undefined]>([
  ['without an embedding', undefined],
  ['of before there were references', {}],
])('nothing is told of a release %s', (_, described) => {
  const { sums, line } = sumsOf();
  for (let frame = 0; frame < 50; frame++) {
    line.milliseconds += 10_000;
    expect(sums.count(releaseOf('line-1', described), 'good', described && [1, 1])).toBeUndefined();
  }
});

test('[B14] whatever is told, in whatever parts, adds up to the frames that were told of', () => {
  const number = fc.double({ min: -50, max: 50, noNaN: true });
  const frames = fc.array(
    fc.record({
      embedding: fc.tuple(
        fc.oneof({ weight: 9, arbitrary: number }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
        number,
      ),
      predictedClass: fc.constantFrom('good', 'constructor', 'dent'),
      milliseconds: fc.nat(20_000),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(frames, (list) => {
      const { sums, line } = sumsOf();
      const total = { count: 0, sum: [0, 0], squares: 0 };
      const open = new Map<string, number[][]>();
      for (const { embedding, predictedClass, milliseconds } of list) {
        line.milliseconds += milliseconds;
        const residual = residualOf(embedding, predictedClass, reference);
        if (residual) open.set(predictedClass, [...(open.get(predictedClass) ?? []), residual]);
        const told = sums.count(releaseOf('line-1'), predictedClass, embedding);
        if (!told) continue;
        expect(problemsOf('inference-result', { embedding: told }).join()).not.toContain('embedding');
        const frames = open.get(predictedClass) ?? [];
        expect(told.count).toBe(frames.length);
        expect(told.count).toBeGreaterThanOrEqual(3);
        for (const index of [0, 1]) {
          const expected = frames.reduce((sum, one) => sum + (one[index] as number), 0);
          expect(Math.abs((told.sum[index] as number) - expected)).toBeLessThanOrEqual(0.0006);
          expect(Math.abs(told.sum[index] as number)).toBeLessThanOrEqual(8 * told.count);
          total.sum[index] = (total.sum[index] as number) + (told.sum[index] as number);
        }
        const squares = frames.flat().reduce((sum, component) => sum + component ** 2, 0);
        expect(Math.abs(told.squares - squares)).toBeLessThanOrEqual(0.06);
        // Cauchy and Schwarz: n times the squares are at least the square of the sum.
        const square = told.sum.reduce((sum, component) => sum + component ** 2, 0);
        expect(told.count * (told.squares + 0.1)).toBeGreaterThanOrEqual(square * 0.999 - 1);
        total.count += told.count;
        open.delete(predictedClass);
      }
      const counted = list.filter(({ embedding, predictedClass }) =>
        residualOf(embedding, predictedClass, reference),
      );
      const waiting = [...open.values()].flat();
      expect(total.count + waiting.length).toBe(counted.length);
    }),
  );
});

test('[B12] a quarter of an hour at 30 frames a second takes 256 bytes at most, whatever it was like: 2 KB an hour', () => {
  const size = 16;
  const far = { good: { images: 1, mean: Array.from({ length: size }, () => 0) } };
  const release = releaseOf('line-1', { size, reference: far });
  const { sums, line } = sumsOf(900);
  let told: EmbeddingSums | undefined;
  while (!told) {
    line.milliseconds += 1_000 / 30;
    told = sums.count(
      release,
      'good',
      Array.from({ length: size }, () => -7.9876),
    );
  }
  expect(told.count).toBeGreaterThan(26_990);
  expect(JSON.stringify({ embedding: told }).length).toBeLessThanOrEqual(256);
});
