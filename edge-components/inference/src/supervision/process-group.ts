/** Process groups: whatever a dead process has left behind ends with its group. */
import { readdirSync } from 'node:fs';
import { statOf } from '../models/process-limits';

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
