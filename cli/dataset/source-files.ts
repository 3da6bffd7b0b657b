/** Where a dataset comes from: a folder of this machine or a prefix of S3, seen alike. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { s3LocationOf, s3Uri } from '../../contracts/s3-address';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../lambda/shared/concurrency';
import type { Clients } from '../shared/clients';
import { InputError } from '../shared/errors';

export interface SourceFile {
  /** Relative to the source, with `/`. */
  readonly path: string;
  readonly modifiedAt: Date;
}

export interface SourceListing {
  /** In the order of their paths; hidden ones are left out. */
  readonly files: readonly SourceFile[];
  /** Names of the folders directly below, also of empty ones. */
  readonly folders: readonly string[];
}

export interface SourceFiles {
  /** For messages. */
  readonly name: string;
  list(): Promise<SourceListing>;
  /** @throws Error when there is no such file */
  read(path: string): Promise<Uint8Array>;
}

/** Whether a path stays inside the source: no root, no drive, no way up. */
export function isInside(path: string): boolean {
  const normal = posix.normalize(path);
  return path !== '' && !posix.isAbsolute(normal) && normal !== '..' && !normal.startsWith('../');
}

const isHidden = (path: string): boolean => path.split('/').some((part) => part.startsWith('.'));
const byPath = (left: SourceFile, right: SourceFile): number => (left.path < right.path ? -1 : 1);

export class FolderFiles implements SourceFiles {
  constructor(readonly name: string) {}

  async list(): Promise<SourceListing> {
    const paths = (await readdir(this.name, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
    const visible = paths.filter((path) => !isHidden(path));
    const entries = await mapConcurrently(visible, DEFAULT_CONCURRENCY, async (path) => {
      const information = await stat(join(this.name, path));
      return { path, modifiedAt: information.mtime, isFile: information.isFile() };
    });
    return {
      files: entries.filter(({ isFile }) => isFile).sort(byPath),
      folders: entries
        .filter(({ isFile, path }) => !isFile && !path.includes('/'))
        .map(({ path }) => path)
        .sort(),
    };
  }

  async read(path: string): Promise<Uint8Array> {
    return readFile(join(this.name, path));
  }
}

export class S3Files implements SourceFiles {
  readonly name: string;

  /** @param prefix empty, or ending in `/` */
  constructor(
    private readonly s3: Clients['s3'],
    private readonly bucket: string,
    private readonly prefix: string,
  ) {
    this.name = s3Uri(bucket, prefix);
  }

  async list(): Promise<SourceListing> {
    const files: SourceFile[] = [];
    const folders = new Set<string>();
    const below = { Bucket: this.bucket, Prefix: this.prefix };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.s3 }, below)) {
      for (const { Key = '', LastModified } of Contents) {
        const path = Key.slice(this.prefix.length);
        if (path === '' || isHidden(path)) continue;
        const [folder = '', ...deeper] = path.split('/');
        if (deeper.length > 0) folders.add(folder);
        // Consoles mark an empty folder by an object whose key ends in a slash.
        if (!path.endsWith('/')) files.push({ path, modifiedAt: LastModified ?? new Date(0) });
      }
    }
    return { files: files.sort(byPath), folders: [...folders].sort() };
  }

  async read(path: string): Promise<Uint8Array> {
    const Key = `${this.prefix}${posix.normalize(path)}`;
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
    if (!Body) throw new Error(`${s3Uri(this.bucket, Key)} has no body`);
    return Body.transformToByteArray();
  }
}

/** A source as its address says it. */
export interface DatasetAddress {
  readonly files: SourceFiles;
  /** The table or manifest that the address names, relative to `files`; absent for a folder. */
  readonly file?: string;
}

function s3Address(source: string, s3: (() => Clients['s3']) | undefined): DatasetAddress {
  const uri = s3LocationOf(source);
  if (!uri) throw new InputError(`dataset: must be s3://<bucket>/<prefix>, got '${source}'`);
  if (!s3) throw new InputError(`dataset: S3 cannot be read here, got '${source}'`);
  const isFile = /\.(csv|jsonl)$/i.test(uri.key);
  const folder = isFile ? posix.dirname(uri.key) : uri.key.replace(/\/+$/, '');
  const prefix = folder === '' || folder === '.' ? '' : `${folder}/`;
  return {
    files: new S3Files(s3(), uri.bucket, prefix),
    ...(isFile ? { file: posix.basename(uri.key) } : {}),
  };
}

/**
 * @param source a path of this machine, or an `s3://` address
 * @param s3 made on first use
 * @throws InputError when there is nothing
 */
export async function openSource(source: string, s3?: () => Clients['s3']): Promise<DatasetAddress> {
  if (source.startsWith('s3:')) return s3Address(source, s3);
  const information = await stat(source).catch(() => undefined);
  if (!information) throw new InputError(`dataset: there is no file or folder '${source}'`);
  if (!information.isFile()) return { files: new FolderFiles(source) };
  const path = source.replaceAll('\\', '/');
  return { files: new FolderFiles(posix.dirname(path)), file: posix.basename(path) };
}
