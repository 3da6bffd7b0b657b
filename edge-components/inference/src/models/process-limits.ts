/** Limits on child processes, and what the kernel says about them: Linux's files below /proc, which need no privilege. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counterIn, type MemoryKills, unifiedGroupOf } from './process-end';

/** The most: of all processes, this one is taken when the kernel runs out of memory (proc(5), oom_score_adj). */
const FIRST_TO_GO = '1000';
/** USER_HZ, in which /proc counts time: 100 on every Linux of the architectures that the component runs on. */
const TICKS_PER_SECOND = 100;

/** Before its own turn to run out of memory comes to the component. @throws Error when the process has ended */
export function sacrificeFirst(pid: number): void {
  writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_GO);
}

/**
 * Bytes of memory that a process holds, in RAM and swapped out. From `status`, which counts kilobytes: `statm` counts
 * pages, and these have 4 KiB on one device and 16 KiB on the next. Read synchronously: nothing is on a disk there, and
 * it takes a fifth of the time of a round through the thread pool, where files may be waited for.
 * @returns 0 for a process that has ended and was not yet waited for
 * @throws Error when there is no such process
 */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return 1024 * (kilobytes('VmRSS') + kilobytes('VmSwap'));
}

/** Fields of /proc/<pid>/stat from the third on: state, parent, process group, ... @throws Error when there is none */
export function statOf(pid: number | 'self'): string[] {
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  return readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
}

/** Processor time in seconds that a process and the children it has waited for have used. @throws Error as {@link statOf} */
export function processorSecondsOf(pid: number | 'self'): number {
  // utime, stime, cutime, cstime.
  const ticks = statOf(pid)
    .slice(11, 15)
    .reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}

/** Whether somebody has stopped the process (SIGSTOP, a debugger): it then answers nothing, whatever it was asked. */
export function isStopped(pid: number): boolean {
  try {
    return /^[Tt]$/.test(statOf(pid)[0] ?? '');
  } catch {
    return false;
  }
}

export function memoryKills(): MemoryKills {
  const group = unifiedGroupOf(readIfThere('/proc/self/cgroup'));
  const events = group === undefined ? '' : readIfThere(join('/sys/fs/cgroup', group, 'memory.events'));
  return {
    group: counterIn(events, 'oom_kill'),
    machine: counterIn(readIfThere('/proc/vmstat'), 'oom_kill'),
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
