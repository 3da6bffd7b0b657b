import fc from 'fast-check';
import { compareCounts } from '../../../lambda/monitoring/compare-distributions';

test('equal shares in samples of different size are no distance', () => {
  const comparison = compareCounts([10, 20, 30], [100, 200, 300], true);
  expect(comparison?.populationStabilityIndex).toBeCloseTo(0, 3);
  expect(comparison?.jensenShannon).toBeCloseTo(0, 6);
  expect(comparison?.kolmogorovSmirnov).toBeCloseTo(0, 12);
  expect(comparison?.pValue).toBeCloseTo(1, 6);
});

test('disjoint samples are as far apart as can be, and every number is finite', () => {
  const comparison = compareCounts([500, 0, 0, 0], [0, 0, 0, 500], true);
  expect(comparison?.jensenShannon).toBeCloseTo(1, 12);
  expect(comparison?.kolmogorovSmirnov).toBe(1);
  expect(comparison?.populationStabilityIndex).toBeGreaterThan(5);
  expect(comparison?.pValue).toBe(0);
});

test('an index by hand: shares 1/2, 1/2 against 1/4, 3/4', () => {
  const expected = (0.25 - 0.5) * Math.log(0.5) + (0.75 - 0.5) * Math.log(1.5);
  const index = compareCounts([50_000, 50_000], [25_000, 75_000], true)?.populationStabilityIndex;
  expect(index).toBeCloseTo(expected, 4);
});

test.each([
  [
    [0, 0],
    [1, 2],
  ],
  [
    [1, 2],
    [0, 0],
  ],
])('an empty sample is not compared', (baseline, field) => {
  expect(compareCounts(baseline, field, true)).toBeUndefined();
});

test('other bins are refused', () => {
  expect(() => compareCounts([1, 2], [1, 2, 3], true)).toThrow('baseline has 2 bins and the field 3');
});

test('distances keep their ranges, and none is smaller than DynamoDB can hold', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 1e5 }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(counts, counts, fc.boolean(), (baseline, field, ordered) => {
      const comparison = compareCounts(baseline, field, ordered);
      if (!comparison) return;
      const { jensenShannon, kolmogorovSmirnov = 0, populationStabilityIndex, pValue } = comparison;
      for (const share of [jensenShannon, kolmogorovSmirnov, pValue]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1 + 1e-9);
      }
      expect(populationStabilityIndex).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(populationStabilityIndex)).toBe(true);
      expect(pValue === 0 || pValue > 1e-100).toBe(true);
    }),
    { numRuns: 500, seed: 2 },
  );
});
