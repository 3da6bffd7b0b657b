/** Addresses of objects in S3, as they cross process boundaries: `s3://<bucket>/<key>`, and the source of a copy. Pure. */

/** An object, or the prefix of several. */
export interface S3Location {
  readonly bucket: string;
  /** As S3 knows it, not URL-encoded; empty for the whole bucket. */
  readonly key: string;
}

/** Bucket names: docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html. A key may hold any character. */
const S3_URI = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s;

/** An `s3://` URI in its parts, `undefined` when it is none. Nothing is decoded: such URIs hold keys as they are. */
export function s3LocationOf(uri: string): S3Location | undefined {
  const [, bucket, key = ''] = S3_URI.exec(uri) ?? [];
  return bucket === undefined ? undefined : { bucket, key };
}

export function s3Uri(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** `CopySource` of CopyObject, the one field of S3's API that the caller must URL-encode. */
export function copySource({ bucket, key }: S3Location): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
