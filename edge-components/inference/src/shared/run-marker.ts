import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'running';

/** Identifier of this boot of the operating system (proc(5), random/boot_id); the same until the next one. */
export async function operatingSystemBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/**
 * A file that is there while the process runs. A start that finds it knows that the process before was not told to stop:
 * it crashed, was killed or lost power.
 */
export class RunMarker {
  private constructor(
    private readonly path: string,
    readonly endedUncleanly: boolean,
  ) {}

  static async put(folder: string): Promise<RunMarker> {
    const path = join(folder, FILE);
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return new RunMarker(path, false);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return new RunMarker(path, true);
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
