import { posix } from 'node:path';
import { type GroupRule, identifierOf } from './group-rule';
import type { SourceFiles, SourceListing } from './source-files';
import type { DatasetUploadItem } from './upload-item';

/** Files with these names are taken for images, and refused by name when they are of a format that is not taken. */
const IMAGE_EXTENSIONS = [
  ...['.jpg', '.jpeg', '.png'],
  ...['.gif', '.bmp', '.tif', '.tiff', '.webp', '.heic', '.heif', '.avif'],
];

export const isImagePath = (path: string): boolean =>
  IMAGE_EXTENSIONS.includes(posix.extname(path).toLowerCase());

const withoutExtension = (path: string): string => path.slice(0, path.length - posix.extname(path).length);

/** Images of a listing and what is wrong with their places. */
function imagesIn({ files, folders }: SourceListing): { paths: string[]; problems: string[] } {
  const paths = files.map(({ path }) => path).filter(isImagePath);
  const problems = paths
    .filter((path) => !path.includes('/'))
    .map((path) => `${path}: lies in no folder, and the folder is the class`);
  const classes = new Set(paths.map((path) => path.split('/')[0]));
  const empty = folders.filter((folder) => !classes.has(folder));
  problems.push(...empty.map((folder) => `class '${folder}' is empty: its folder holds no image`));
  return { paths: paths.filter((path) => path.includes('/')), problems };
}

/**
 * One item per image; the first folder of its path is its class, deeper folders are free. Without a rule each image is
 * a group of its own, since nothing says which images show the same part.
 * @returns every problem beside the items: a class without an image, an image without a class, a path that the rule
 *   does not fit
 */
export function readClassFolders(
  files: Pick<SourceFiles, 'read'>,
  listing: SourceListing,
  groupRule: GroupRule | undefined,
): { items: DatasetUploadItem[]; problems: string[] } {
  const { paths, problems } = imagesIn(listing);
  if (paths.length === 0) return { items: [], problems: [] };
  const times = new Map(listing.files.map(({ path, modifiedAt }) => [path, modifiedAt]));
  const items = paths.map((path): DatasetUploadItem => {
    const id = identifierOf(withoutExtension(path));
    const part = groupRule?.(path);
    if (groupRule && part === undefined) problems.push(`${path}: the group rule does not fit it`);
    return {
      id,
      groupId: part === undefined ? id : identifierOf(part),
      label: path.split('/')[0] ?? '',
      origin: 'imported',
      capturedAt: (times.get(path) ?? new Date(0)).toISOString(),
      path,
      read: () => files.read(path),
    };
  });
  return { items, problems };
}
