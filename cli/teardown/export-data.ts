/** Writes what an environment holds to a folder of this machine. A run that was cut off is finished by running it again. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { DescribeModelPackageCommand } from '@aws-sdk/client-sagemaker';
import type { Clients } from '../shared/clients';
import { scanTable } from '../shared/dynamo';
import { InputError } from '../shared/errors';

/** Keys are chosen by devices too: none may lead out of the folder. */
function pathOf(folder: string, key: string): string {
  const path = resolve(folder, key);
  if (!path.startsWith(resolve(folder) + sep))
    throw new InputError(`object '${key}': leads out of '${folder}'`);
  return path;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** Whole or not at all, so that a file of the right size is the object. */
async function writeWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await write(`${path}.part`);
  await rename(`${path}.part`, path);
}

/** The current version of every object; those that an earlier run has written are left alone. */
export async function exportBucket(s3: Clients['s3'], bucket: string, folder: string): Promise<void> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
    for (const { Key = '', Size } of Contents) {
      const path = pathOf(folder, Key);
      if ((await sizeOf(path)) === Size) continue;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      await writeWhole(path, (temporary) => pipeline(Body as Readable, createWriteStream(temporary)));
    }
  }
}

/** Every item, a line of JSON each. */
export async function exportTable(dynamoDb: Clients['dynamoDb'], table: string, file: string): Promise<void> {
  const items = await scanTable(dynamoDb, table);
  const lines = items.map((item) => `${JSON.stringify(item)}\n`).join('');
  await writeWhole(file, (temporary) => writeFile(temporary, lines));
}

/** One file per package: those that are deleted already keep theirs. */
export async function exportModelPackages(
  sageMaker: Clients['sageMaker'],
  arns: readonly string[],
  folder: string,
): Promise<void> {
  for (const arn of arns) {
    const { $metadata, ...described } = await sageMaker.send(
      new DescribeModelPackageCommand({ ModelPackageName: arn }),
    );
    const file = join(folder, `${described.ModelPackageVersion ?? 'unversioned'}.json`);
    await writeWhole(file, (temporary) => writeFile(temporary, `${JSON.stringify(described, null, 2)}\n`));
  }
}
