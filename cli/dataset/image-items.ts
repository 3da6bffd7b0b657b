/** Items of images whose class is known. */
import type { Problem } from '../shared/problems';
import type { LabelledImage } from './dataset-source';
import { type GroupRule, identifierOf } from './group-rule';
import { itemIds, stemIdentifier } from './item-ids';
import type { SourceFile, SourceFiles } from './source-files';
import type { DatasetUploadItem } from './upload-item';

/**
 * One item per image. Without a rule each is a group of its own, since nothing says which images show the same part;
 * only files that differ in nothing but their suffix share one.
 * @returns every path that the rule does not fit as a problem
 */
export function imageItems(
  images: readonly LabelledImage[],
  files: Pick<SourceFiles, 'read'>,
  listed: readonly SourceFile[],
  groupRule: GroupRule | undefined,
): { items: DatasetUploadItem[]; problems: Problem[] } {
  const times = new Map(listed.map(({ path, modifiedAt }) => [path, modifiedAt]));
  const ids = itemIds(images.map(({ path }) => path));
  const problems: Problem[] = [];
  const items = images.map(({ path, label, split }): DatasetUploadItem => {
    const part = groupRule?.(path);
    if (groupRule && part === undefined) {
      problems.push({ place: path, problem: 'the group rule does not fit it' });
    }
    return {
      id: ids.get(path) ?? stemIdentifier(path),
      groupId: part === undefined ? stemIdentifier(path) : identifierOf(part),
      label,
      origin: 'imported',
      capturedAt: (times.get(path) ?? new Date(0)).toISOString(),
      ...(split === undefined ? {} : { split }),
      path,
      read: () => files.read(path),
    };
  });
  return { items, problems };
}
