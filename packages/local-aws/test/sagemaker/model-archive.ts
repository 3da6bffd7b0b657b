/** Looking into what a training job has left. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { extractArchive } from '../../sagemaker/jobs/archive';

/** The object behind `s3://bucket/key`. */
export async function readObject(s3: S3Client, uri: string): Promise<Buffer> {
  const { hostname: Bucket, pathname } = new URL(uri);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: pathname.slice(1) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** The content of one file of a model.tar.gz. */
export async function readModelFile(s3: S3Client, uri: string, file: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'model-archive-'));
  try {
    const archive = join(folder, 'model.tar.gz');
    writeFileSync(archive, await readObject(s3, uri));
    await extractArchive(archive, join(folder, 'model'));
    return readFileSync(join(folder, 'model', file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
