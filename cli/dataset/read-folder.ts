/** Items of a folder: whatever lies in it is taken, or counted and named as left out. */
import { posix } from 'node:path';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../lambda/shared/concurrency';
import { decodeText } from '../shared/decode-text';
import { type DatasetSource, emptySource, type ReadDatasetOptions } from './dataset-source';
import { FORMAT_BYTES, isImage } from './image-format';
import { imageItems } from './image-items';
import { collapsed, junkIn, type LeftOut } from './layouts/left-out';
import { placeImages } from './layouts/place-images';
import { labelByCoco, mayBeCoco, parseCoco } from './read-coco';
import type { SourceFile, SourceFiles, SourceListing } from './source-files';

/** Files with these names are taken for images without a look into them, and refused by name if they are none. */
const IMAGE_SUFFIXES = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png'],
  ...['.gif', '.bmp', '.tif', '.tiff', '.webp', '.heic', '.heif', '.avif'],
];

export const hasImageSuffix = (path: string): boolean =>
  IMAGE_SUFFIXES.includes(posix.extname(path).toLowerCase());

export interface SortedFiles {
  readonly images: readonly SourceFile[];
  readonly others: readonly SourceFile[];
  readonly leftOut: readonly LeftOut[];
  /** Names of the folders directly below that may be classes. */
  readonly folders: readonly string[];
}

async function isImageFile(files: Pick<SourceFiles, 'head'>, { path }: SourceFile): Promise<boolean> {
  if (hasImageSuffix(path)) return true;
  return isImage(await files.head(path, FORMAT_BYTES));
}

/** Tells images by their content where their name does not say it. */
export async function sortFiles(
  files: Pick<SourceFiles, 'head'>,
  listing: SourceListing,
): Promise<SortedFiles> {
  const leftOut: LeftOut[] = listing.unreadable.map(({ path, reason }) => ({ path, reason, files: 1 }));
  const kept = listing.files.filter(({ path }) => {
    const junk = junkIn(path);
    if (junk) leftOut.push({ ...junk, files: 1 });
    return junk === undefined;
  });
  const looked = await mapConcurrently(kept, DEFAULT_CONCURRENCY, async (file) => {
    try {
      return { file, kind: (await isImageFile(files, file)) ? 'image' : 'other' };
    } catch (error) {
      const reason = `cannot be read: ${(error as Error).message.split(',')[0]}`;
      leftOut.push({ path: file.path, reason, files: 1 });
      return { file, kind: 'unreadable' };
    }
  });
  const of = (kind: string) => looked.filter((found) => found.kind === kind).map(({ file }) => file);
  return {
    images: of('image'),
    others: of('other'),
    leftOut: collapsed(leftOut),
    folders: listing.folders.filter((folder) => junkIn(folder) === undefined),
  };
}

/** Annotations in the format of COCO among the files that are no images, with their place. */
async function findCoco(files: Pick<SourceFiles, 'read'>, others: readonly SourceFile[]) {
  const candidates = others.filter(({ path }) => mayBeCoco(path));
  const parsed = await mapConcurrently(candidates, 2, async ({ path }) => ({
    path,
    coco: parseCoco(decodeText(await files.read(path)).text),
  }));
  return parsed.flatMap(({ path, coco }) => (typeof coco === 'string' ? [] : [{ path, coco }]));
}

const NO_IMAGE = 'no image, told by its content';
const asLeftOut = (list: readonly SourceFile[], reason: string): LeftOut[] =>
  list.map(({ path }) => ({ path, reason, files: 1 }));

/**
 * Labels images by annotations of COCO.
 * @param read the annotations with their paths
 */
function fromCoco(
  read: Awaited<ReturnType<typeof findCoco>>,
  files: SourceFiles,
  { images, others, leftOut }: SortedFiles,
  { groupRule, unannotated }: ReadDatasetOptions,
): DatasetSource {
  const paths = images.map(({ path }) => path);
  const labelled = read.map(({ path, coco }) => labelByCoco(path, coco, paths, unannotated));
  const all = labelled.flatMap((found) => found.images);
  const { items, problems } = imageItems(all, files, images, groupRule);
  const known = new Set(
    labelled.flatMap((found) => [...found.images, ...found.leftOut].map(({ path }) => path)),
  );
  const isProblem = labelled.some((found) => found.problems.length > 0);
  const unknown = images.filter(({ path }) => !known.has(path));
  return {
    layout: 'COCO',
    items,
    leftOut: [
      ...leftOut,
      ...labelled.flatMap((found) => found.leftOut),
      ...(isProblem ? [] : asLeftOut(unknown, 'in no annotations')),
      ...asLeftOut(
        others.filter(({ path }) => !read.some((one) => one.path === path)),
        NO_IMAGE,
      ),
    ],
    notes: [`classes are the categories of ${read.map(({ path }) => path).join(', ')}`],
    problems: [...labelled.flatMap((found) => found.problems), ...problems],
  };
}

/** @param file annotations in the format of COCO; its images lie below the same folder */
export async function readCocoFile(
  files: SourceFiles,
  file: string,
  options: ReadDatasetOptions,
): Promise<DatasetSource> {
  const coco = parseCoco(decodeText(await files.read(file)).text);
  if (typeof coco === 'string') return emptySource('COCO', [{ place: file, problem: coco }]);
  const sorted = await sortFiles(files, await files.list());
  return fromCoco([{ path: file, coco }], files, sorted, options);
}

/** @param source as the operator has named it, for commands that are suggested */
export async function readFolder(
  source: string,
  files: SourceFiles,
  listing: SourceListing,
  options: ReadDatasetOptions,
): Promise<DatasetSource> {
  const sorted = await sortFiles(files, listing);
  const { images, others, folders } = sorted;
  const coco = await findCoco(files, others);
  if (coco.length > 0) return fromCoco(coco, files, sorted, options);
  const pathsOf = (list: readonly SourceFile[]) => list.map(({ path }) => path);
  const placement = placeImages({ source, images: pathsOf(images), others: pathsOf(others), folders });
  const { items, problems } = imageItems(placement.images, files, images, options.groupRule);
  return {
    layout: placement.layout,
    items,
    leftOut: [...sorted.leftOut, ...placement.leftOut, ...asLeftOut(others, NO_IMAGE)],
    notes: placement.notes,
    problems: images.length === 0 ? [] : [...placement.problems, ...problems],
  };
}
