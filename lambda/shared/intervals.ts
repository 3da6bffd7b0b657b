/** Confidence intervals at 95 %, by which devices, labels and waves are judged. Pure. */

/** Two-sided 95 % of the standard normal distribution. */
export const Z_95 = 1.959964;

/** An estimate with the bounds of its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Wilson's score interval of a share (Wilson 1927), which keeps to 0..1 and has a width even at 0 and 1.
 * @param value the share, 0..1
 * @param size of the sample, above 0; an effective size need not be whole
 */
export function wilsonInterval(value: number, size: number): Interval {
  const z2 = Z_95 * Z_95;
  const middle = (value + z2 / (2 * size)) / (1 + z2 / size);
  const half = (Z_95 / (1 + z2 / size)) * Math.sqrt((value * (1 - value)) / size + z2 / (4 * size * size));
  return { value, lower: Math.max(0, middle - half), upper: Math.min(1, middle + half) };
}
