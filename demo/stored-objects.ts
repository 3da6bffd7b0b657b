import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** Bytes of all objects under a prefix. */
export async function sizeOfObjects(s3: S3Client, bucket: string, prefix: string): Promise<number> {
  let bytes = 0;
  const below = { Bucket: bucket, Prefix: prefix };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, below)) {
    for (const { Size = 0 } of Contents) bytes += Size;
  }
  return bytes;
}
