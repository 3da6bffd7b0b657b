import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isErrorNamed } from '../shared/errors';
import { putEvent } from '../shared/events';
import { DETAIL_TYPES } from '../shared/names';
import type { AcceptManifestPorts, ManifestSource } from './accept-manifest/accept-manifest';
import type { Problem } from './check-manifest';
import type { CurrentDataset } from './current-dataset';
import { linesOf } from './lines';
import { CURRENT_KEY } from './names';

/** An object as it was when it was hashed. */
export interface HashedObject {
  readonly sha256: string;
  readonly etag: string;
}

function isMissing(error: unknown): boolean {
  return isErrorNamed(error, 'NoSuchKey', 'NotFound');
}

/** Hashes an object as it streams in; `undefined` when there is none. */
export async function hashObject(
  client: Pick<S3Client, 'send'>,
  bucket: string,
  key: string,
): Promise<HashedObject | undefined> {
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body || !ETag) throw new Error(`s3://${bucket}/${key} has no body`);
    const hash = createHash('sha256');
    for await (const chunk of Body as AsyncIterable<Uint8Array>) hash.update(chunk);
    return { sha256: hash.digest('hex'), etag: ETag };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The dataset bucket as the gate and the merge see it. */
export class DatasetBucket implements AcceptManifestPorts {
  constructor(
    private readonly client: Pick<S3Client, 'send'>,
    readonly name: string,
  ) {}

  now(): Date {
    return new Date();
  }

  async openManifest(key: string): Promise<ManifestSource> {
    const { Body, LastModified } = await this.client.send(
      new GetObjectCommand({ Bucket: this.name, Key: key }),
    );
    if (!Body) throw new Error(`s3://${this.name}/${key} has no body`);
    return { lines: linesOf(Body as AsyncIterable<Uint8Array>), lastModified: LastModified ?? new Date() };
  }

  async digest(key: string): Promise<string | undefined> {
    return (await hashObject(this.client, this.name, key))?.sha256;
  }

  async exists(key: string): Promise<boolean> {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async currentDataset(): Promise<CurrentDataset | undefined> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: CURRENT_KEY }));
      return Body && (JSON.parse(await Body.transformToString()) as CurrentDataset);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async put(key: string, body: string, contentType: string): Promise<void> {
    await this.client.send(
      new PutObjectCommand({ Bucket: this.name, Key: key, Body: body, ContentType: contentType }),
    );
  }

  /** @param etag of the source as it was hashed: a copy of anything else fails */
  async copyFrom(bucket: string, sourceKey: string, etag: string, key: string): Promise<void> {
    await this.client.send(
      new CopyObjectCommand({
        Bucket: this.name,
        Key: key,
        CopySource: `${bucket}/${sourceKey.split('/').map(encodeURIComponent).join('/')}`,
        CopySourceIfMatch: etag,
      }),
    );
  }

  async accepted({ key, manifestSha256, items, classes }: CurrentDataset): Promise<void> {
    const manifestUri = `s3://${this.name}/${key}`;
    await putEvent(DETAIL_TYPES.datasetAccepted, { manifestUri, manifestSha256, items, classes });
  }

  async rejected(manifest: string, report: string, problems: readonly Problem[]): Promise<void> {
    await putEvent(DETAIL_TYPES.datasetRejected, {
      manifestUri: `s3://${this.name}/${manifest}`,
      reportUri: `s3://${this.name}/${report}`,
      problems: problems.length,
    });
  }
}
