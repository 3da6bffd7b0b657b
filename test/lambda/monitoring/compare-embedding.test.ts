import fc from 'fast-check';
import type { EmbeddingSums, Release } from '../../../contracts';
import { compareEmbedding } from '../../../lambda/monitoring/compare-embedding';
import { normal, seededRandom } from '../shared/builders';

const LIMITS = { embeddingLimit: 0.45, falseAlarmProbability: 0.001 };
const SIZE = 16;
const MIX = { good: 80, scratch: 20 };

/** @param images of each class that the reference is of; many leave its own chance out */
const releaseOf = (images: number): Pick<Release, 'embedding'> => {
  const mean = new Array<number>(SIZE).fill(0);
  return {
    embedding: {
      outputName: 'embedding',
      size: SIZE,
      reference: { good: { images, mean }, scratch: { images, mean } },
    },
  };
};

/** Sums of n residuals around `shift`. */
function sumsOf(random: () => number, n: number, shift: readonly number[], deviation = 1): EmbeddingSums {
  const sum = new Array<number>(SIZE).fill(0);
  let squares = 0;
  for (let frame = 0; frame < n; frame++) {
    for (let index = 0; index < SIZE; index++) {
      const value = normal(random, shift[index] ?? 0, deviation);
      sum[index] = (sum[index] ?? 0) + value;
      squares += value * value;
    }
  }
  return { count: n, sum, squares };
}

const compare = (embedding: EmbeddingSums | undefined, images = 1e9, baseline?: EmbeddingSums) =>
  compareEmbedding(
    releaseOf(images),
    { classCounts: MIX, ...(embedding && { embedding }) },
    LIMITS,
    baseline,
  );

/** Mean of what is estimated over many draws. */
function meanValue(draws: number, draw: (random: () => number) => number): number {
  const random = seededRandom(7);
  return Array.from({ length: draws }, () => draw(random)).reduce((sum, value) => sum + value, 0) / draws;
}

test.each([
  [200, 0, 0.02],
  [200, 0.8, 0.8],
  [1000, 0.8, 0.8],
  [50, 2, 2],
])('[B14] from %p residuals a squared shift of %p is estimated without bias', (n, shift, expected) => {
  const estimate = meanValue(200, (random) => compare(sumsOf(random, n, [Math.sqrt(shift)]))?.value ?? -1);
  // Without a shift the estimate is held at 0, so that its mean lies a little above.
  expect(Math.abs(estimate - expected)).toBeLessThan(0.06);
});

test('[B14] what chance adds is taken off however wide the residuals are', () => {
  for (const deviation of [0.5, 1, 2]) {
    const value = meanValue(100, (random) => compare(sumsOf(random, 200, [1], deviation))?.value ?? -1);
    expect(Math.abs(value - 1)).toBeLessThan(0.08);
  }
});

test('[B14] chance alone is improbable as often as the test says', () => {
  const random = seededRandom(11);
  const draws = 1000;
  const pValues = Array.from({ length: draws }, () => compare(sumsOf(random, 60, []))?.pValue ?? -1);
  for (const level of [0.5, 0.1, 0.01]) {
    const share = pValues.filter((p) => p < level).length / draws;
    // Three deviations of a share.
    expect(Math.abs(share - level)).toBeLessThan(3 * Math.sqrt((level * (1 - level)) / draws) + 0.005);
  }
});

test('[B14] the chance of the reference counts: means of 40 images of each class are no drift', () => {
  const draws = 300;
  const random = seededRandom(13);
  const drifted = Array.from({ length: draws }, () => {
    // Of 80 % and 20 % of the frames the reference is wrong by the mean of 40 residuals.
    const wrong = [0.8, 0.2].map((share) => sumsOf(random, 40, []).sum.map((value) => (share * value) / 40));
    const shift = (wrong[0] ?? []).map((value, index) => value + (wrong[1]?.[index] ?? 0));
    return compare(sumsOf(random, 200, shift), 40)?.drifted;
  });
  expect(drifted.filter(Boolean)).toEqual([]);
});

test('[B14] a field baseline takes its own mean away, and with it the cured line is quiet', () => {
  const random = seededRandom(17);
  const cured = [2, -1, 1];
  const baseline = sumsOf(random, 1000, cured);
  const same = sumsOf(random, 200, cured);
  expect(compare(same)).toMatchObject({ drifted: true, frames: 200 });
  expect(compare(same, 1e9, baseline)).toMatchObject({ drifted: false });
  const back = compare(sumsOf(random, 200, []), 1e9, baseline);
  expect(back).toMatchObject({ drifted: true, limit: 0.45 });
  expect(back?.value).toBeGreaterThan(5);
});

test('few residuals are no evidence, however far their mean lies', () => {
  // Four frames whose mean is 1 away, of residuals that vary a hundred times as much as they should.
  const wide = sumsOf(seededRandom(3), 4, [1], 10);
  expect(compare(wide)).toMatchObject({ drifted: false });
});

test.each<[string, EmbeddingSums | undefined]>([
  ['no sums', undefined],
  ['sums of another size', { count: 500, sum: [500], squares: 500 }],
  ['one residual, which has no spread', { count: 1, sum: new Array<number>(SIZE).fill(1), squares: 16 }],
])('%s are a comparison of no frames', (_, sums) => {
  expect(compare(sums)).toEqual({
    frames: 0,
    value: 0,
    chance: 0,
    pValue: 1,
    limit: 0.45,
    drifted: false,
  });
});

test('a release without a reference is not compared', () => {
  const field = { classCounts: MIX, embedding: sumsOf(seededRandom(1), 10, []) };
  expect(compareEmbedding({}, field, LIMITS)).toBeUndefined();
  const { reference: _, ...older } = releaseOf(1).embedding ?? { outputName: '', size: 1 };
  expect(compareEmbedding({ embedding: older }, field, LIMITS)).toBeUndefined();
});

test('whatever sums a device sends, the numbers can be stored', () => {
  const sums = fc.record({
    count: fc.integer({ min: 1, max: 1e8 }),
    sum: fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: SIZE, maxLength: SIZE }),
    squares: fc.double({ min: 0, max: 1e15, noNaN: true }),
  });
  const counts = fc.dictionary(fc.constantFrom('good', 'scratch', 'dent', 'constructor'), fc.nat(1000));
  fc.assert(
    fc.property(sums, fc.option(sums, { nil: undefined }), counts, (embedding, baseline, classCounts) => {
      const compared = compareEmbedding(releaseOf(20), { classCounts, embedding }, LIMITS, baseline);
      for (const number of [compared?.value, compared?.chance, compared?.pValue]) {
        expect(Number.isFinite(number)).toBe(true);
        expect(number).toBeGreaterThanOrEqual(0);
      }
      expect(compared?.pValue).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300, seed: 5 },
  );
});
