import { createHash } from 'node:crypto';
import type { DatasetItem } from '../../contracts';
import { s3Uri } from '../../contracts/s3-address';
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

/**
 * What a job must be given to read a dataset: the manifest itself and each of its images, once. In the form of
 * `ManifestFile` (docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html): a prefix, and what follows it.
 * @param key of the manifest
 */
export function objectList(bucket: string, key: string, items: readonly Pick<DatasetItem, 'key'>[]): string {
  return JSON.stringify([{ prefix: s3Uri(bucket, '') }, key, ...new Set(items.map((item) => item.key))]);
}
