import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type S3Location, s3Uri } from '../../contracts/s3-address';
import { copyObject, type HashedObject, hashObject, objectExists } from '../shared/objects';

/** Reads of exports, and content-addressed writes to the model bucket. */
export class ModelBucket {
  constructor(
    private readonly client: Pick<S3Client, 'send'>,
    private readonly bucket: string,
  ) {}

  async readText({ bucket, key }: S3Location): Promise<string> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body) throw new Error(`${s3Uri(bucket, key)} has no body`);
    return Body.transformToString();
  }

  hash(location: S3Location): Promise<HashedObject> {
    return hashObject(this.client, location);
  }

  /**
   * Copies an object to a content-addressed key, unless it is there.
   * @param etag of the object as it was hashed: a copy of anything else fails
   */
  async keep(source: S3Location, etag: string, key: string): Promise<void> {
    const target = { bucket: this.bucket, key };
    if (await objectExists(this.client, target)) return;
    await copyObject(this.client, source, etag, target);
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
}
