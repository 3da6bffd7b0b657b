import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isGroupAlive, killGroup, startTimeOf } from '../supervision/process-group';
import { replaceFile } from './durable-file';

const FILE = 'running';
const LONGEST_WAIT_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 10;

/**
 * A file that is there while the process runs. A start that finds it knows that the process before was not told to stop:
 * it crashed, was killed or lost power. It ends what is left of that one, so that no two of them write to one disk.
 */
export class RunMarker {
  private constructor(
    private readonly path: string,
    readonly endedUncleanly: boolean,
  ) {}

  /** @throws Error when the process of before cannot be ended */
  static async put(folder: string): Promise<RunMarker> {
    const path = join(folder, FILE);
    const content = `${process.pid} ${startTimeOf(process.pid)}`;
    try {
      await writeFile(path, content, { flag: 'wx' });
      return new RunMarker(path, false);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await endPredecessor(await readFile(path, 'utf8'));
    await replaceFile(path, content);
    return new RunMarker(path, true);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
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
