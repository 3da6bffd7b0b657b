import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isGroupAlive, killGroup, startTimeOf } from '../supervision/process-group';
import { isDiskFull, isReadOnly, readIfPresent, replaceFile } from './durable-file';

const FILE = 'running';
const LONGEST_WAIT_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 10;

/** How the marker is written. */
export interface MarkerFiles {
  readonly writeFile: typeof writeFile;
  readonly replaceFile: typeof replaceFile;
}

const takesNothing = (error: unknown): boolean => isDiskFull(error) || isReadOnly(error);

/**
 * A file that is there while the process runs. A start that finds it knows that the process before was not told to stop:
 * it crashed, was killed or lost power. It ends what is left of that one, so that no two of them write to one disk.
 */
export class RunMarker {
  private constructor(
    private readonly path: string,
    readonly endedUncleanly: boolean,
  ) {}

  /**
   * A disk that takes no file leaves none, and the next start does not learn how this one has ended: the line is inspected all
   * the same.
   * @throws Error when the process of before cannot be ended
   */
  static async put(folder: string, files: MarkerFiles = { writeFile, replaceFile }): Promise<RunMarker> {
    const path = join(folder, FILE);
    const content = `${process.pid} ${startTimeOf(process.pid)}`;
    try {
      await files.writeFile(path, content, { flag: 'wx' });
      return new RunMarker(path, false);
    } catch (error) {
      if (isDiskFull(error)) {
        // An empty one, which names nobody.
        await rm(path, { force: true }).catch(() => undefined);
        return new RunMarker(path, false);
      }
      if (!isReadOnly(error) && (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const before = await readIfPresent(path);
    if (before === undefined) return new RunMarker(path, false);
    await endPredecessor(before);
    await files.replaceFile(path, content).catch((error) => {
      if (!takesNothing(error)) throw error;
    });
    return new RunMarker(path, true);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true }).catch((error) => {
      if (!takesNothing(error)) throw error;
    });
  }
}

async function endPredecessor(text: string): Promise<void> {
  const [, digits, startTime] = /^(\d+) (\d+)$/.exec(text) ?? [];
  const group = Number(digits);
  // A start that was cut off while it wrote, or a release of the component that noted less.
  if (!digits || group === process.pid) return;
  const startedAt = startTimeOf(group);
  // The leader of another group has this number now, so nothing is left of the one that had it.
  if (startedAt !== undefined && startedAt !== startTime) return;
  const deadline = performance.now() + LONGEST_WAIT_MILLISECONDS;
  while (isGroupAlive(group)) {
    if (performance.now() > deadline) throw new Error(`the process before, ${group}, does not end`);
    killGroup(group);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}
