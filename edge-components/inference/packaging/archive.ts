/** A zip whose bytes follow from its files alone: not from when, where or in which order it was made. */
import { promisify } from 'node:util';
import { type AsyncZipOptions, type AsyncZippable, zip } from 'fflate';

/** Raised with every change below, so that an archive of before is not taken for one of now. */
export const ARCHIVE_FORMAT = 2;

/** The oldest time that a zip entry can hold. */
const ENTRY_TIME = new Date(1980, 0, 1);
/** Level 9 saves 0.3 % and takes three times as long. */
const COMPRESSION_LEVEL = 6;
const UNIX = 3;
/** A regular file that its owner may write and everybody read. Nothing here is started by the kernel. */
const ATTRIBUTES = (0o100644 << 16) >>> 0;

/** Compresses large files in threads of their own. */
const zipped: (files: AsyncZippable, options: AsyncZipOptions) => Promise<Uint8Array> = promisify(zip);

/** @param files by path in the archive; written in the order of their paths */
export async function archive(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const entries: AsyncZippable = {};
  for (const name of [...files.keys()].sort()) {
    entries[name] = [files.get(name) as Uint8Array, { os: UNIX, attrs: ATTRIBUTES }];
  }
  return zipped(entries, { level: COMPRESSION_LEVEL, mtime: ENTRY_TIME });
}
