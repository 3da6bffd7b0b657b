/** Which part comes along next: its class by the line's mix, and of that class any frame. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { StockFrame } from './frame-stock';

type Random = Parameters<typeof uniformInt>[0];

/** Class -> share of the parts. The shares need not sum to 1. */
export type ClassMix = Readonly<Record<string, number>>;

/** @param random is moved on by every draw */
export type PartDrawer = (random: Random) => StockFrame;

/**
 * A stock holds as many different parts of a rare class as of any other, so that what a model makes of it does not hang on
 * a handful of pictures; how often each class comes along is the mix's to say.
 * @throws Error naming the class of the mix that the stock has no frame of, or whose share is no positive number
 */
export function partDrawer(frames: readonly StockFrame[], mix: ClassMix): PartDrawer {
  const classes = Object.entries(mix).map(([label, share]) => {
    const own = frames.filter((frame) => frame.label === label);
    if (own.length === 0) throw new Error(`mix: there is no frame of class '${label}'`);
    if (!(share > 0 && Number.isFinite(share))) {
      throw new Error(`mix: share of '${label}' must be a positive number, got ${share}`);
    }
    return { own, share };
  });
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  return (random) => {
    let left = uniformFloat64(random) * total;
    const drawn = classes.find(({ share }) => {
      left -= share;
      return left < 0;
    });
    // Rounding may leave a hair of the last share over.
    const { own } = drawn ?? (classes.at(-1) as (typeof classes)[number]);
    return own[uniformInt(random, 0, own.length - 1)] as StockFrame;
  };
}
