import fc from 'fast-check';
import { bounded, type ClusterCount, clusterShare } from '../../../lambda/shared/cluster-share';
import { logGamma } from '../../../lambda/shared/log-gamma';

const SURE = { lower: 3.09, upper: 1.282 };
const of = (times: number, count: number, trials: number): ClusterCount[] =>
  Array.from({ length: times }, () => ({ count, of: trials }));
const share = (...clusters: ClusterCount[][]) => {
  const found = clusterShare(clusters.flat(), SURE);
  if (!found) throw new Error('no share');
  return found;
};

test.each([
  [1, 0],
  [0.5, Math.log(Math.sqrt(Math.PI))],
  [5, Math.log(24)],
  [100, 359.1342053695754],
])('the logarithm of gamma(%d)', (z, expected) => {
  expect(logGamma(z)).toBeCloseTo(expected, 10);
});

test('of clusters without trials nothing is said', () => {
  expect(clusterShare([], SURE)).toBeUndefined();
  expect(clusterShare(of(3, 0, 0), SURE)).toBeUndefined();
});

test('clusters that agree have the plain share; more of them leave less open', () => {
  const [few, many] = [share(of(2, 100, 1000)), share(of(50, 100, 1000))];
  expect(few.value).toBeCloseTo(0.1, 3);
  expect(many.value).toBeCloseTo(0.1, 3);
  expect(many.lower).toBeGreaterThan(few.lower);
});

test('two clusters that differ stay two: a hundred times the trials say hardly more', () => {
  const few = share(of(1, 50, 1000), of(1, 150, 1000));
  const many = share(of(1, 5000, 100_000), of(1, 15_000, 100_000));
  expect(Math.abs(many.lower - few.lower)).toBeLessThan(0.01);
  expect(Math.abs(many.upper - few.upper)).toBeLessThan(0.01);
});

test('nothing of many trials leaves a bound, which depends on the clusters', () => {
  const [one, two, twenty] = [1, 2, 20].map((times) => share(of(times, 0, 1000)));
  expect(one).toMatchObject({ value: 0, lower: 0 });
  // exp(-5.67 ln(1 + 1000 / 5.67) p) = exp(-1.282^2 / 2), with a correlation of 0.15.
  expect(one?.upper).toBeCloseTo(0.026, 2);
  expect(two?.upper).toBeCloseTo(0.013, 2);
  expect(twenty?.upper).toBeLessThan(0.002);
});

describe('case 52: one cluster', () => {
  test('that claims 400,000 bad trials does not decide against 49', () => {
    expect(share(of(49, 0, 1000), of(1, 400_000, 400_000)).lower).toBeLessThan(0.001);
  });

  test('that claims 400,000 good trials does not hide 49', () => {
    expect(share(of(49, 300, 1000), of(1, 0, 400_000)).lower).toBeGreaterThan(0.2);
  });

  test('counts for at most twice the median', () => {
    expect(bounded([...of(3, 10, 100), { count: 0, of: 1e6 }]).at(-1)).toEqual({ count: 0, of: 200 });
  });

  test('moves the share by little, whatever it claims, where twenty agree', () => {
    const honest = of(20, 50, 1000);
    const before = share(honest);
    const claims = fc
      .integer({ min: 1, max: 1_000_000 })
      .chain((trials) => fc.integer({ min: 0, max: trials }).map((count) => ({ count, of: trials })));
    fc.assert(
      fc.property(claims, (claim) => {
        const after = share(honest, [claim]);
        expect(after.lower).toBeLessThan(before.value + 0.03);
        expect(after.upper).toBeGreaterThan(before.value - 0.03);
      }),
      { numRuns: 50, seed: 3 },
    );
  });
});

test('the bounds hold the share and keep to 0..1', () => {
  const cluster = fc
    .integer({ min: 1, max: 500 })
    .chain((trials) => fc.integer({ min: 0, max: trials }).map((count) => ({ count, of: trials })));
  fc.assert(
    fc.property(fc.array(cluster, { minLength: 1, maxLength: 12 }), (clusters) => {
      const { lower, value, upper } = share(clusters);
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(lower).toBeLessThanOrEqual(value + 1e-9);
      expect(upper).toBeGreaterThanOrEqual(value - 1e-9);
      expect(upper).toBeLessThanOrEqual(1);
    }),
    { numRuns: 100, seed: 5 },
  );
});
