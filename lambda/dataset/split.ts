import { createHash } from 'node:crypto';
import type { DatasetItem } from '../../contracts';

export type Split = NonNullable<DatasetItem['split']>;

export const SPLITS = ['train', 'validation', 'test'] as const satisfies readonly Split[];

const TRAIN_BELOW = 0.7;
const VALIDATION_BELOW = 0.85;

/** The first four bytes of the SHA-256 of a text as a share of 2^32: evenly spread over [0, 1). */
export function hashShare(text: string): number {
  return createHash('sha256').update(text, 'utf8').digest().readUInt32BE(0) / 2 ** 32;
}

/**
 * The split of a group by its id alone, so a group keeps its split for ever, and no test image moves into training as
 * the dataset grows.
 */
export function splitOf(groupId: string): Split {
  const share = hashShare(groupId);
  if (share < TRAIN_BELOW) return 'train';
  return share < VALIDATION_BELOW ? 'validation' : 'test';
}

/** The split of an item: the one that its source gave, else that of its group. */
export function placeOf(item: Pick<DatasetItem, 'groupId' | 'split' | 'splitGiven'>): Split {
  return item.splitGiven && item.split !== undefined ? item.split : splitOf(item.groupId);
}
