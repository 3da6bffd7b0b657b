import type { FileHandle } from 'node:fs/promises';
import { type Disk, nodeDisk } from '../../edge-components/inference/src/adapters/durable-file';

/** What a killed process sees: nothing. Thrown by every disk call from the crash on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * The real disk, until `calls` calls have been made: that call and all later ones do nothing but throw, as if the process
 * had been killed just before it. A write that is cut off leaves half of its bytes.
 */
export function crashingDisk(
  calls: number,
  failure: () => Error = () => new Crash(),
): { disk: Disk; used(): number; bury(): Promise<void> } {
  let used = 0;
  const opened: FileHandle[] = [];
  const step = (): void => {
    if (used++ >= calls) throw failure();
  };
  const handleProxy = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]) => {
          // The operating system closes the files of a killed process.
          if (name === 'close') return target.close();
          const isWrite = name === 'writeFile' || name === 'appendFile';
          try {
            step();
          } catch (error) {
            if (isWrite) {
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
    Object.keys({ mkdir: 0, open: 0, rename: 0, rm: 0, readdir: 0, readFile: 0, unlink: 0 }).map((name) => [
      name,
      async (...parameters: unknown[]) => {
        step();
        const action = nodeDisk[name as keyof Disk] as (...all: unknown[]) => Promise<unknown>;
        const result = await action(...parameters);
        if (name !== 'open') return result;
        opened.push(result as FileHandle);
        return handleProxy(result as FileHandle);
      },
    ]),
  ) as unknown as Disk;
  const bury = async (): Promise<void> => {
    for (const handle of opened.splice(0)) await handle.close().catch(() => undefined);
  };
  return { disk, used: () => used, bury };
}
