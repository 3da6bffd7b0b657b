/**
 * A perceptual hash: images that look alike have hashes that differ in few bits. Pure.
 *
 * The classic pHash (sign of low DCT frequencies against their median) with 256 bits instead of 64. 64 bits do not
 * suffice for parts of one kind under one camera: on 2,000 rendered photographs, different parts come as near as 6 bits,
 * and re-encoded copies of one photograph as far as 8 (docs/architecture.md, section 2, has the measurement).
 */

/** Side of the gray thumbnail that is hashed. */
export const THUMBNAIL_SIDE = 64;
export const HASH_BITS = 256;
const FREQUENCIES = 16;
const WORD_BITS = 32;
/** Coefficients of pixels 0 to 255 that differ by less are rounding, not picture. */
const RESOLUTION = 1e6;

/** Eight words of 32 bits. */
export type PerceptualHash = Uint32Array;

/** Row `k`: cos((2n + 1) k pi / 2N), the DCT-II of N values. Its scale does not matter: signs are compared. */
const COSINES = Array.from({ length: FREQUENCIES }, (_, k) =>
  Float64Array.from({ length: THUMBNAIL_SIDE }, (_, n) =>
    Math.cos(((2 * n + 1) * k * Math.PI) / (2 * THUMBNAIL_SIDE)),
  ),
);

function dot(left: Float64Array, right: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] ?? 0) * right(index);
  return sum;
}

/** The lowest 16 x 16 frequencies: first along the rows, then along the columns. */
function lowFrequencies(gray: Uint8Array): number[] {
  const rows = COSINES.map((cosine) =>
    Float64Array.from({ length: THUMBNAIL_SIDE }, (_, y) =>
      dot(cosine, (x) => gray[y * THUMBNAIL_SIDE + x] ?? 0),
    ),
  );
  return COSINES.flatMap((cosine) =>
    rows.map((row) => Math.round(dot(cosine, (y) => row[y] ?? 0) * RESOLUTION) / RESOLUTION),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/**
 * @param gray 64 x 64 pixels, row by row
 * @throws RangeError when there are more or fewer
 */
export function perceptualHash(gray: Uint8Array): PerceptualHash {
  if (gray.length !== THUMBNAIL_SIDE ** 2) {
    throw new RangeError(`gray: must have ${THUMBNAIL_SIDE ** 2} pixels, got ${gray.length}`);
  }
  const coefficients = lowFrequencies(gray);
  const threshold = median(coefficients);
  const hash = new Uint32Array(HASH_BITS / WORD_BITS);
  for (const [bit, coefficient] of coefficients.entries()) {
    if (coefficient > threshold) {
      const word = Math.floor(bit / WORD_BITS);
      hash[word] = ((hash[word] ?? 0) | (1 << (bit % WORD_BITS))) >>> 0;
    }
  }
  return hash;
}

/** Number of set bits of a 32-bit word (the parallel count of Hacker's Delight, section 5-1). */
function setBits(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** In how many of the 256 bits two hashes differ. */
export function hammingDistance(left: PerceptualHash, right: PerceptualHash): number {
  let distance = 0;
  for (let word = 0; word < left.length; word++) distance += setBits((left[word] ?? 0) ^ (right[word] ?? 0));
  return distance;
}

/** Whether two hashes differ in at most `limit` bits; unlike ones are told apart after two or three words. */
export function isWithin(limit: number, left: PerceptualHash, right: PerceptualHash): boolean {
  let distance = 0;
  for (let word = 0; word < left.length; word++) {
    distance += setBits((left[word] ?? 0) ^ (right[word] ?? 0));
    if (distance > limit) return false;
  }
  return true;
}
