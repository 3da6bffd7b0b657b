/** Copies between S3 and job directories. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { messageOf } from '../errors';
import { type Json, listOf, objectOf } from '../json';

/** Small files are bound by round trips, not by bandwidth. */
const CONCURRENT_TRANSFERS = 24;

export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** @throws Error ClientError when it is not an S3 URI */
export function parseS3Uri(uri: string): S3Location {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Error(`ClientError: '${uri}' is not an S3 URI`);
  }
  return { bucket: match[1], key: match[2] };
}

/**
 * Name of an object below the folder that an S3Prefix is copied to: relative to the prefix when that is a folder
 * or the object itself, else relative to the prefix's last slash.
 */
export function nameBelow(prefix: string, key: string): string {
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  if (key.startsWith(folder)) return key.slice(folder.length);
  return key.slice(prefix.lastIndexOf('/') + 1);
}

/** ShardedByS3Key: the objects of one host; FullyReplicated: all of them. */
export function shardOf<T>(
  objects: readonly T[],
  distribution: Json,
  host: number,
  hosts: number,
): readonly T[] {
  return distribution === 'ShardedByS3Key'
    ? objects.filter((_object, index) => index % hosts === host)
    : objects;
}

/** Runs `work` over `items`, `limit` at a time; the first error stops the rest. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      signal.throwIfAborted();
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** The service's own faults are retried by retry policies, the user's mistakes are not. */
function described(error: unknown, action: string): Error {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  if (name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ABORT_ERR') return error as Error;
  const theirs = ($metadata?.httpStatusCode ?? 500) >= 500;
  return new Error(`${theirs ? 'InternalServerError' : 'ClientError'}: ${action}: ${name}: ${message}`, {
    cause: error,
  });
}

/** What is copied: an object, and its name below the folder. */
interface Wanted {
  readonly location: S3Location;
  readonly name: string;
}

/**
 * What a `ManifestFile` lists: `[{"prefix": "s3://bucket/folder/"}, "name", ...]`, where a URI is prefix and name put
 * together (docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).
 * @throws Error ClientError when it is anything else
 */
export function listedObjects(list: Json, uri: string): Wanted[] {
  const [head, ...names] = listOf(list);
  const { prefix } = objectOf(head);
  if (typeof prefix !== 'string' || !names.every((name) => typeof name === 'string')) {
    throw new Error(`ClientError: ManifestFile ${uri}: must be [{"prefix": <S3 URI>}, <name>, ...]`);
  }
  return names.map((name) => ({ location: parseS3Uri(`${prefix}${name}`), name: String(name) }));
}

export interface DownloadRequest {
  readonly uri: string;
  /** `S3Prefix` or `ManifestFile`. @default S3Prefix */
  readonly dataType?: Json;
  readonly directory: string;
  readonly distribution?: Json;
  readonly host?: number;
  readonly hosts?: number;
  /** Nothing below the prefix is no error. @default false */
  readonly mayBeEmpty?: boolean;
  readonly signal: AbortSignal;
}

export class S3Store {
  constructor(private readonly client: S3Client) {}

  /**
   * Copies every object below a prefix, or every one that a list names.
   * @throws Error ClientError when there is none and there must be one, or one that is listed is missing
   */
  async download(request: DownloadRequest): Promise<number> {
    const objects =
      request.dataType === 'ManifestFile'
        ? listedObjects(await this.readJson(request.uri), request.uri)
        : await this.below(request);
    if (objects.length === 0 && !request.mayBeEmpty) {
      throw new Error(`ClientError: Data download failed: no S3 objects found under '${request.uri}'`);
    }
    const { distribution, host = 0, hosts = 1, directory, signal } = request;
    const wanted = shardOf(objects, distribution, host, hosts);
    await mkdir(directory, { recursive: true });
    await inParallel(wanted, CONCURRENT_TRANSFERS, signal, async ({ location, name }) => {
      const target = resolve(directory, name);
      if (!target.startsWith(resolve(directory) + sep)) {
        throw new Error(`ClientError: the key '${location.key}' leads out of the input's folder`);
      }
      await this.fetch(location, target, signal);
    });
    return wanted.length;
  }

  private async below(request: DownloadRequest): Promise<Wanted[]> {
    const { bucket, key } = parseS3Uri(request.uri);
    const keys = await this.list(bucket, key, request);
    return keys.map((found) => ({ location: { bucket, key: found }, name: nameBelow(key, found) }));
  }

  private async list(bucket: string, prefix: string, { uri, signal }: DownloadRequest): Promise<string[]> {
    const keys: string[] = [];
    try {
      for await (const page of paginateListObjectsV2(
        { client: this.client },
        { Bucket: bucket, Prefix: prefix },
        { abortSignal: signal },
      )) {
        for (const { Key } of page.Contents ?? []) if (Key && !Key.endsWith('/')) keys.push(Key);
      }
    } catch (error) {
      throw described(error, `Data download failed: ${uri}`);
    }
    return keys;
  }

  private async fetch(location: S3Location, file: string, signal: AbortSignal): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    let body: Readable;
    try {
      const answer = await this.client.send(
        new GetObjectCommand({ Bucket: location.bucket, Key: location.key }),
        { abortSignal: signal },
      );
      body = answer.Body as Readable;
    } catch (error) {
      throw described(error, `Data download failed: s3://${location.bucket}/${location.key}`);
    }
    await pipeline(body, createWriteStream(file), { signal });
  }

  /** One object to a file. */
  async downloadFile(uri: string, file: string, signal: AbortSignal): Promise<void> {
    await this.fetch(parseS3Uri(uri), file, signal);
  }

  async uploadFile(file: string, uri: string): Promise<void> {
    const { bucket, key } = parseS3Uri(uri);
    const { size } = await stat(file);
    try {
      await this.client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: createReadStream(file),
          ContentLength: size,
        }),
      );
    } catch (error) {
      throw described(error, `Data upload failed: ${uri}`);
    }
  }

  /** Every file below a folder, under the same names. */
  async uploadFolder(directory: string, uri: string, signal: AbortSignal): Promise<number> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    await inParallel(files, CONCURRENT_TRANSFERS, signal, (file) =>
      this.uploadFile(file, `${uri.replace(/\/$/, '')}/${relative(directory, file).split(sep).join('/')}`),
    );
    return files.length;
  }

  async readText(uri: string): Promise<string> {
    const { bucket, key } = parseS3Uri(uri);
    try {
      const answer = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await answer.Body?.transformToString()) ?? '';
    } catch (error) {
      throw described(error, `could not read ${uri}`);
    }
  }

  async readJson(uri: string): Promise<Json> {
    const text = await this.readText(uri);
    try {
      return JSON.parse(text) as Json;
    } catch (error) {
      throw new Error(`ClientError: ${uri} is not JSON: ${messageOf(error)}`);
    }
  }

  async exists(uri: string): Promise<boolean> {
    const { bucket, key } = parseS3Uri(uri);
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return true;
    } catch (error) {
      if (['NotFound', 'NoSuchKey', 'NoSuchBucket', '404'].includes((error as Error).name)) return false;
      throw described(error, uri);
    }
  }
}
