/** ZIP artifacts, unpacked so that no entry can leave the folder (`util/Unarchiver.java` safeNewZipFile). */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { unzip } from 'fflate';

/** All artifacts of one component may have 2 GB (Greengrass quotas); a small archive must not unpack into more. */
const LARGEST_CONTENT_BYTES = 2 * 1024 ** 3;

/** The archive is broken, too large, or wants to write outside its folder. */
export class UnarchiveError extends Error {
  override readonly name = 'UnarchiveError';
}

/**
 * The path below the folder for an entry's name; undefined for a directory.
 * @throws UnarchiveError for absolute names, `..`, backslashes, drive letters and control characters
 */
export function safeEntryPath(entry: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\\\u0000-\u001f]/.test(entry) || /^[a-zA-Z]:/.test(entry) || entry.startsWith('/'))
    throw new UnarchiveError(`the archive entry ${JSON.stringify(entry)} has an unsafe name`);
  const parts = entry.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new UnarchiveError(`the archive entry ${JSON.stringify(entry)} leads out of its folder`);
  return entry.endsWith('/') || parts.length === 0 ? undefined : parts.join(sep);
}

function contentOf(archive: Uint8Array): Promise<Record<string, Uint8Array>> {
  return new Promise((resolve, reject) => {
    let declared = 0;
    unzip(
      archive,
      {
        filter: ({ name, originalSize }) => {
          declared += originalSize;
          if (declared > LARGEST_CONTENT_BYTES) return false;
          return !name.endsWith('/');
        },
      },
      (error, files) => {
        if (error) reject(new UnarchiveError(`the archive cannot be unpacked: ${error.message}`));
        else if (declared > LARGEST_CONTENT_BYTES)
          reject(new UnarchiveError(`the archive unpacks into more than ${LARGEST_CONTENT_BYTES} bytes`));
        else resolve(files);
      },
    );
  });
}

/**
 * Unpacks into `folder`, which appears complete or not at all and replaces what was there.
 * @param modes of files and directories
 * @throws UnarchiveError
 */
export async function unarchive(
  archive: string,
  folder: string,
  modes: { readonly file: number; readonly directory: number },
): Promise<void> {
  const files = await contentOf(readFileSync(archive));
  const entries = Object.entries(files).map(([name, content]) => ({ path: safeEntryPath(name), content }));
  const temporary = `${folder}.partial`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: modes.directory });
  for (const { path, content } of entries) {
    if (path === undefined) continue;
    const target = join(temporary, path);
    mkdirSync(dirname(target), { recursive: true, mode: modes.directory });
    writeFileSync(target, content);
    chmodSync(target, modes.file);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
}
