/** Keys of the dataset bucket. */

const INCOMING_PREFIX = 'manifests/incoming/';
const MANIFEST_SUFFIX = '.jsonl';

/** Where images lie; the gate reads nothing else. */
export const IMAGE_PREFIX = 'images/';
/** Names the dataset in force. */
export const CURRENT_KEY = 'manifests/current.json';

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
  return `manifests/accepted/${sha256}${MANIFEST_SUFFIX}`;
}

export function rejectedKey(name: string): string {
  return `manifests/rejected/${name}.report.json`;
}
