/** Limits on a child process that need no privilege: Linux's files below /proc. */
import { readFileSync, writeFileSync } from 'node:fs';

/** The most: of all processes, this one is taken when the kernel runs out of memory (proc(5), oom_score_adj). */
const FIRST_TO_GO = '1000';

/** Before its own turn to run out of memory comes to the component. @throws Error when the process has ended */
export function sacrificeFirst(pid: number): void {
  writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_GO);
}

/**
 * Bytes of memory that a process holds, in RAM and swapped out. From `status`, which counts kilobytes: `statm` counts
 * pages, and these have 4 KiB on one device and 16 KiB on the next. Read synchronously: nothing is on a disk there, and
 * it takes a fifth of the time of a round through the thread pool, where image decoding may be waited for.
 * @returns 0 for a process that has ended and was not yet waited for
 * @throws Error when there is no such process
 */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return 1024 * (kilobytes('VmRSS') + kilobytes('VmSwap'));
}
