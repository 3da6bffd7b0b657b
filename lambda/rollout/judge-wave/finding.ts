/** What one rule of the judge says, and how sure it has to be. Pure. */
import type { Sureness } from '../../shared/cluster-share';

/** Bad is certain, unclear needs more evidence. */
export interface Finding {
  readonly kind: 'GOOD' | 'UNCLEAR' | 'BAD' | 'NOT_JUDGED';
  readonly sentence: string;
  readonly numbers: Readonly<Record<string, number>>;
  /** What would settle it, where labels would. */
  readonly need?: LabelNeed;
}

/** Labels that a person has to give before the wave can be judged. */
export interface LabelNeed {
  readonly labels: number;
  /** Of which captures: those about which the releases disagree, or any. */
  readonly of: 'newly-passed' | 'any';
  /** Whose, those with the fewest labels first; at most ten. */
  readonly devices: readonly string[];
}

/**
 * One-sided 99.9 % for what takes a release back, because some ten rules are looked at dozens of times; 90 % for what
 * lets it go on, because it has to do so in every wave. `npm run bench -- judge` measures what comes of it.
 */
export const SURE: Sureness = { lower: 3.09, upper: 1.282 };
/** Escapes are what nobody sees afterwards: 95 % for letting a release go on. */
export const SURE_OF_ESCAPES: Sureness = { lower: 3.09, upper: 1.645 };

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const finerPercent = (share: number): string => `${(share * 100).toFixed(2)} %`;

const DEVICES_NAMED = 10;

/** The devices with the fewest labels. */
export function neediest(labelsOf: ReadonlyMap<string, number>): string[] {
  return [...labelsOf]
    .sort(([x, few], [y, many]) => few - many || (x < y ? -1 : 1))
    .slice(0, DEVICES_NAMED)
    .map(([deviceId]) => deviceId);
}

/**
 * The smallest of 10, 20, 40, ... that suffices; what exceeds any patience is said as the largest.
 * @param suffices whether so many labels more would settle it, were the release good
 */
export function labelsNeeded(suffices: (more: number) => boolean): number {
  let more = 10;
  while (more < MOST_LABELS && !suffices(more)) more *= 2;
  return more;
}

const MOST_LABELS = 5120;
