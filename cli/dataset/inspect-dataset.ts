/** Reads every image once: what it is, and what stands in the way of using it. */
import { createHash } from 'node:crypto';
import { type DatasetItem, problemsOf } from '../../contracts';
import { imageKey } from '../../lambda/dataset/names';
import { mapConcurrently } from '../../lambda/shared/concurrency';
import { countedProblems, type Problem } from '../shared/problems';
import type { OnProgress } from '../shared/progress';
import type { ImageFormat } from './image-format';
import { inspectImage } from './inspect-image';
import type { PerceptualHash } from './perceptual-hash';
import type { DatasetUploadItem } from './upload-item';

export interface InspectedItem {
  /** Its line of the manifest. */
  readonly line: DatasetItem;
  readonly hash: PerceptualHash;
  readonly width: number;
  readonly height: number;
  readonly source: DatasetUploadItem;
}

export interface CorruptImage {
  readonly id: string;
  readonly path: string;
  readonly reason: string;
}

export interface InspectedDataset {
  readonly items: readonly InspectedItem[];
  readonly corrupt: readonly CorruptImage[];
  /** What is wrong with the source rather than with an image. */
  readonly problems: readonly string[];
}

/** Decoded images at a time: enough for the decoder's threads, and at most 16 megapixels each. */
const IMAGES_AT_A_TIME = 8;

/** The line of the manifest, its fields in the order in which the gate writes them. */
export function manifestLine(item: DatasetUploadItem, sha256: string, format: ImageFormat): DatasetItem {
  const { id, groupId, label, origin, capturedAt, split } = item;
  const given = split === undefined ? {} : ({ split, splitGiven: true } as const);
  return { id, groupId, key: imageKey(sha256, format), sha256, label, origin, capturedAt, ...given };
}

/** What is wrong with an item's line: the contract's rules, and a digest that is not the promised one. */
export function lineProblems(item: DatasetUploadItem, line: DatasetItem): string[] {
  const problems = problemsOf('dataset-item', line);
  if (item.sha256 !== undefined && item.sha256 !== line.sha256) {
    problems.push(`sha256: the image has ${line.sha256}, the manifest says ${item.sha256}`);
  }
  return problems;
}

type Inspected = InspectedItem | CorruptImage | readonly Problem[];

async function inspectItem(source: DatasetUploadItem): Promise<Inspected> {
  const { id, path = id } = source;
  let bytes: Uint8Array;
  try {
    bytes = await source.read();
  } catch (error) {
    return [{ place: path, problem: `the image cannot be read: ${(error as Error).message}` }];
  }
  const image = await inspectImage(bytes);
  if (typeof image === 'string') return { id, path, reason: image };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const line = manifestLine(source, sha256, image.format);
  const problems = lineProblems(source, line);
  return problems.length > 0
    ? problems.map((problem) => ({ place: path, problem }))
    : { line, hash: image.hash, width: image.width, height: image.height, source };
}

/** Ids must be unique: they name items in reports, labels and golden samples. */
function repeatedIds(items: readonly DatasetUploadItem[]): Problem[] {
  const first = new Map<string, DatasetUploadItem>();
  return items.flatMap((item) => {
    const { id, path = id } = item;
    const before = first.get(id);
    if (!before) first.set(id, item);
    if (!before) return [];
    const problem = 'id: another image has it as well';
    return [{ place: path, problem, value: `${id}: ${before.path ?? before.id}` }];
  });
}

/** @param onProgress is told after each image */
export async function inspectDataset(
  items: readonly DatasetUploadItem[],
  onProgress: OnProgress = () => undefined,
): Promise<InspectedDataset> {
  let done = 0;
  const results = await mapConcurrently(items, IMAGES_AT_A_TIME, async (item) => {
    const result = await inspectItem(item);
    onProgress(++done, items.length);
    return result;
  });
  return {
    items: results.filter((result): result is InspectedItem => 'hash' in result),
    corrupt: results.filter((result): result is CorruptImage => 'reason' in result),
    problems: countedProblems([
      ...repeatedIds(items),
      ...results.flatMap((result) => (Array.isArray(result) ? result : [])),
    ]),
  };
}
