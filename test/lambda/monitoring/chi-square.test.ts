import fc from 'fast-check';
import { chiSquareTail } from '../../../lambda/monitoring/chi-square';

// Published critical values of the chi-square distribution (any statistics table).
test.each([
  [3.841, 1, 0.05],
  [6.635, 1, 0.01],
  [18.307, 10, 0.05],
  [29.588, 10, 0.001],
  [43.773, 30, 0.05],
  [124.342, 100, 0.05],
  [67.328, 100, 0.995],
])('tail of chi-square at %p with %p degrees is %p', (statistic, degrees, probability) => {
  expect(chiSquareTail(statistic, degrees)).toBeCloseTo(probability, 4);
});

// scipy.stats.chi2.sf of SciPy 1.17.1: far tails are where drift is judged.
test.each([
  [0.01, 1, 0.920344325445942],
  [10, 1, 0.001565402258002549],
  [40, 1, 2.5396285894708634e-10],
  [400, 1, 5.507248237212379e-89],
  [25, 4, 5.0309817823062075e-5],
  [250, 4, 6.509689997375721e-53],
  [1.5, 15, 0.9999957366655355],
  [31, 31, 0.46621250621750804],
  [93, 31, 4.122990295732623e-8],
  [310, 31, 9.15526179653265e-48],
  [2555, 511, 3.406893002945843e-268],
  [1_005_000, 1_000_000, 0.00020767800946702958],
])('tail at %p with %p degrees is that of SciPy', (statistic, degrees, probability) => {
  // lgamma of half a million has 16 digits, and its exponential the absolute error of the last ones.
  const tolerance = degrees > 1000 ? 1e-8 : 1e-12;
  expect(Math.abs(chiSquareTail(statistic, degrees) / probability - 1)).toBeLessThan(tolerance);
});

test('with two degrees of freedom the tail is exp(-x/2)', () => {
  for (const x of [0.01, 1, 10, 100, 700]) {
    expect(chiSquareTail(x, 2) / Math.exp(-x / 2)).toBeCloseTo(1, 10);
  }
});

test('the tail is a falling probability', () => {
  const args = [
    fc.double({ min: 0, max: 1e4, noNaN: true }),
    fc.double({ min: 0, max: 1e3, noNaN: true }),
  ] as const;
  fc.assert(
    fc.property(...args, fc.integer({ min: 1, max: 99 }), (x, more, degrees) => {
      const [near, far] = [chiSquareTail(x, degrees), chiSquareTail(x + more, degrees)];
      expect(near).toBeLessThanOrEqual(1);
      expect(far).toBeGreaterThanOrEqual(0);
      expect(far).toBeLessThanOrEqual(near + 1e-12);
    }),
    { numRuns: 300, seed: 1 },
  );
});
