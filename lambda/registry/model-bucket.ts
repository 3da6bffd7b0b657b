import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isErrorNamed } from '../shared/errors';
import type { S3Location } from './s3-uri';

/** Reads of exports, and content-addressed writes to the model bucket. */
export class ModelBucket {
  constructor(
    private readonly client: Pick<S3Client, 'send'>,
    private readonly bucket: string,
  ) {}

  async readText({ bucket, key }: S3Location): Promise<string> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body) throw new Error(`s3://${bucket}/${key} has no body`);
    return Body.transformToString();
  }

  /** Streams the object: a model need not fit into memory. */
  async hash({ bucket, key }: S3Location): Promise<{ sha256: string; bytes: number; etag: string }> {
    const { Body, ETag } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body || !ETag) throw new Error(`s3://${bucket}/${key} has no body`);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of Body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
    return { sha256: hash.digest('hex'), bytes, etag: ETag };
  }

  /**
   * Copies an object to a content-addressed key, unless it is there.
   * @param etag of the object as it was hashed: a copy of anything else fails
   */
  async keep(source: S3Location, etag: string, key: string): Promise<void> {
    if (await this.has(key)) return;
    await this.client.send(
      new CopyObjectCommand({
        Bucket: this.bucket,
        Key: key,
        CopySource: `${source.bucket}/${encodeURIComponent(source.key).replaceAll('%2F', '/')}`,
        CopySourceIfMatch: etag,
      }),
    );
  }

  async put(key: string, body: Buffer): Promise<void> {
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: key,
        Body: body,
        ContentType: 'application/json',
      }),
    );
  }

  private async has(key: string): Promise<boolean> {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }));
      return true;
    } catch (error) {
      if (isErrorNamed(error, 'NotFound', 'NoSuchKey')) return false;
      throw error;
    }
  }
}
