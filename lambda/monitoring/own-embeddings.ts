import type { Release, Sketch } from '../../contracts';

export interface OwnEmbeddings {
  /** All of them; those of another size are without their sums. */
  readonly sketches: readonly Sketch[];
  /** Devices whose sums were left aside, in alphabetical order. */
  readonly leftAside: readonly string[];
}

/** Sums of embeddings that are not of the release's size cannot be added to the others, and must not stop them. Pure. */
export function ownEmbeddings(
  { embedding }: Pick<Release, 'embedding'>,
  sketches: readonly Sketch[],
): OwnEmbeddings {
  const leftAside = new Set<string>();
  const own = sketches.map((sketch) => {
    const { embedding: sums, ...others } = sketch;
    if (sums === undefined || sums.sum.length === embedding?.size) return sketch;
    leftAside.add(sketch.deviceId);
    return others;
  });
  return { sketches: own, leftAside: [...leftAside].sort() };
}
