/** Names of the dataset: keys of its bucket, variables, events. */

export const DATASET_VARIABLES = {
  bucket: 'DATASET_BUCKET',
  labelTable: 'LABEL_TABLE',
} as const;

/** Detail types of its events. */
export const DATASET_EVENTS = {
  accepted: 'Dataset Accepted',
  rejected: 'Dataset Rejected',
} as const;

/** Where images lie; the gate reads nothing else. */
export const IMAGE_PREFIX = 'images/';
/** Where manifests lie, in whatever state. */
export const MANIFEST_PREFIX = 'manifests/';
/** An upload here is announced to the gate. */
export const INCOMING_PREFIX = `${MANIFEST_PREFIX}incoming/`;
/** What may be trained from. */
export const ACCEPTED_PREFIX = `${MANIFEST_PREFIX}accepted/`;
const REJECTED_PREFIX = `${MANIFEST_PREFIX}rejected/`;
export const MANIFEST_SUFFIX = '.jsonl';
/** Names the dataset in force. */
export const CURRENT_KEY = `${MANIFEST_PREFIX}current.json`;

/** Formats of images by the suffix of their keys. */
export const IMAGE_CONTENT_TYPES = { jpg: 'image/jpeg', png: 'image/png' } as const;

/** Content-addressed key of an image. */
export function imageKey(sha256: string, suffix: keyof typeof IMAGE_CONTENT_TYPES = 'jpg'): string {
  return `${IMAGE_PREFIX}sha256/${sha256.slice(0, 2)}/${sha256}.${suffix}`;
}

export function incomingKey(name: string): string {
  return `${INCOMING_PREFIX}${name}${MANIFEST_SUFFIX}`;
}

/** Name of an incoming manifest, `undefined` when the key is not one. */
export function manifestName(key: string): string | undefined {
  const isManifest = key.startsWith(INCOMING_PREFIX) && key.endsWith(MANIFEST_SUFFIX);
  return isManifest ? key.slice(INCOMING_PREFIX.length, -MANIFEST_SUFFIX.length) || undefined : undefined;
}

/** @param sha256 digest of the accepted manifest's bytes */
export function acceptedKey(sha256: string): string {
  return `${ACCEPTED_PREFIX}${sha256}${MANIFEST_SUFFIX}`;
}

/** Digest in the name of an accepted manifest; `undefined` when `address`, a key or an URI, is not one's. */
export function acceptedDigest(address: string): string | undefined {
  const [, name = ''] = address.split(ACCEPTED_PREFIX);
  const digest = name.slice(0, -MANIFEST_SUFFIX.length);
  return acceptedKey(digest) === `${ACCEPTED_PREFIX}${name}` && /^[0-9a-f]{64}$/.test(digest)
    ? digest
    : undefined;
}

/** Behind the key or URI of an accepted manifest: the list of the objects that it needs, as S3DataType ManifestFile. */
export const OBJECT_LIST_SUFFIX = '.objects.json';

export function rejectedKey(name: string): string {
  return `${REJECTED_PREFIX}${name}.report.json`;
}
