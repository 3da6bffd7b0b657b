import type { Histogram, Release } from '../../../../contracts';
import type { ImageStatistics } from '../ports';

/**
 * Share of the validation images that may lie beyond a limit on one side of one statistic. Three statistics with two
 * sides each: of images like those of the validation split at most 6 x 0.5 % = 3 % are called novel, fewer where the
 * statistics move together or whole bins are empty.
 */
const TAIL = 0.005;

/** Whether the image lies where the release was hardly validated, by any of its statistics. */
export function isNovel(
  statistics: ImageStatistics,
  baseline: Pick<Release['baseline'], 'brightness' | 'contrast' | 'sharpness'>,
): boolean {
  return (['brightness', 'contrast', 'sharpness'] as const).some((name) =>
    isInTail(statistics[name], baseline[name]),
  );
}

/**
 * Whether fewer than {@link TAIL} of the counted values lie as far out as the bin of `value`, on either side. A histogram
 * without counts calls nothing novel: it knows nothing.
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
