import type { EmbeddingSums, Release, Sketch } from '../../contracts';

export interface OwnEmbeddings {
  /** All of them; those of another size are without their sums. */
  readonly sketches: readonly Sketch[];
  /** Devices whose sums were left aside, in alphabetical order. */
  readonly leftAside: readonly string[];
}

/** Sums of embeddings that are not of the release's size cannot be added to the others, and must not stop them. Pure. */
export function ownEmbeddings(
  { embedding: described }: Pick<Release, 'embedding'>,
  sketches: readonly Sketch[],
): OwnEmbeddings {
  const isOwn = ({ sum }: EmbeddingSums): boolean => sum.length === described?.size;
  const leftAside = new Set<string>();
  const own = sketches.map((sketch) => {
    const { embedding, embeddingByClass = {}, ...others } = sketch;
    const classes = Object.entries(embeddingByClass);
    const kept = classes.filter(([, sums]) => isOwn(sums));
    const isOld = embedding !== undefined && isOwn(embedding);
    if (kept.length === classes.length && (isOld || embedding === undefined)) return sketch;
    leftAside.add(sketch.deviceId);
    return {
      ...others,
      ...(isOld && { embedding }),
      ...(kept.length > 0 && { embeddingByClass: Object.fromEntries(kept) }),
    };
  });
  return { sketches: own, leftAside: [...leftAside].sort() };
}
