import { createHash } from 'node:crypto';
import type { DatasetItem } from '../../contracts';

export type Split = NonNullable<DatasetItem['split']>;

const TRAIN_BELOW = 0.7;
const VALIDATION_BELOW = 0.85;

/**
 * The split of a group: the first four bytes of the SHA-256 of its id as a share of 2^32. A pure function of the id, so
 * a group keeps its split for ever, and no test image moves into training as the dataset grows.
 */
export function splitOf(groupId: string): Split {
  const share = createHash('sha256').update(groupId, 'utf8').digest().readUInt32BE(0) / 2 ** 32;
  if (share < TRAIN_BELOW) return 'train';
  return share < VALIDATION_BELOW ? 'validation' : 'test';
}
