/** Classes of images from annotations in the format of COCO (cocodataset.org/#format-data). Pure. */
import { posix } from 'node:path';
import type { Split } from '../../lambda/dataset/split';
import type { Problem } from '../shared/problems';
import type { LabelledImage } from './dataset-source';
import { composedPath } from './find-file';
import type { LeftOut } from './layouts/left-out';
import { splitWithin } from './layouts/split-names';

/** The part of the format that is read. */
export interface CocoAnnotations {
  readonly images: readonly { readonly id: number | string; readonly file_name: string }[];
  readonly annotations: readonly {
    readonly image_id: number | string;
    readonly category_id: number | string;
  }[];
  readonly categories: readonly { readonly id: number | string; readonly name: string }[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isId = (value: unknown): boolean => typeof value === 'number' || typeof value === 'string';

/** The annotations, or why the text holds none. */
export function parseCoco(text: string): CocoAnnotations | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  const lists = isObject(value) ? [value.images, value.annotations, value.categories] : [];
  const [images, annotations, categories] = lists;
  if (!Array.isArray(images) || !Array.isArray(annotations) || !Array.isArray(categories)) {
    return 'must have the lists images, annotations and categories of COCO';
  }
  const isRight =
    images.every((image) => isObject(image) && isId(image.id) && typeof image.file_name === 'string') &&
    annotations.every((one) => isObject(one) && isId(one.image_id) && isId(one.category_id)) &&
    categories.every((one) => isObject(one) && isId(one.id) && typeof one.name === 'string');
  return isRight
    ? (value as CocoAnnotations)
    : 'each image must have id and file_name, each annotation image_id and category_id, each category id and name';
}

/** Whether a file may hold such annotations, told by its name: reading every JSON of a set would take long. */
export const mayBeCoco = (path: string): boolean =>
  /(^|[_./-])(coco|instances|annotations?)[^/]*\.json$/i.test(path);

/** The split in the name of the file, or of the folder where the file lies. */
const splitOfFile = (file: string): Split | undefined =>
  splitWithin(posix.basename(file)) ?? splitWithin(posix.basename(posix.dirname(file)));

/** Images by the end of their path: annotations name them relative to a folder that they do not name. */
class ImagesByEnd {
  private readonly byName = new Map<string, string[]>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      const name = posix.basename(composedPath(path));
      const same = this.byName.get(name);
      if (same) same.push(path);
      else this.byName.set(name, [path]);
    }
  }

  /** Images whose path ends so; of several only those in the annotations' own folder, when there are any. */
  find(name: string, folder: string): readonly string[] {
    const end = composedPath(name);
    const found = (this.byName.get(posix.basename(end)) ?? []).filter(
      (path) => composedPath(path) === end || composedPath(path).endsWith(`/${end}`),
    );
    const near = found.filter((path) => folder !== '.' && path.startsWith(`${folder}/`));
    return near.length > 0 ? near : found;
  }
}

function namesOfCategories(coco: CocoAnnotations): Map<number | string, Set<string>> {
  const names = new Map(coco.categories.map(({ id, name }) => [id, name]));
  const byImage = new Map<number | string, Set<string>>();
  for (const { image_id, category_id } of coco.annotations) {
    const name = names.get(category_id) ?? String(category_id);
    const found = byImage.get(image_id);
    if (found) found.add(name);
    else byImage.set(image_id, new Set([name]));
  }
  return byImage;
}

export interface CocoImages {
  readonly images: LabelledImage[];
  readonly leftOut: LeftOut[];
  readonly problems: Problem[];
}

/**
 * The class of an image is the category of its annotations, however many there are; where they differ nobody has said
 * which is the image's class.
 * @param file path of the annotations
 * @param paths of the images that there are
 * @param unannotated class of images without an annotation. @default - they are left out
 */
export function labelByCoco(
  file: string,
  coco: CocoAnnotations,
  paths: readonly string[],
  unannotated?: string,
): CocoImages {
  const split = splitOfFile(file);
  const categories = namesOfCategories(coco);
  const index = new ImagesByEnd(paths);
  const found: CocoImages = { images: [], leftOut: [], problems: [] };
  for (const { id, file_name: name } of coco.images) {
    const [path, second] = index.find(name, posix.dirname(file));
    const [label = unannotated, other] = [...(categories.get(id) ?? [])];
    if (path === undefined) {
      found.problems.push({ place: file, problem: 'there is no image', value: name });
    } else if (second !== undefined) {
      found.problems.push({ place: file, problem: 'several images are called so', value: name });
    } else if (other !== undefined) {
      found.problems.push({
        place: file,
        problem:
          'an image is annotated with several categories, and a classifier takes one: keep one, or import a table (path,label)',
        value: `${name}: ${label}, ${other}`,
      });
    } else if (label === undefined) {
      const reason = 'without an annotation: if that means good, say --unannotated good';
      found.leftOut.push({ path, reason, files: 1 });
    } else found.images.push({ path, label, ...(split === undefined ? {} : { split }) });
  }
  return found;
}
