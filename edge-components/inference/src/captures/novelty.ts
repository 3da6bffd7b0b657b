import type { Histogram, Release } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import type { ImageStatistics, Inference } from '../ports';

/** As the contract inference-result has it: what is beyond says no more. */
const LARGEST_NOVELTY = 1000;

/** What of a release says which frames are novel. */
export type NoveltyRules = Pick<Release, 'novelty'> & {
  readonly baseline: Pick<Release['baseline'], 'brightness' | 'contrast' | 'sharpness'>;
};

/**
 * The graph's score / the limit that is signed for the variant, so that above 1 the frame is novel; 0..1000, and 1000 for a
 * score that is no number. Undefined where the release has no score.
 */
export function relativeNovelty(
  { novelty: score = Number.NaN }: Pick<Inference, 'novelty'>,
  { novelty }: Pick<Release, 'novelty'>,
  variant: string,
): number | undefined {
  if (!novelty) return undefined;
  const ratio = score / (ownValue(novelty.limits, variant) ?? Number.NaN);
  return Number.isNaN(ratio) ? LARGEST_NOVELTY : Math.min(LARGEST_NOVELTY, Math.max(0, ratio));
}

/** Whether the frame is unlike those of the release's training, by the graph's score or by a statistic of the image. */
export function isNovel(
  inference: Pick<Inference, 'statistics' | 'novelty'>,
  release: NoveltyRules,
  variant: string,
): boolean {
  const ratio = relativeNovelty(inference, release, variant);
  return (ratio !== undefined && ratio > 1) || isOutlying(inference.statistics, release.baseline);
}

/**
 * A value is in a tail when less than this share of the n validation images lie as far out. For an image drawn like these
 * the probability of that is at most ceil(TAIL n) / (n + 1) on each side: by symmetry each of the n + 1 images is equally
 * likely to be the new one, and at most ceil(TAIL n) of them have that few of the others at or beyond their bin. Three
 * statistics with two sides each make at most 6 ceil(TAIL n) / (n + 1) false alarms: 3 % for 200, 400, ... validation images
 * and in the limit, never above 6 % from 100 images on; fewer where the statistics move together or the outer bins hold more.
 */
const TAIL = 0.005;

/** Whether the image lies where the release was hardly validated, by any of its statistics. */
export function isOutlying(statistics: ImageStatistics, baseline: NoveltyRules['baseline']): boolean {
  return (['brightness', 'contrast', 'sharpness'] as const).some((name) =>
    isInTail(statistics[name], baseline[name]),
  );
}

/**
 * Whether fewer than {@link TAIL} of the counted values lie as far out as the bin of `value`, on either side. An empty bin
 * between full ones is no tail: a split of some hundred images leaves bins empty by chance. A histogram without counts
 * calls nothing novel: it knows nothing.
 */
export function isInTail(value: number, { minimum, maximum, counts }: Histogram): boolean {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return false;
  const position = Math.floor(((value - minimum) / (maximum - minimum)) * counts.length);
  const bin = Math.min(counts.length - 1, Math.max(0, position));
  const upTo = counts.slice(0, bin + 1).reduce((sum, count) => sum + count, 0);
  const from = total - upTo + (counts[bin] as number);
  return Math.min(upTo, from) < TAIL * total;
}
