/** Where a dataset comes from: a folder of this machine or a prefix of S3, seen alike. */
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
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
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  /** Names of the folders directly below, also of empty ones. */
  readonly folders: readonly string[];
  /** Entries that are there and cannot be looked at: a dangling link, a folder without permission. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

export interface SourceFiles {
  /** For messages. */
  readonly name: string;
  list(): Promise<SourceListing>;
  /** @throws Error when there is no such file */
  read(path: string): Promise<Uint8Array>;
  /** The first bytes of a file, fewer when it has no more. */
  head(path: string, bytes: number): Promise<Uint8Array>;
}

/** Whether a path stays inside the source: no root, no drive, no way up. */
export function isInside(path: string): boolean {
  const normal = posix.normalize(path);
  return path !== '' && !posix.isAbsolute(normal) && normal !== '..' && !normal.startsWith('../');
}

const byPath = (left: SourceFile, right: SourceFile): number => (left.path < right.path ? -1 : 1);

interface Found {
  readonly files: SourceFile[];
  readonly folders: string[];
  readonly unreadable: { readonly path: string; readonly reason: string }[];
}

/** `ENOENT: no such file or directory` without the path, which is said beside it. */
const reasonOf = (error: unknown): string => `cannot be read: ${(error as Error).message.split(',')[0]}`;

export class FolderFiles implements SourceFiles {
  constructor(readonly name: string) {}

  async list(): Promise<SourceListing> {
    const found: Found = { files: [], folders: [], unreadable: [] };
    await this.walk('', [], found);
    found.files.sort(byPath);
    found.unreadable.sort((left, right) => (left.path < right.path ? -1 : 1));
    return found;
  }

  async read(path: string): Promise<Uint8Array> {
    return readFile(join(this.name, path));
  }

  async head(path: string, bytes: number): Promise<Uint8Array> {
    const file = await open(join(this.name, path));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /**
   * Follows links, since large sets are often put together of them.
   * @param above real paths of the folders on the way: a link to one of them would lead round for ever
   */
  private async walk(folder: string, above: readonly string[], found: Found): Promise<void> {
    const here = join(this.name, folder);
    let names: string[];
    try {
      const real = await realpath(here);
      if (above.includes(real)) throw new Error('a link to a folder that it lies in');
      above = [...above, real];
      names = await readdir(here);
    } catch (error) {
      if (folder === '') throw error;
      found.unreadable.push({ path: folder, reason: reasonOf(error) });
      return;
    }
    const folders: string[] = [];
    await mapConcurrently(names, DEFAULT_CONCURRENCY, async (name) => {
      const path = folder === '' ? name : `${folder}/${name}`;
      try {
        const information = await stat(join(here, name));
        if (information.isDirectory()) folders.push(path);
        else if (information.isFile()) found.files.push({ path, modifiedAt: information.mtime });
        else found.unreadable.push({ path, reason: 'is neither a file nor a folder' });
      } catch (error) {
        found.unreadable.push({ path, reason: reasonOf(error) });
      }
    });
    folders.sort();
    if (folder === '') found.folders.push(...folders);
    for (const path of folders) await this.walk(path, above, found);
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
        if (path === '') continue;
        const [folder = '', ...deeper] = path.split('/');
        if (deeper.length > 0) folders.add(folder);
        // Consoles mark an empty folder by an object whose key ends in a slash.
        if (!path.endsWith('/')) files.push({ path, modifiedAt: LastModified ?? new Date(0) });
      }
    }
    return { files: files.sort(byPath), folders: [...folders].sort(), unreadable: [] };
  }

  read(path: string): Promise<Uint8Array> {
    return this.get(path);
  }

  async head(path: string, bytes: number): Promise<Uint8Array> {
    try {
      return await this.get(path, `bytes=0-${bytes - 1}`);
    } catch (error) {
      // S3 has no first byte of an empty object. The SDK has no class for this error.
      if (error instanceof Error && error.name === 'InvalidRange') return new Uint8Array();
      throw error;
    }
  }

  private async get(path: string, Range?: string): Promise<Uint8Array> {
    const Key = `${this.prefix}${posix.normalize(path)}`;
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key, Range }));
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

/** Annotations lie in a folder of their own beside those of the images (cocodataset.org). */
function rootAndFile(path: string): { readonly root: string; readonly file: string } {
  const [root, file] = [posix.dirname(path), posix.basename(path)];
  const isApart = /\.json$/i.test(file) && posix.basename(root) === 'annotations';
  return isApart ? { root: posix.dirname(root), file: `annotations/${file}` } : { root, file };
}

function s3Address(source: string, s3: (() => Clients['s3']) | undefined): DatasetAddress {
  const uri = s3LocationOf(source);
  if (!uri) throw new InputError(`dataset: must be s3://<bucket>/<prefix>, got '${source}'`);
  if (!s3) throw new InputError(`dataset: S3 cannot be read here, got '${source}'`);
  const isFile = /\.(csv|tsv|txt|json|jsonl)$/i.test(uri.key);
  const { root, file } = rootAndFile(uri.key);
  const folder = isFile ? root : uri.key.replace(/\/+$/, '');
  const prefix = folder === '' || folder === '.' ? '' : `${folder}/`;
  return {
    files: new S3Files(s3(), uri.bucket, prefix),
    ...(isFile ? { file } : {}),
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
  const { root, file } = rootAndFile(source.replaceAll('\\', '/'));
  return { files: new FolderFiles(root), file };
}
