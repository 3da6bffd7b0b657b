/** A file system that is full after so many bytes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Disk, nodeDisk } from '../../edge-components/inference/src/shared/durable-file';
import { diskError, faultyDisk, needsRoom } from './crashing-disk';

export interface SmallFileSystem {
  readonly folder: string;
  /** To be used for everything below `folder`. */
  readonly disk: Disk;
  remove(): void;
}

/** Mounting takes root, or a sudo that does not ask, as CI machines have it. */
const ROOT_COMMANDS: readonly (readonly string[])[] = [[], ['sudo', '-n']];

function run(prefix: readonly string[], command: readonly string[]): boolean {
  const [program, ...parameters] = [...prefix, ...command];
  try {
    execFileSync(program as string, parameters, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A tmpfs of this size or, where none may be mounted, a quota that refuses writes as one would. */
export function smallFileSystem(bytes: number): SmallFileSystem {
  const folder = mkdtempSync(join(tmpdir(), 'kaizen-edge-small-'));
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=0777`, 'tmpfs', folder];
  const prefix = ROOT_COMMANDS.find((candidate) => run(candidate, mount));
  if (!prefix) {
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    return { folder, disk: quotaDisk(folder, bytes), remove };
  }
  const remove = (): void => {
    if (!run(prefix, ['umount', folder])) throw new Error(`cannot unmount ${folder}`);
    rmSync(folder, { recursive: true });
  };
  return { folder, disk: nodeDisk, remove };
}

/** Files take whole blocks, as on most file systems. */
const BLOCK_BYTES = 4096;

function usedBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + usedBytes(path);
    return sum + Math.ceil(statSync(path).size / BLOCK_BYTES) * BLOCK_BYTES;
  }, 0);
}

function quotaDisk(folder: string, bytes: number): Disk {
  mkdirSync(folder, { recursive: true });
  return faultyDisk((call) => {
    if (!needsRoom(call) || call.name.endsWith('sync')) return undefined;
    const [content] = call.parameters;
    const adds =
      call.name === 'open' || call.name === 'mkdir' ? 0 : Buffer.byteLength(content as string | Buffer);
    return usedBytes(folder) + adds > bytes ? diskError('ENOSPC') : undefined;
  }).disk;
}
