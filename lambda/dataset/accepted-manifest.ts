import { createHash } from 'node:crypto';
import type { DatasetItem } from '../../contracts';
import type { Split } from './split';

/**
 * The manifest as the gate writes it. Its digest is the version of the dataset: the same items in the same order are
 * the same dataset.
 */
export function acceptedManifest(items: readonly (DatasetItem & { readonly split: Split })[]): {
  readonly body: string;
  readonly sha256: string;
} {
  const body = items.map((item) => `${JSON.stringify(item)}\n`).join('');
  return { body, sha256: createHash('sha256').update(body).digest('hex') };
}
