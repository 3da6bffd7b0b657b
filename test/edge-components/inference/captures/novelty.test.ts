import fc from 'fast-check';
import {
  isInTail,
  isNovel,
  isOutlying,
  relativeNovelty,
} from '../../../../edge-components/inference/src/captures/novelty';

const histogram = (...counts: number[]) => ({ minimum: 0, maximum: counts.length, counts });

test.each<[string, number, number[], boolean]>([
  ['in the middle', 1.5, [500, 500, 500], false],
  ['in a bin that nothing fell into, at the end', 2.5, [500, 500, 0], true],
  ['in an empty bin between full ones', 1.5, [500, 0, 500], false],
  ['beyond the range, where the last bin is full', 99, [500, 500, 500], false],
  ['beyond the range, where the last bin is empty', 99, [500, 500, 0], true],
  ['below the range, where the first bin is empty', -99, [0, 500, 500], true],
  ['exactly at 0.5 %', 0.5, [5, 995], false],
  ['below 0.5 %', 0.5, [4, 996], true],
  ['of a histogram without counts', 0.5, [0, 0], false],
])('a value %s', (_, value, counts, expected) => {
  expect(isInTail(value, histogram(...counts))).toBe(expected);
});

test('[B6] of the images of the baseline themselves, at most 1 % lie in the tails of a statistic', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200), { minLength: 2, maxLength: 64 }), (counts) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const inTails = counts.reduce(
        (sum, count, bin) => sum + (isInTail(bin + 0.5, histogram(...counts)) ? count : 0),
        0,
      );
      expect(inTails).toBeLessThanOrEqual(0.01 * total);
    }),
  );
});

describe('[B6] the rate of false alarms', () => {
  const BINS = 16;
  const STATISTICS = ['brightness', 'contrast', 'sharpness'] as const;
  const countsOf = (values: readonly number[]): number[] => {
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values) counts[value] = (counts[value] as number) + 1;
    return counts;
  };
  /** Values in bins: spread, in two heaps, in one bin, or with a long tail. */
  const bins = (size: number): fc.Arbitrary<number[]> =>
    fc
      .constantFrom<fc.Arbitrary<number>>(
        fc.nat(BINS - 1),
        fc.constantFrom(2, 3, 12, 13),
        fc.constant(7),
        fc.nat(2 ** (BINS - 1)).map((value) => Math.floor(Math.log2(value + 1))),
      )
      .chain((value) => fc.array(value, { minLength: size, maxLength: size }));
  const images = fc
    .oneof(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 199, max: 450 }))
    .chain((size) => fc.tuple(bins(size), bins(size), bins(size)));

  test('each image against all others, whatever their distribution: no more than stated', () => {
    fc.assert(
      fc.property(images, (columns) => {
        const size = columns[0].length;
        const together = columns.map(countsOf);
        let novel = 0;
        for (let image = 0; image < size; image++) {
          const others = together.map((counts, statistic) => {
            const without = [...counts];
            const bin = (columns[statistic] as number[])[image] as number;
            without[bin] = (without[bin] as number) - 1;
            return histogram(...without);
          });
          const [brightness, contrast, sharpness] = columns.map((column) => (column[image] as number) + 0.5);
          const statistics = { brightness, contrast, sharpness } as Record<
            (typeof STATISTICS)[number],
            number
          >;
          const baseline = Object.fromEntries(STATISTICS.map((name, index) => [name, others[index]]));
          if (isOutlying(statistics, baseline as never)) novel++;
        }
        expect(novel).toBeLessThanOrEqual(6 * Math.ceil(0.005 * (size - 1)));
      }),
      { numRuns: 200 },
    );
  });
});

test('one unusual statistic is enough', () => {
  const baseline = {
    brightness: { minimum: 0, maximum: 255, counts: [0, 100, 100, 0] },
    contrast: { minimum: 0, maximum: 128, counts: [100, 100, 0, 0] },
    sharpness: { minimum: 0, maximum: 64, counts: [100, 100, 100, 100] },
  };
  const usual = { brightness: 120, contrast: 30, sharpness: 10 };
  expect(isOutlying(usual, baseline)).toBe(false);
  expect(isOutlying({ ...usual, brightness: 250 }, baseline)).toBe(true);
  expect(isOutlying({ ...usual, contrast: 100 }, baseline)).toBe(true);
});

describe("the graph's score of novelty", () => {
  const all = { minimum: 0, maximum: 255, counts: [100] };
  const statistics = { brightness: 1, contrast: 2, sharpness: 3 };
  const baseline = { brightness: all, contrast: all, sharpness: all };
  const release = { baseline, novelty: { outputName: 'novelty', limits: { fp32: 2, int8: 4 } } };

  test.each<[string, number | undefined, string, number, boolean]>([
    ['within the limit', 1, 'fp32', 0.5, false],
    ['at the limit', 2, 'fp32', 1, false],
    ['above it', 3, 'fp32', 1.5, true],
    ['above the limit of another variant only', 3, 'int8', 0.75, false],
    ['no number', Number.NaN, 'fp32', 1000, true],
    ['endless', Number.POSITIVE_INFINITY, 'fp32', 1000, true],
    ['missing', undefined, 'fp32', 1000, true],
    ['of a variant without a limit', 1, 'toString', 1000, true],
  ])('%s', (_, novelty, variant, ratio, novel) => {
    const inference = { statistics, ...(novelty !== undefined && { novelty }) };
    expect(relativeNovelty(inference, release, variant)).toBe(ratio);
    expect(isNovel(inference, release, variant)).toBe(novel);
  });

  test('a release without a score tells by the statistics alone', () => {
    expect(relativeNovelty({ novelty: 9 }, {}, 'fp32')).toBeUndefined();
    expect(isNovel({ statistics, novelty: 9 }, { baseline }, 'fp32')).toBe(false);
    const dark = { ...baseline, brightness: { ...all, counts: [0, 100] } };
    expect(isNovel({ statistics, novelty: 0 }, { ...release, baseline: dark }, 'fp32')).toBe(true);
  });
});
