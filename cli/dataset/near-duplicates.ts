/** Finds images that look alike among many, without comparing each with each. Pure. */
import { HASH_BITS, isWithin, type PerceptualHash } from './perceptual-hash';
import { UnionFind } from './union-find';

/**
 * Up to so many of 256 bits two images count as near duplicates. Measured on 2,000 rendered photographs (two views of
 * each part): copies that were re-encoded, rescaled, brightened or made noisy differ in up to 30 bits; the closest two
 * views of one part in 54, the closest photographs of different parts in 70. So views of a part are no near duplicates.
 * docs/architecture.md, section 2, has the table.
 */
export const NEAR_DUPLICATE_DISTANCE = 31;

const BANDS = 16;
const BAND_BITS = HASH_BITS / BANDS;
const BAND_VALUES = 2 ** BAND_BITS;
const NONE = 0xffffffff;

export interface NearDuplicates {
  /** Indices of hashes that hang together: each is near to at least one other of its cluster. */
  readonly clusters: readonly (readonly number[])[];
  /** Pairs whose distance was computed. */
  readonly comparisons: number;
}

/** Band values that differ in at most one bit, as masks. */
const PROBES = [0, ...Array.from({ length: BAND_BITS }, (_, bit) => 1 << bit)];

const bandOf = (hash: PerceptualHash, band: number): number =>
  ((hash[band >>> 1] ?? 0) >>> ((band & 1) * BAND_BITS)) & (BAND_VALUES - 1);

/**
 * Hashes by the value of each band. Two hashes that differ in fewer than 32 bits differ in at most one bit in at least
 * one of 16 bands, so looking up every band with each of its bits flipped misses none (multi-index hashing; Norouzi,
 * Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012).
 */
class BandIndex {
  private readonly heads = new Uint32Array(BANDS * BAND_VALUES).fill(NONE);
  private readonly next: Uint32Array;
  /** The last query that met a hash, so that a query meets each hash once. */
  private readonly met: Uint32Array;

  constructor(private readonly hashes: readonly PerceptualHash[]) {
    this.next = new Uint32Array(BANDS * hashes.length).fill(NONE);
    this.met = new Uint32Array(hashes.length).fill(NONE);
  }

  add(index: number): void {
    const hash = this.hashes[index] as PerceptualHash;
    for (let band = 0; band < BANDS; band++) {
      const slot = band * BAND_VALUES + bandOf(hash, band);
      this.next[band * this.hashes.length + index] = this.heads[slot] ?? NONE;
      this.heads[slot] = index;
    }
  }

  /** Calls `visit` once with each hash added before that may be near. */
  visitCandidates(index: number, visit: (candidate: number) => void): void {
    const hash = this.hashes[index] as PerceptualHash;
    for (let band = 0; band < BANDS; band++) {
      const value = bandOf(hash, band);
      for (const probe of PROBES) {
        let candidate = this.heads[band * BAND_VALUES + (value ^ probe)] ?? NONE;
        while (candidate !== NONE) {
          if (this.met[candidate] !== index) visit(candidate);
          this.met[candidate] = index;
          candidate = this.next[band * this.hashes.length + candidate] ?? NONE;
        }
      }
    }
  }
}

/**
 * Unlike images cost a few comparisons each. Images of one cluster are compared pairwise, so one long recording of a
 * still scene costs the square of its length, unless its frames are equal.
 * @param hashes of images, in any order
 * @returns clusters of those that differ in at most {@link NEAR_DUPLICATE_DISTANCE} bits, directly or through others
 */
export function findNearDuplicates(hashes: readonly PerceptualHash[]): NearDuplicates {
  const sets = new UnionFind(hashes.length);
  // A stuck camera gives thousands of equal hashes: they are joined here, and only their first is compared.
  const firsts = new Map<string, number>();
  const index = new BandIndex(hashes);
  let comparisons = 0;
  for (const [current, hash] of hashes.entries()) {
    const first = firsts.get(hash.join());
    if (first !== undefined) {
      sets.join(first, current);
      continue;
    }
    firsts.set(hash.join(), current);
    index.visitCandidates(current, (candidate) => {
      comparisons += 1;
      if (isWithin(NEAR_DUPLICATE_DISTANCE, hash, hashes[candidate] as PerceptualHash))
        sets.join(candidate, current);
    });
    index.add(current);
  }
  return { clusters: sets.clusters(), comparisons };
}
