import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

/** Bytes of all objects under a prefix. */
export async function sizeOfObjects(s3: S3Client, bucket: string, prefix: string): Promise<number> {
  let bytes = 0;
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    for (const { Size } of page.Contents ?? []) bytes += Size ?? 0;
    token = page.NextContinuationToken;
  } while (token);
  return bytes;
}
