/** Looking into what a training job has left. */
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { extract } from 'tar-stream';

/** The object behind `s3://bucket/key`. */
export async function readObject(s3: S3Client, uri: string): Promise<Buffer> {
  const { hostname: Bucket, pathname } = new URL(uri);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: pathname.slice(1) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** The content of one file of a model.tar.gz. @throws Error when the archive does not have it */
export async function readModelFile(s3: S3Client, uri: string, file: string): Promise<Buffer> {
  const archive = extract();
  archive.end(gunzipSync(await readObject(s3, uri)));
  for await (const entry of archive) {
    if (entry.header.name === file) return buffer(entry);
    entry.resume();
  }
  throw new Error(`${uri} has no ${file}`);
}
