import fc from 'fast-check';
import {
  addEmbeddingSums,
  addSumsByClass,
  allEmbeddings,
  embeddingProblems,
  framesOf,
} from '../../../lambda/telemetry/embedding-sums';

/** Residuals of frames, each component within -8..8. */
const frames = fc.integer({ min: 1, max: 16 }).chain((size) =>
  fc.array(fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: size, maxLength: size }), {
    minLength: 1,
    maxLength: 20,
  }),
);

/** As a device sums and rounds them. */
function sumsOf(residuals: readonly (readonly number[])[]) {
  const [first = []] = residuals;
  const sum = first.map((_, index) => residuals.reduce((all, one) => all + (one[index] ?? 0), 0));
  const squares = residuals.flat().reduce((all, value) => all + value * value, 0);
  return {
    count: residuals.length,
    sum: sum.map((value) => Number(value.toFixed(3))),
    squares: Number(squares.toFixed(1)),
  };
}

test('[B14] whatever a device can sum up is plausible', () => {
  fc.assert(
    fc.property(frames, (residuals) => {
      expect(embeddingProblems(sumsOf(residuals))).toEqual([]);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test.each<[string, Parameters<typeof embeddingProblems>[0], string]>([
  [
    'a sum of more than its frames can have',
    { count: 10, sum: [1, -80.2], squares: 700 },
    'embedding.sum.1: must lie within -80..80 of 10 frames, got -80.2',
  ],
  [
    'squares that are too small for the sum',
    { count: 10, sum: [30, 40], squares: 249 },
    'embedding.squares: must be from 249.9 to 1280 of 10 frames with these sums, got 249',
  ],
  [
    'squares of more than their frames can have',
    { count: 10, sum: [0, 0], squares: 1281 },
    'embedding.squares: must be from 0.0 to 1280 of 10 frames with these sums, got 1281',
  ],
  [
    'more frames than any device has',
    { count: 1e12, sum: [0], squares: 0 },
    'embedding.count: must be at most 100000000, got 1000000000000',
  ],
])('[B14] %s is named with its rule', (_, sums, problem) => {
  expect(embeddingProblems(sums)).toEqual([problem]);
});

test('[B14] adding is the same in any order and grouping, to the digit', () => {
  const sums = fc.record({
    count: fc.integer({ min: 1, max: 1e6 }),
    sum: fc.array(
      fc.integer({ min: -8e9, max: 8e9 }).map((thousandths) => thousandths / 1000),
      { minLength: 3, maxLength: 3 },
    ),
    squares: fc.integer({ min: 0, max: 1e10 }).map((tenths) => tenths / 10),
  });
  fc.assert(
    fc.property(sums, sums, sums, (a, b, c) => {
      const left = addEmbeddingSums(addEmbeddingSums(a, b), c);
      expect(left).toEqual(addEmbeddingSums(a, addEmbeddingSums(b, c)));
      expect(left).toEqual(addEmbeddingSums(c, addEmbeddingSums(b, a)));
      for (const value of left?.sum ?? []) expect(String(value)).toMatch(/^-?\d+(\.\d{1,3})?$/);
    }),
    { numRuns: 300, seed: 2 },
  );
});

test('sums of another size take no component away, and nothing added to nothing is nothing', () => {
  const [long, short] = [
    { count: 1, sum: [1, 2, 3], squares: 14 },
    { count: 2, sum: [0.5], squares: 0.3 },
  ];
  expect(addEmbeddingSums(short, long)).toEqual({ count: 3, sum: [1.5, 2, 3], squares: 14.3 });
  expect(addEmbeddingSums(undefined, undefined)).toBeUndefined();
  expect(addEmbeddingSums(undefined, { count: 1, sum: [-0.0001], squares: 0 })).toEqual({
    count: 1,
    sum: [0],
    squares: 0,
  });
});

test('[B14] sums by class are added class by class, and together are the sums of all', () => {
  const [one, two] = [
    { count: 3, sum: [1, -2], squares: 6 },
    { count: 4, sum: [0.5, 1], squares: 5.5 },
  ];
  const both = addSumsByClass({ good: one, constructor: one }, { good: two, dent: two });
  expect(both).toEqual({
    good: { count: 7, sum: [1.5, -1], squares: 11.5 },
    constructor: one,
    dent: two,
  });
  expect(framesOf(both)).toBe(14);
  expect(allEmbeddings({ embeddingByClass: { ...both }, embedding: one })).toEqual({
    count: 17,
    sum: [4, -4],
    squares: 29,
  });
});

test('without sums there are none', () => {
  expect(addSumsByClass(undefined, undefined)).toBeUndefined();
  expect(framesOf(undefined)).toBe(0);
  expect(allEmbeddings({})).toBeUndefined();
});
