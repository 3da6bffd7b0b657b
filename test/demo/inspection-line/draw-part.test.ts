import fc from 'fast-check';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { partDrawer } from '../../../demo/inspection-line/draw-part';
import type { StockFrame } from '../../../demo/inspection-line/frame-stock';

const frame = (label: string, name: string): StockFrame => ({ label, name, jpeg: Buffer.from(name) });
const STOCK = [frame('good', 'a'), frame('good', 'b'), frame('dent', 'c'), frame('crack', 'd')];

const drawn = (mix: Record<string, number>, parts: number, seed = 1): StockFrame[] => {
  const draw = partDrawer(STOCK, mix);
  const random = xoroshiro128plus(seed);
  return Array.from({ length: parts }, () => draw(random));
};

const shareOf = (parts: readonly StockFrame[], label: string): number =>
  parts.filter((part) => part.label === label).length / parts.length;

test('classes come as often as the mix says, however many frames the stock has of each', () => {
  const parts = drawn({ good: 0.97, dent: 0.03 }, 20_000);
  // 0.97 of 20,000: a standard deviation is 0.0012.
  expect(shareOf(parts, 'good')).toBeCloseTo(0.97, 2);
  expect(shareOf(parts, 'crack')).toBe(0);
  expect(new Set(parts.map(({ name }) => name))).toEqual(new Set(['a', 'b', 'c']));
});

test('shares need not sum to 1', () => {
  expect(shareOf(drawn({ good: 3, dent: 1 }, 20_000), 'dent')).toBeCloseTo(0.25, 1);
});

test('[property] the same seed shows the same parts, and only classes of the mix', () => {
  const share = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.record({ good: share, dent: share }), fc.nat(), (mix, seed) => {
      const parts = drawn(mix, 20, seed);
      expect(parts).toEqual(drawn(mix, 20, seed));
      expect(parts.every(({ label }) => label in mix)).toBe(true);
    }),
  );
});

test.each([
  [{ good: 1, rust: 1 }, "mix: there is no frame of class 'rust'"],
  [{ good: 0 }, "mix: share of 'good' must be a positive number, got 0"],
  [{ good: Number.NaN }, "mix: share of 'good' must be a positive number, got NaN"],
  [{ good: Number.POSITIVE_INFINITY }, "mix: share of 'good' must be a positive number, got Infinity"],
])('a mix that cannot be shown is refused: %j', (mix, problem) => {
  expect(() => partDrawer(STOCK, mix)).toThrow(problem);
});
