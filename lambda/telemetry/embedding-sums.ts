/**
 * Sums over the residuals of frames, as devices send them. Pure.
 *
 * Every sum is kept in thousandths, which doubles add without error up to 9e12: the order in which records arrive changes
 * nothing, and no number of the table outgrows the 38 digits that DynamoDB holds.
 */
import type { EmbeddingSums, Sketch } from '../../contracts';
import { ownValue } from '../../contracts/own-value';

/** A device holds each component of a residual within this, on both sides (contract common, embeddingSums). */
const LARGEST_COMPONENT = 8;
/** More than a thousand frames a second for a day. */
const MOST_FRAMES = 1e8;
/** What devices round to, halved: sums to 0.001, squares to 0.1. */
const [SUM_ROUNDING, SQUARES_ROUNDING] = [0.0005, 0.05];
/** Of sums over many frames in double precision. */
const PRECISION = 1e-9;

/** Minus zero, which is no other number to a table, becomes zero. */
const inThousandths = (value: number): number => Math.round(value * 1000) / 1000 + 0;

const NOTHING: EmbeddingSums = { count: 0, sum: [], squares: 0 };

/** Both together. Where their sizes differ, the shorter one says nothing of the further components. */
export function addEmbeddingSums(
  left: EmbeddingSums | undefined,
  right: EmbeddingSums | undefined,
): EmbeddingSums | undefined {
  if (!left && !right) return undefined;
  const [one, other] = [left ?? NOTHING, right ?? NOTHING];
  const [longer, shorter] = one.sum.length < other.sum.length ? [other, one] : [one, other];
  return {
    count: one.count + other.count,
    sum: longer.sum.map((value, index) => inThousandths(value + (shorter.sum[index] ?? 0))),
    squares: inThousandths(one.squares + other.squares),
  };
}

/** Predicted class -> sums over its frames. */
export type SumsByClass = Readonly<Record<string, EmbeddingSums>>;

/** Both together, class by class. */
export function addSumsByClass(
  left: SumsByClass | undefined,
  right: SumsByClass | undefined,
): Record<string, EmbeddingSums> | undefined {
  if (!left && !right) return undefined;
  const sums = { ...left };
  for (const [name, more] of Object.entries(right ?? {})) {
    sums[name] = addEmbeddingSums(ownValue(sums, name), more) as EmbeddingSums;
  }
  return sums;
}

/** Frames that are summed up there. */
export const framesOf = (sums: SumsByClass | undefined): number =>
  Object.values(sums ?? {}).reduce((frames, { count }) => frames + count, 0);

/** Of all classes, and of windows that do not tell them apart. */
export const allEmbeddings = ({
  embedding,
  embeddingByClass = {},
}: Pick<Sketch, 'embedding' | 'embeddingByClass'>): EmbeddingSums | undefined =>
  Object.values(embeddingByClass).reduce<EmbeddingSums | undefined>(addEmbeddingSums, embedding);

/**
 * What the contract cannot say: whether such sums can come of so many frames. Together with it no number is one that
 * a table cannot hold.
 */
export function embeddingProblems({ count, sum, squares }: EmbeddingSums): string[] {
  if (count > MOST_FRAMES) return [`embedding.count: must be at most ${MOST_FRAMES}, got ${count}`];
  const most = count * LARGEST_COMPONENT;
  const far = sum.findIndex((value) => Math.abs(value) > most + SUM_ROUNDING);
  if (far >= 0) {
    return [`embedding.sum.${far}: must lie within -${most}..${most} of ${count} frames, got ${sum[far]}`];
  }
  const mostSquares = most * LARGEST_COMPONENT * sum.length;
  // Cauchy and Schwarz: the squared length of a sum of n vectors is at most n times the sum of their squared lengths.
  const length = Math.max(0, Math.hypot(...sum) - SUM_ROUNDING * Math.sqrt(sum.length));
  const least = ((length * length) / count) * (1 - PRECISION) - SQUARES_ROUNDING;
  if (squares < least || squares > mostSquares + SQUARES_ROUNDING) {
    return [
      `embedding.squares: must be from ${Math.max(0, least).toFixed(1)} to ${mostSquares} of ${count} frames with these sums, got ${squares}`,
    ];
  }
  return [];
}
