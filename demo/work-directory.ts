/** The demo's folder: one demo at a time, enough free disk, and the last report kept until there is a new one. */
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two gigabytes: 0.3 for assets and four devices' artifacts, the rest for job folders and CDK's output. */
const NEEDED_BYTES = 2e9;

export class WorkDirectoryError extends Error {
  override readonly name = 'WorkDirectoryError';
}

export interface WorkDirectory {
  readonly path: string;
  /** Folder for everything that is made anew by each run. */
  readonly run: string;
  release(): void;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function takeLock(path: string, what: string): void {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = Number(readFileSync(path, 'utf8'));
    if (isAlive(holder)) {
      throw new WorkDirectoryError(
        `another ${what} (process ${holder}) is using this folder: wait for it, stop it, or give --output <another folder>.`,
      );
    }
    rmSync(path, { force: true });
    takeLock(path, what);
  }
}

function freeDiskBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * @param what runs here, for messages
 * @throws WorkDirectoryError when another one runs here or the disk is nearly full
 */
export function openWorkDirectory(path: string, freeBytesOf = freeDiskBytes, what = 'demo'): WorkDirectory {
  mkdirSync(path, { recursive: true });
  const freeBytes = freeBytesOf(path);
  if (freeBytes < NEEDED_BYTES) {
    throw new WorkDirectoryError(
      `${path} has ${(freeBytes / 1e9).toFixed(1)} GB of free disk and the ${what} needs ${NEEDED_BYTES / 1e9} GB: free some, or give --output <a folder on another disk>.`,
    );
  }
  const lock = join(path, 'lock');
  takeLock(lock, what);
  const run = join(path, 'run');
  rmSync(run, { recursive: true, force: true });
  mkdirSync(run, { recursive: true });
  return { path, run, release: () => rmSync(lock, { force: true }) };
}
