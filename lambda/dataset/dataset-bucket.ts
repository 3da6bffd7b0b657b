import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type S3Location, s3Uri } from '../../contracts/s3-address';
import { putEvent } from '../shared/events';
import { copyObject, hashObject, ifThere, objectExists } from '../shared/objects';
import type { AcceptManifestPorts, ManifestSource } from './accept-manifest/accept-manifest';
import type { Problem } from './check-manifest';
import type { CurrentDataset } from './current-dataset';
import { linesOf } from './lines';
import { CURRENT_KEY, DATASET_EVENTS } from './names';

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
    if (!Body) throw new Error(`${this.uriOf(key)} has no body`);
    return { lines: linesOf(Body as AsyncIterable<Uint8Array>), lastModified: LastModified ?? new Date() };
  }

  async digest(key: string): Promise<string | undefined> {
    return (await ifThere(hashObject(this.client, { bucket: this.name, key })))?.sha256;
  }

  exists(key: string): Promise<boolean> {
    return objectExists(this.client, { bucket: this.name, key });
  }

  async currentDataset(): Promise<CurrentDataset | undefined> {
    const get = this.client.send(new GetObjectCommand({ Bucket: this.name, Key: CURRENT_KEY }));
    const text = await (await ifThere(get))?.Body?.transformToString();
    return text === undefined ? undefined : (JSON.parse(text) as CurrentDataset);
  }

  async put(key: string, body: string, contentType: string): Promise<void> {
    await this.client.send(
      new PutObjectCommand({ Bucket: this.name, Key: key, Body: body, ContentType: contentType }),
    );
  }

  /** @param etag of the source as it was hashed: a copy of anything else fails */
  copyFrom(source: S3Location, etag: string, key: string): Promise<void> {
    return copyObject(this.client, source, etag, { bucket: this.name, key });
  }

  uriOf(key: string): string {
    return s3Uri(this.name, key);
  }

  async accepted({ key, manifestSha256, items, classes }: CurrentDataset): Promise<void> {
    const manifestUri = this.uriOf(key);
    await putEvent(DATASET_EVENTS.accepted, { manifestUri, manifestSha256, items, classes });
  }

  async rejected(manifest: string, report: string, problems: readonly Problem[]): Promise<void> {
    await putEvent(DATASET_EVENTS.rejected, {
      manifestUri: this.uriOf(manifest),
      reportUri: this.uriOf(report),
      problems: problems.length,
    });
  }
}
