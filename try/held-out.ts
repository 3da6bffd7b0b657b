/** The images that the training has not seen, as parts on the line. */
import type { DatasetUploadItem } from '../cli/dataset/upload-item';
import type { StockFrame } from '../demo/inspection-line/frame-stock';
import { placeOf } from '../lambda/dataset/split';

/** The line holds its images in memory. */
const MOST_BYTES = 400_000_000;

/** Items of the test split, one class after the other in turn, so that any first part of them has every class. */
export function heldOutItems(items: readonly DatasetUploadItem[]): DatasetUploadItem[] {
  const byLabel = new Map<string, DatasetUploadItem[]>();
  for (const item of items) {
    const { groupId, split } = item;
    // An item says its split only where its source has given it.
    const place = placeOf({ groupId, ...(split !== undefined && { split, splitGiven: true }) });
    if (place === 'test') byLabel.set(item.label, [...(byLabel.get(item.label) ?? []), item]);
  }
  const longest = Math.max(0, ...[...byLabel.values()].map(({ length }) => length));
  return Array.from({ length: longest }).flatMap((_, index) =>
    [...byLabel.values()].flatMap((ofLabel) => ofLabel[index] ?? []),
  );
}

/**
 * @param items as {@link heldOutItems} orders them
 * @returns as many of them as memory is meant for
 */
export async function readHeldOut(
  items: readonly DatasetUploadItem[],
  mostBytes = MOST_BYTES,
): Promise<StockFrame[]> {
  const frames: StockFrame[] = [];
  let bytes = 0;
  for (const { id, label, read } of items) {
    const image = Buffer.from(await read());
    bytes += image.length;
    if (bytes > mostBytes && frames.length > 0) break;
    frames.push({ jpeg: image, label, name: id });
  }
  return frames;
}
