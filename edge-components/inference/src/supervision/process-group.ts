/** Process groups: whatever a dead process has left behind ends with its group. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { statOf } from '../models/process-limits';

/** Waits for the end of its input, which is the end of who holds the other side, and kills the group. POSIX shell. */
const GUARD = "trap '' TERM INT HUP; read -r line; kill -s KILL -- -$1";
const GUARD_AGAIN_MILLISECONDS = 1_000;

const ENDED = new Set(['Z', 'X']);

/** When a process was started, in ticks since the boot: with its id it names one process for as long as the machine runs. */
export function startTimeOf(pid: number): string | undefined {
  try {
    return statOf(pid)[19];
  } catch {
    return undefined;
  }
}

/** Whether anything of the group still runs. Processes that have ended and that nobody has waited for do not count. */
export function isGroupAlive(group: number): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [state = '', , processGroup] = statOf(Number(name));
      return Number(processGroup) === group && !ENDED.has(state);
    } catch {
      return false;
    }
  });
}

/** SIGKILL to every process of the group; none is no error. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * From now on the group ends with this process, its leader, however that ends. A graph that computes hears of nothing, and
 * whoever would kill it may have been killed as well: both processes above it, by a kernel without memory. The guard is a
 * shell outside of the group that waits for the end of a pipe; one that ends itself is started again.
 * @param group id of this process
 */
export function guardGroup(group: number): void {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', String(group)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  const again = (): void => {
    setTimeout(() => guardGroup(group), GUARD_AGAIN_MILLISECONDS).unref();
  };
  guard.once('error', again);
  guard.once('exit', again);
  // It has nothing to read, and keeps nobody from ending.
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as Socket).unref();
}
