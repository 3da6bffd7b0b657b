import { InvalidInputError } from '../shared/errors';

/** Where an object or a prefix lies. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** @throws InvalidInputError when `uri` is not `s3://<bucket>/<key>` */
export function parseS3Uri(uri: string, subject: string): S3Location {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(uri);
  const [, bucket, key] = found ?? [];
  if (!bucket || !key) throw new InvalidInputError(`${subject}: must be s3://<bucket>/<key>, got '${uri}'`);
  return { bucket, key };
}

export function s3Uri({ bucket, key }: S3Location): string {
  return `s3://${bucket}/${key}`;
}
