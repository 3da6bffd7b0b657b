/** A copy of a folder, for a source that deletes what it takes: odd entries stay as odd as they are. */
import type { Dirent } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readlink, rm, stat, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Enough to see what comes, and no second copy of a data set. */
const MOST_FILES = 200;

export interface FolderCopy {
  readonly path: string;
  /** What could not be copied, one sentence each. */
  readonly problems: readonly string[];
  remove(): Promise<void>;
}

async function copyEntry(entry: Dirent, folder: string, target: string): Promise<void> {
  const from = join(folder, entry.name);
  const to = join(target, entry.name);
  if (entry.isDirectory()) {
    await mkdir(to);
  } else if (entry.isSymbolicLink()) {
    const pointsTo = await readlink(from);
    await symlink(isAbsolute(pointsTo) ? pointsTo : join(folder, pointsTo), to);
  } else if (entry.isFile()) {
    await copyFile(from, to);
    // The time at which the camera has written it is when it was captured.
    const { atime, mtime } = await stat(from);
    await utimes(to, atime, mtime);
  } else {
    throw new Error('is no file');
  }
}

/** @throws Error when there is no such folder, or it cannot be read */
export async function copyFolder(folder: string, most = MOST_FILES): Promise<FolderCopy> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `source: must be a folder, an address or a video device; '${folder}' cannot be read (${error.code})`,
    );
  });
  const path = await mkdtemp(join(tmpdir(), 'kaizen-camera-'));
  const problems: string[] = [];
  for (const entry of entries.slice(0, most)) {
    await copyEntry(entry, folder, path).catch((error: NodeJS.ErrnoException) => {
      problems.push(`${entry.name} cannot be read (${error.code ?? error.message})`);
    });
  }
  return {
    path,
    problems,
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
