/** tar.gz of folders, and back. */
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';

interface Member {
  readonly file: string;
  readonly name: string;
}

async function membersOf(directory: string): Promise<Member[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file, name: relative(directory, file).split(sep).join('/') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Writes the files of several folders into one archive; of two files of one name the one of the earlier folder
 * stays, as when hosts are merged and the first host leads.
 * @returns the number of files; without any, no archive is written
 */
export async function archiveFolders(directories: readonly string[], archive: string): Promise<number> {
  const members = new Map<string, Member>();
  for (const directory of directories) {
    for (const member of await membersOf(directory)) {
      if (!members.has(member.name)) members.set(member.name, member);
    }
  }
  if (members.size === 0) return 0;
  const tar = pack();
  const writing = pipeline(tar, createGzip(), createWriteStream(archive));
  const adding = (async () => {
    for (const { file, name } of members.values()) {
      const { size, mode, mtime } = await lstat(file);
      await pipeline(createReadStream(file), tar.entry({ name, size, mode: mode & 0o777, mtime }));
    }
    tar.finalize();
  })();
  // Whichever side fails first tells why; the other is then torn down with it.
  adding.catch((error: Error) => tar.destroy(error));
  await Promise.all([adding, writing]);
  return members.size;
}

/**
 * Unpacks plain files and folders.
 * @throws Error ClientError when a member leads out of the folder or is neither a file nor a folder
 */
export async function extractArchive(archive: string, directory: string): Promise<void> {
  const root = resolve(directory);
  await mkdir(root, { recursive: true });
  const unpacked = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), unpacked);
  const writing = (async () => {
    for await (const entry of unpacked) {
      const { name, type, mode } = entry.header;
      const target = resolve(root, name);
      if (target !== root && !target.startsWith(root + sep)) {
        throw new Error(`ClientError: the archive's member '${name}' leads out of its folder`);
      }
      if (type === 'directory') {
        await mkdir(target, { recursive: true });
        entry.resume();
      } else if (type === 'file') {
        await mkdir(dirname(target), { recursive: true });
        await pipeline(entry, createWriteStream(target, { mode: mode | 0o600 }));
      } else {
        throw new Error(`ClientError: the archive's member '${name}' is a ${type}`);
      }
    }
  })();
  writing.catch((error: Error) => unpacked.destroy(error));
  await Promise.all([writing, reading]);
}
