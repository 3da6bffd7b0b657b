/** Artifacts on disk: fetched, verified against the recipe's digest, given their permissions, unpacked. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeploymentError } from '../deployment/errors';
import { messageOf } from '../event-log';
import { syncDirectory } from '../storage/durable-file';
import type { Layout } from '../storage/layout';
import type { Artifact, PermissionHolder, Recipe } from './recipe';
import { UnarchiveError, unarchive } from './unarchive';

/** Opens an S3 object. @throws DeploymentError when it cannot be had */
export type OpenObject = (bucket: string, key: string, signal: AbortSignal) => Promise<Readable>;

/** @throws DeploymentError unless it is `s3://bucket/key` whose last part is a file name */
export function parseArtifactUri(uri: string): { bucket: string; key: string; fileName: string } {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/]+)\/(.+)$/i.exec(uri);
  if (match?.[1]?.toLowerCase() !== 's3')
    throw new DeploymentError(
      `artifact ${uri}: this device fetches s3:// only`,
      'ARTIFACT_DOWNLOAD_ERROR',
      'UNSUPPORTED_ARTIFACT_SCHEME',
    );
  const [, , bucket = '', key = ''] = match;
  const fileName = basename(key);
  if (fileName === '' || fileName === '.' || fileName === '..' || key.endsWith('/'))
    throw new DeploymentError(
      `artifact ${uri} names no file`,
      'ARTIFACT_DOWNLOAD_ERROR',
      'S3_ARTIFACT_URI_NOT_VALID',
    );
  return { bucket, key, fileName };
}

const READ_BITS: Readonly<Record<PermissionHolder, number>> = { NONE: 0, OWNER: 0o400, ALL: 0o444 };
const EXECUTE_BITS: Readonly<Record<PermissionHolder, number>> = { NONE: 0, OWNER: 0o100, ALL: 0o111 };

/** File mode for a recipe's permissions; the owner can always read and replace (`models/Permission.java`). */
export function fileMode({ read, execute }: Pick<Artifact, 'read' | 'execute'>): number {
  return 0o600 | READ_BITS[read] | EXECUTE_BITS[execute];
}

function directoryMode(artifact: Artifact): number {
  return artifact.read === 'ALL' ? 0o755 : 0o700;
}

async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('base64');
}

/** The folder that `{artifacts:decompressedPath}/<name>` leads to: the file's name without its ending. */
function unarchivedName(fileName: string): string {
  return fileName.replace(/\.[^.]*$/, '');
}

export class ArtifactStore {
  constructor(
    private readonly layout: Layout,
    private readonly openObject: OpenObject,
  ) {}

  /**
   * Makes every artifact of a component present and verified. What is there with the right digest is not fetched again;
   * archives are unpacked anew, so that nothing that was changed after unpacking survives.
   * @throws DeploymentError
   */
  async prepare(recipe: Recipe, signal: AbortSignal): Promise<void> {
    const folder = this.layout.artifacts(recipe.name, recipe.version);
    await mkdir(folder, { recursive: true });
    for (const artifact of recipe.artifacts) {
      const { fileName } = parseArtifactUri(artifact.uri);
      const path = join(folder, fileName);
      await this.fetch(artifact, path, signal);
      await chmod(path, fileMode(artifact));
      if (artifact.unarchive === 'ZIP') await this.unpack(recipe, artifact, path, fileName);
    }
    syncDirectory(folder);
  }

  /** Removes every version but the given ones; what cannot be removed is left for the next time. */
  async keepOnly(versions: Readonly<Record<string, readonly string[]>>): Promise<void> {
    for (const root of ['artifacts', 'artifacts-unarchived']) {
      const directory = join(this.layout.rootPath, 'packages', root);
      for (const name of await readdir(directory).catch(() => [])) {
        for (const version of await readdir(join(directory, name)).catch(() => [])) {
          if (versions[name]?.includes(version)) continue;
          await rm(join(directory, name, version), { recursive: true, force: true }).catch(() => {});
        }
      }
    }
  }

  private async fetch(artifact: Artifact, path: string, signal: AbortSignal): Promise<void> {
    const { uri, digest, algorithm } = artifact;
    if (digest === undefined || algorithm?.toUpperCase() !== 'SHA-256')
      throw new DeploymentError(
        `artifact ${uri}: the recipe carries no SHA-256 digest`,
        'ARTIFACT_DOWNLOAD_ERROR',
        'RECIPE_MISSING_ARTIFACT_HASH_ALGORITHM',
      );
    if ((await digestOf(path)) === digest) return;
    const temporary = `${path}.partial`;
    const { bucket, key } = parseArtifactUri(uri);
    try {
      const actual = await this.download(bucket, key, temporary, signal);
      if (actual !== digest)
        throw new DeploymentError(
          `artifact ${uri}: integrity check failed, the recipe says SHA-256 ${digest}, the file has ${actual}`,
          'ARTIFACT_DOWNLOAD_ERROR',
          'ARTIFACT_CHECKSUM_MISMATCH',
        );
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  private async download(bucket: string, key: string, path: string, signal: AbortSignal): Promise<string> {
    const body = await this.openObject(bucket, key, signal);
    const hash = createHash('sha256');
    body.on('data', (chunk: Buffer) => hash.update(chunk));
    try {
      await pipeline(body, createWriteStream(path, { mode: 0o600 }), { signal });
      const file = await open(path, 'r');
      await file.sync().finally(() => file.close());
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new DeploymentError(
        `artifact s3://${bucket}/${key}: ${messageOf(error)}`,
        'ARTIFACT_DOWNLOAD_ERROR',
      );
    }
    return hash.digest('base64');
  }

  private async unpack(recipe: Recipe, artifact: Artifact, path: string, fileName: string): Promise<void> {
    const parent = this.layout.unarchived(recipe.name, recipe.version);
    await mkdir(parent, { recursive: true });
    try {
      await unarchive(path, join(parent, unarchivedName(fileName)), {
        file: fileMode(artifact),
        directory: directoryMode(artifact),
      });
    } catch (error) {
      if (!(error instanceof UnarchiveError)) throw error;
      throw new DeploymentError(
        `artifact ${artifact.uri}: ${error.message}`,
        'ARTIFACT_DOWNLOAD_ERROR',
        'IO_UNZIP_ERROR',
      );
    }
  }
}
