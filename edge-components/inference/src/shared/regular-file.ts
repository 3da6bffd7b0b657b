import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

/** The entry is there and is no file that can be read. Its message says what it is, and not its name. */
export class NoRegularFile extends Error {
  override readonly name = 'NoRegularFile';
}

/** Without waiting for a writer, where the entry is a pipe. */
const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads an entry of a folder in which others write, so that it may be anything.
 * @param read gets the open file; links have been followed
 * @returns undefined when there is no such entry
 * @throws NoRegularFile when it is a folder, a pipe, a link to nothing, or may not be read; Error of `read`, and of a path
 *   that leads through what is no folder
 */
export async function withRegularFile<Result>(
  path: string | Buffer,
  read: (file: FileHandle, stats: Stats) => Promise<Result>,
): Promise<Result | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, WITHOUT_WAITING);
  } catch (error) {
    return refuse(path, error as NodeJS.ErrnoException);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new NoRegularFile(`is a ${kindOf(stats)}, not a file`);
    return await read(file, stats);
  } finally {
    await file.close();
  }
}

/** @returns undefined when the entry is gone */
async function refuse(path: string | Buffer, error: NodeJS.ErrnoException): Promise<undefined> {
  const entry = await lstat(path).catch(() => undefined);
  if (error.code === 'ENOENT' && !entry) return undefined;
  if (error.code === 'ENOTDIR') throw error;
  if (error.code === 'ENOENT' && entry?.isSymbolicLink()) throw new NoRegularFile('is a link to nothing');
  if (entry?.isSocket()) throw new NoRegularFile('is a socket, not a file');
  throw new NoRegularFile(`cannot be opened (${error.code ?? error.message})`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'folder';
  return stats.isFIFO() ? 'pipe' : 'device';
}
