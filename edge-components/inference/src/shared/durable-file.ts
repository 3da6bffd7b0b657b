/** Writes that survive a power cut: the old content or the new one, never a mixture. */
import fsPromises from 'node:fs/promises';
import { dirname } from 'node:path';

/** The file-system calls that state on disk is made with; tests cut them off at every one. */
export type Disk = Pick<
  typeof fsPromises,
  'mkdir' | 'open' | 'rename' | 'rm' | 'readdir' | 'readFile' | 'stat' | 'unlink'
>;

export const nodeDisk: Disk = fsPromises;

/** Makes renames and creations inside `folder` durable. */
export async function syncFolder(folder: string, disk: Disk = nodeDisk): Promise<void> {
  const handle = await disk.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Write to a temporary name, fsync, rename, fsync the folder.
 * @throws Error of the disk; the file then has its old content, or already the new one when only the last step failed
 */
export async function replaceFile(
  path: string,
  content: string | Buffer,
  disk: Disk = nodeDisk,
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const handle = await disk.open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await disk.rename(temporary, path);
  } catch (error) {
    // What a full disk took of it would keep others out.
    await disk.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path), disk);
}

/** The file's text, or undefined when it does not exist. */
export async function readIfPresent(path: string, disk: Disk = nodeDisk): Promise<string | undefined> {
  try {
    return await disk.readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a write failed because the file system takes none: Linux mounts one so whose disk fails. */
export function isReadOnly(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EROFS';
}

/** Whether a write failed because there is no room for it. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
