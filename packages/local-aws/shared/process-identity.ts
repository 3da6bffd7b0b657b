/** Names one process, whatever its number is used for later: the number and when it started (field 22 of /proc/<id>/stat, proc(5)). */
import { readFileSync } from 'node:fs';

/** Fields of /proc/<id>/stat from the third on: state, parent, process group, ... Undefined when there is no such process. */
export function statOf(processId: number | string): string[] | undefined {
  try {
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    return readFileSync(`/proc/${processId}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return undefined; // gone already, or a system without /proc: nothing that we may safely kill
  }
}

/** When it started, in ticks since the machine did; undefined when it is not there. */
export const startTimeOf = (processId: number | string): string | undefined => statOf(processId)?.[19];

/** Whether it has not ended; a zombie has. */
export function isAlive(processId: number, startTime: string): boolean {
  const stat = statOf(processId);
  return stat !== undefined && stat[19] === startTime && stat[0] !== 'Z' && stat[0] !== 'X';
}
