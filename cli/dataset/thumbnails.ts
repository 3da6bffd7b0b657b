/** Small pictures of a few images for a report. */
import type { DatasetReport } from '../../contracts';
import { mapConcurrently } from '../../lambda/shared/concurrency';
import { thumbnailUri } from '../shared/thumbnail';
import type { DatasetUploadItem } from './upload-item';

/** So many of each class: enough to see what it looks like, and a page of a few megabytes for a hundred classes. */
export const MOST_OF_CLASS = 24;
export const MOST_DUPLICATE_SETS = 20;
export const MOST_OF_DUPLICATES = 6;
const AT_A_TIME = 8;

/** `count` of the values at even distances, the first among them. */
export function spread<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return Array.from(
    { length: count },
    (_, index) => values[Math.floor((index * values.length) / count)] as T,
  );
}

/** Ids of the images that a report shows. */
export function shownIds(report: DatasetReport, items: readonly DatasetUploadItem[]): Set<string> {
  const ofClasses = report.classes.flatMap((name) =>
    spread(
      items.filter(({ label }) => label === name),
      MOST_OF_CLASS,
    ).map(({ id }) => id),
  );
  const duplicates = [...report.nearDuplicates, ...report.exactDuplicates].slice(0, MOST_DUPLICATE_SETS);
  return new Set([...ofClasses, ...duplicates.flatMap(({ ids }) => ids.slice(0, MOST_OF_DUPLICATES))]);
}

/** Data URIs by id; an image that cannot be drawn is missing, since the report says what is wrong with it. */
export async function drawThumbnails(
  ids: ReadonlySet<string>,
  items: readonly DatasetUploadItem[],
): Promise<ReadonlyMap<string, string>> {
  const chosen = items.filter(({ id }) => ids.has(id));
  const drawn = await mapConcurrently(
    chosen,
    AT_A_TIME,
    async ({ id, read }): Promise<[string, string][]> => {
      const bytes = await read().catch(() => undefined);
      const uri = bytes && (await thumbnailUri(bytes));
      return uri === undefined ? [] : [[id, uri]];
    },
  );
  return new Map(drawn.flat());
}
