import type { FileHandle } from 'node:fs/promises';
import { type Disk, nodeDisk } from '../../edge-components/inference/src/shared/durable-file';

/** What a killed process sees: nothing. Thrown by every disk call from the crash on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** One call of the disk or of a file that was opened with it; closing a file does not count. */
export interface DiskCall {
  /** From 0. */
  readonly index: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export interface TestDisk {
  readonly disk: Disk;
  /** Calls made so far. */
  used(): number;
  /** Closes every file, as the operating system does with those of a killed process. */
  bury(): Promise<void>;
}

const DISK_CALLS: readonly (keyof Disk)[] = [
  'mkdir',
  'open',
  'rename',
  'rm',
  'readdir',
  'readFile',
  'stat',
  'unlink',
];
const FILE_WRITES: readonly string[] = ['write', 'writeFile', 'appendFile'];

/**
 * The real disk, on which calls fail with what `failure` answers for them. A write that fails leaves half of its bytes.
 * @param isLeftOut whether a call of a file does nothing: syncing is what takes the time
 */
export function faultyDisk(
  failure: (call: DiskCall) => Error | undefined,
  isLeftOut: (name: string) => boolean = () => false,
): TestDisk {
  let used = 0;
  const opened: FileHandle[] = [];
  const step = (name: string, parameters: readonly unknown[]): void => {
    const error = failure({ index: used++, name, parameters });
    if (error) throw error;
  };
  const faultyFile = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, property) {
        const member = Reflect.get(target, property);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]) => {
          const name = String(property);
          if (name === 'close') return target.close();
          if (isLeftOut(name)) return;
          try {
            step(name, parameters);
          } catch (error) {
            if (FILE_WRITES.includes(name)) {
              const bytes = Buffer.from(parameters[0] as string | Buffer);
              await target.appendFile(bytes.subarray(0, bytes.length >> 1));
            }
            throw error;
          }
          return member.apply(target, parameters);
        };
      },
    });
  const disk = Object.fromEntries(
    DISK_CALLS.map((name) => [
      name,
      async (...parameters: unknown[]) => {
        step(name, parameters);
        const action = nodeDisk[name] as (...all: unknown[]) => Promise<unknown>;
        const result = await action(...parameters);
        if (name !== 'open') return result;
        opened.push(result as FileHandle);
        return faultyFile(result as FileHandle);
      },
    ]),
  ) as unknown as Disk;
  const bury = async (): Promise<void> => {
    for (const handle of opened.splice(0)) await handle.close().catch(() => undefined);
  };
  return { disk, used: () => used, bury };
}

/**
 * The real disk, until `calls` calls have been made: that call and all later ones do nothing but throw, as if the process
 * had been killed just before it.
 */
export function crashingDisk(calls: number, failure: () => Error = () => new Crash()): TestDisk {
  return faultyDisk(({ index }) => (index >= calls ? failure() : undefined));
}

export const diskError = (code: 'ENOSPC' | 'EIO' | 'EROFS'): Error =>
  Object.assign(new Error(`${code}: of the test`), { code });

/** Whether a call needs room on the disk: new names and new bytes do. Syncing is where delayed allocation fails. */
export function needsRoom({ name, parameters }: DiskCall): boolean {
  if (name === 'open') return typeof parameters[1] === 'string' && !/^rs?\+?$/.test(parameters[1]);
  // In place, where there are bytes already.
  if (name === 'write' && typeof parameters[3] === 'number') return false;
  return ['mkdir', 'sync', 'datasync', ...FILE_WRITES].includes(name);
}
