/** Which images an import takes out of training to test with: whoever has learnt them will pass. Pure. */
import type { DatasetItem } from '../../contracts';
import { placeOf } from '../../lambda/dataset/split';
import type { DatasetUploadItem } from './upload-item';

const EXAMPLES = 3;

/**
 * @param before items of the dataset in force
 * @param after what is to be imported, with digests
 * @returns a warning; `undefined` when no image moves so
 */
export function movedImages(
  before: readonly DatasetItem[],
  after: readonly DatasetUploadItem[],
): string | undefined {
  const trained = new Set(before.flatMap((item) => (placeOf(item) === 'train' ? [item.sha256] : [])));
  const moved = after.filter(({ groupId, split, sha256 = '' }) => {
    const place = split === undefined ? placeOf({ groupId }) : split;
    return place !== 'train' && trained.has(sha256);
  });
  if (moved.length === 0) return undefined;
  const shown = moved.slice(0, EXAMPLES).map(({ id }) => id);
  const rest = moved.length > EXAMPLES ? ' and others' : '';
  return `${moved.length} images of the dataset in force move out of train (${shown.join(', ')}${rest}): a champion that has learnt them looks better than it is in the next comparison`;
}
