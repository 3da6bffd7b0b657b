/** Objects of S3, as several nouns look for, hash and copy them. */
import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  type S3Client,
} from '@aws-sdk/client-s3';
import { copySource, type S3Location, s3Uri } from '../../contracts/s3-address';

type Client = Pick<S3Client, 'send'>;

/** An object as it was when it was hashed. */
export interface HashedObject {
  readonly sha256: string;
  readonly bytes: number;
  /** Lets a copy fail when the object has changed since. */
  readonly etag: string;
}

/** What `read` answers; `undefined` when there is no such object. HEAD has no body to say NoSuchKey in. */
export async function ifThere<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof NoSuchKey || error instanceof NotFound) return undefined;
    throw error;
  }
}

export async function objectExists(client: Client, { bucket, key }: S3Location): Promise<boolean> {
  const head = client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  return (await ifThere(head)) !== undefined;
}

/** Hashes an object as it streams in: it need not fit into memory. @throws NoSuchKey */
export async function hashObject(client: Client, { bucket, key }: S3Location): Promise<HashedObject> {
  const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!Body || !ETag) throw new Error(`${s3Uri(bucket, key)} has no body`);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of Body as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes, etag: ETag };
}

/** @param etag of the source as it was hashed: a copy of anything else fails */
export async function copyObject(
  client: Client,
  source: S3Location,
  etag: string,
  target: S3Location,
): Promise<void> {
  await client.send(
    new CopyObjectCommand({
      Bucket: target.bucket,
      Key: target.key,
      CopySource: copySource(source),
      CopySourceIfMatch: etag,
    }),
  );
}
