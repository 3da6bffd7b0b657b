import fc from 'fast-check';
import type { EmbeddingSums, Release } from '../../../contracts';
import { compareEmbedding, hasMoved } from '../../../lambda/monitoring/compare-embedding';
import { normal, seededRandom } from '../shared/builders';

const LIMITS = { embeddingLimit: 0.45, falseAlarmProbability: 0.001 };
const SIZE = 16;
const MIX = { good: 80, scratch: 20 };

/** @param images that the reference is of; many leave its own chance out */
const releaseOf = (images: number): Pick<Release, 'embedding'> => {
  const mean = new Array<number>(SIZE).fill(0);
  return {
    embedding: {
      outputName: 'embedding',
      size: SIZE,
      // As many of each as the field has.
      reference: { good: { images: 0.8 * images, mean }, scratch: { images: 0.2 * images, mean } },
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

/** Of sums of a window that does not tell classes apart. */
const compare = (embedding: EmbeddingSums | undefined, images = 1e9, baseline?: EmbeddingSums) =>
  compareEmbedding(
    releaseOf(images),
    { classCounts: MIX, ...(embedding && { embedding }) },
    LIMITS,
    baseline && { embedding: baseline },
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

test('[B14] the chance of the reference counts: means of 160 and 40 images are no drift', () => {
  const draws = 300;
  const random = seededRandom(13);
  const drifted = Array.from({ length: draws }, () => {
    // Of 80 % and 20 % of the frames the reference is wrong by the mean of as many residuals.
    const wrong = [0.8, 0.2].map((share) => sumsOf(random, 200 * share, []).sum.map((value) => value / 200));
    const shift = (wrong[0] ?? []).map((value, index) => value + (wrong[1]?.[index] ?? 0));
    return compare(sumsOf(random, 200, shift), 200)?.drifted;
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

describe('[B14] of a predicted class', () => {
  /** Of 200 frames; one class in five lies elsewhere, by so much along one component. */
  const windowOf = (random: () => number, shift: number, frames = 200) => ({
    classCounts: MIX,
    embeddingByClass: {
      good: sumsOf(random, 0.8 * frames, []),
      scratch: sumsOf(random, 0.2 * frames, [shift]),
    },
  });
  const compareClasses = (field: ReturnType<typeof windowOf>, images = 1e9) =>
    compareEmbedding(releaseOf(images), field, LIMITS);

  test('what moves it is found where the mean of all is still within its limit', () => {
    const random = seededRandom(19);
    const found = Array.from({ length: 100 }, () => compareClasses(windowOf(random, 3)));
    expect(found.filter((one) => one?.drifted).length).toBeLessThan(60);
    expect(found.filter((one) => one?.ofClass?.drifted)).toHaveLength(100);
    for (const one of found) expect(one && hasMoved(one)).toBe(true);
    const [{ ofClass } = { ofClass: undefined }] = found;
    expect(ofClass).toMatchObject({ predictedClass: 'scratch', frames: 40, limit: expect.closeTo(0.18, 10) });
  });

  test('its value is how far it moves the mean of all, without bias', () => {
    const value = meanValue(200, (random) => compareClasses(windowOf(random, 3))?.ofClass?.value ?? -1);
    // A fifth of the frames by 3: (0.2 * 3)^2.
    expect(Math.abs(value - 0.36)).toBeLessThan(0.02);
  });

  test('the more of all it is, the more it is held to the limit of all', () => {
    const limitAt = (share: number) => {
      const embeddingByClass = {
        good: sumsOf(seededRandom(47), 1000 * share, []),
        scratch: sumsOf(seededRandom(53), 1000 * (1 - share), [9]),
      };
      const field = { classCounts: MIX, embeddingByClass };
      return compareEmbedding(releaseOf(1e9), field, LIMITS)?.ofClass?.limit;
    };
    expect(limitAt(0.9)).toBeCloseTo(0.4 * 0.45, 10);
    expect(limitAt(0.4)).toBeCloseTo(0.6 * 0.45, 10);
    expect(limitAt(0.02)).toBeCloseTo(0.98 * 0.45, 10);
  });

  test('chance alone moves any of them as often as the test says', () => {
    const random = seededRandom(23);
    const draws = 500;
    const pValues = Array.from({ length: draws }, () => {
      const { ofClass } = compareClasses(windowOf(random, 0)) ?? {};
      return ofClass?.pValue ?? -1;
    });
    // Fewer degrees of freedom than these residuals have: seldom, and never more often.
    for (const level of [0.2, 0.05]) {
      expect(pValues.filter((p) => p < level).length / draws).toBeLessThanOrEqual(level);
    }
    expect(pValues.filter((p) => p < 0.5).length / draws).toBeGreaterThan(0.1);
  });

  test('few frames are not judged by themselves, whatever they look like', () => {
    const field = { classCounts: { good: 181, scratch: 19 } };
    const embeddingByClass = {
      good: sumsOf(seededRandom(29), 181, []),
      scratch: sumsOf(seededRandom(31), 19, [8]),
    };
    const compared = compareEmbedding(releaseOf(1e9), { ...field, embeddingByClass }, LIMITS);
    expect(compared?.ofClass?.predictedClass).toBe('good');
  });

  test('a reference of few images moves by itself', () => {
    const random = seededRandom(37);
    const field = windowOf(random, 3);
    expect(compareClasses(field, 1e9)?.ofClass?.drifted).toBe(true);
    expect(compareClasses(field, 25)?.ofClass?.drifted).toBe(false);
  });

  test('a field baseline takes its own mean away, of a class too; one of before tells of no class', () => {
    const random = seededRandom(41);
    const cured = windowOf(random, 4, 1000);
    const compareWith = (baseline: Parameters<typeof compareEmbedding>[3], shift: number) =>
      compareEmbedding(releaseOf(1e9), windowOf(random, shift), LIMITS, baseline);
    expect(compareWith(undefined, 4)?.ofClass).toMatchObject({ predictedClass: 'scratch', drifted: true });
    expect(compareWith(cured, 4)?.ofClass?.drifted).toBe(false);
    expect(compareWith(cured, 0)?.ofClass).toMatchObject({ predictedClass: 'scratch', drifted: true });
    expect(compareWith({ embedding: sumsOf(random, 1000, []) }, 4)?.ofClass).toBeUndefined();
  });
});

test('[B14] a line that makes hardly anything but one class has the freedom of a class', () => {
  // Residuals that vary in 5 of 16 components alone, as those of one class do.
  const random = seededRandom(43);
  const narrow = (n: number): EmbeddingSums => {
    const frames = Array.from({ length: n }, () =>
      Array.from({ length: SIZE }, (_, index) => (index < 5 ? normal(random, 0, 1) : 0)),
    );
    const sum = Array.from({ length: SIZE }, (_, index) =>
      frames.reduce((all, frame) => all + (frame[index] ?? 0), 0),
    );
    const squares = frames.flat().reduce((all, value) => all + value * value, 0);
    return { count: n, sum: sum as EmbeddingSums['sum'], squares };
  };
  const draws = 1000;
  const improbable = (classCounts: Record<string, number>) =>
    Array.from({ length: draws }, () =>
      compareEmbedding(releaseOf(1e9), { classCounts, embedding: narrow(60) }, LIMITS),
    ).filter((one) => (one?.pValue ?? 1) < 0.01).length / draws;
  // A hundredth, and three deviations of a share.
  expect(improbable({ good: 100 })).toBeLessThan(0.02);
  // As if they varied alike in all components, which is what the mix of the validation split would mean.
  expect(improbable(MIX)).toBeGreaterThan(0.02);
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
      const compared = compareEmbedding(
        releaseOf(20),
        { classCounts, embedding, embeddingByClass: { good: embedding } },
        LIMITS,
        baseline && { embeddingByClass: { good: baseline } },
      );
      const { value, chance, pValue } = compared?.ofClass ?? { value: 0, chance: 0, pValue: 0 };
      const ofClass = [value, chance, pValue];
      for (const number of [compared?.value, compared?.chance, compared?.pValue, ...ofClass]) {
        expect(Number.isFinite(number)).toBe(true);
        expect(number).toBeGreaterThanOrEqual(0);
      }
      expect(compared?.pValue).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300, seed: 5 },
  );
});
