import fc from 'fast-check';
import { findNearDuplicates, NEAR_DUPLICATE_DISTANCE } from '../../../cli/dataset/near-duplicates';
import {
  hammingDistance,
  isWithin,
  type PerceptualHash,
  perceptualHash,
} from '../../../cli/dataset/perceptual-hash';
import { UnionFind } from '../../../cli/dataset/union-find';
import { randomHashes } from './pictures';

/** The hash with `bits` flipped. */
function flipped(hash: PerceptualHash, bits: readonly number[]): PerceptualHash {
  const copy = hash.slice();
  for (const bit of bits) copy[bit >>> 5] = ((copy[bit >>> 5] ?? 0) ^ (1 << (bit & 31))) >>> 0;
  return copy;
}

/** What comparing each with each finds. */
function bruteForce(hashes: readonly PerceptualHash[]): number[][] {
  const sets = new UnionFind(hashes.length);
  for (const [right, hash] of hashes.entries()) {
    for (let left = 0; left < right; left++) {
      const distance = hammingDistance(hash, hashes[left] as PerceptualHash);
      if (distance <= NEAR_DUPLICATE_DISTANCE) sets.join(left, right);
    }
  }
  return sets.clusters();
}

const bitSets = fc.uniqueArray(fc.nat(255), { maxLength: 48 });

test('finds exactly the clusters that comparing each with each finds', () => {
  const hashes = fc
    .tuple(fc.integer({ min: 1, max: 1e6 }), fc.array(fc.tuple(fc.nat(3), bitSets), { maxLength: 20 }))
    .map(([seed, copies]) => {
      const originals = randomHashes(4, seed);
      return copies.map(([original, bits]) => flipped(originals[original] as PerceptualHash, bits));
    });
  fc.assert(
    fc.property(hashes, (given) => {
      expect(findNearDuplicates(given).clusters).toEqual(bruteForce(given));
    }),
  );
});

test('31 flipped bits are near wherever they are, 32 are not', () => {
  const [original = new Uint32Array(8)] = randomHashes(1, 7);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(255), { minLength: 32, maxLength: 32 }), (bits) => {
      expect(findNearDuplicates([original, flipped(original, bits.slice(1))]).clusters).toEqual([[0, 1]]);
      expect(findNearDuplicates([original, flipped(original, bits)]).clusters).toEqual([]);
      expect(isWithin(31, original, flipped(original, bits))).toBe(false);
    }),
  );
});

test('compares far fewer than each with each: 10,000 images in below half a percent of the pairs', () => {
  const hashes = randomHashes(10_000, 1);
  const twin = flipped(hashes[4_000] as PerceptualHash, [0, 17, 40, 99, 250]);
  const { clusters, comparisons } = findNearDuplicates([...hashes, twin]);
  expect(clusters).toEqual([[4_000, 10_000]]);
  // 272 look-ups an image in buckets of 10,000 / 65,536 images.
  expect(comparisons).toBeLessThan(0.005 * ((10_000 * 9_999) / 2));
});

test('a camera that is stuck on one picture costs no comparison', () => {
  const [hash = new Uint32Array(8)] = randomHashes(1, 1);
  const { clusters, comparisons } = findNearDuplicates(Array.from({ length: 10_000 }, () => hash));
  expect(clusters.map(({ length }) => length)).toEqual([10_000]);
  expect(comparisons).toBe(0);
});

test('100,000 different images are searched with at most 300 comparisons an image', () => {
  // The expected number follows from the index: 16 bands, 17 values each, 65,536 buckets; half of the images are earlier.
  const expected = (count: number) => ((16 * 17) / 65_536) * (count / 2);
  const { comparisons } = findNearDuplicates(randomHashes(5_000, 3));
  expect(comparisons / 5_000 / expected(5_000)).toBeGreaterThan(0.95);
  expect(comparisons / 5_000 / expected(5_000)).toBeLessThan(1.05);
  expect(expected(100_000)).toBeLessThan(300);
});

test('a picture without structure has a hash as well, and always the same', () => {
  const [black, gray] = [0, 128].map((value) => perceptualHash(new Uint8Array(64 * 64).fill(value)));
  expect(hammingDistance(black as PerceptualHash, gray as PerceptualHash)).toBeLessThanOrEqual(1);
  expect(() => perceptualHash(new Uint8Array(10))).toThrow('gray: must have 4096 pixels, got 10');
});
