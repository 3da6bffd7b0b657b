/**
 * Who ended a child process? A release pays for an end with its place (releases/probation.ts), so it is blamed only for what
 * it did itself, while it worked: what comes from outside says nothing about it.
 */

/** Signals that the kernel or the C library raises for what a process itself did; signal(7). */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
]);

/** How often the kernel has killed a process because memory ran out; undefined where that cannot be read. */
export interface MemoryKills {
  /** In the control group of the component: `oom_kill` of memory.events. */
  readonly group: number | undefined;
  /** On the whole machine: `oom_kill` of /proc/vmstat. */
  readonly machine: number | undefined;
}

/** All that is known about the end of a process. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether a request was under way. */
  readonly wasBusy: boolean;
  /** Why the component itself ended it, in words, and whether what it did was the reason. */
  readonly killed?: { readonly reason: string; readonly isOwnDoing: boolean };
  /** Counted when the process was started. */
  readonly memoryKillsBefore: MemoryKills;
  /** Counted after its end. */
  readonly memoryKillsAfter: MemoryKills;
}

export interface Judgement {
  /** Whether the process has ended itself by what it was asked to do. */
  readonly isOwnDoing: boolean;
  /** How it has ended: the rest of a sentence that begins with its name. */
  readonly reason: string;
}

/**
 * | end | blamed |
 * |---|---|
 * | by the component: no answer in time, too much memory | as the component says |
 * | a fault's signal, or an exit code, while a request was under way | yes |
 * | the same while it waited | no |
 * | SIGKILL, SIGTERM and every other signal | no: the kernel when memory runs out, an operator, the nucleus |
 */
export function judgeEnd(end: ProcessEnd): Judgement {
  if (end.killed) return end.killed;
  const { code, signal, wasBusy } = end;
  if (signal === null || OWN_FAULTS.has(signal)) {
    const when = wasBusy ? '' : ' while it waited';
    return { isOwnDoing: wasBusy, reason: `ended with ${signal ?? code}${when}` };
  }
  return { isOwnDoing: false, reason: `ended with ${signal}: ${originOf(end)}` };
}

function originOf({ signal, memoryKillsBefore: before, memoryKillsAfter: after }: ProcessEnd): string {
  if (signal !== 'SIGKILL') return 'from outside';
  if (hasRisen(before.group, after.group)) return 'by the kernel, because memory ran out';
  // The machine's counter also counts what else is killed on it.
  if (hasRisen(before.machine, after.machine)) return 'from outside, probably because memory ran out';
  return 'from outside';
}

const hasRisen = (before: number | undefined, after: number | undefined): boolean =>
  before !== undefined && after !== undefined && after > before;

/** The number of a line `<name> <number>`, as in memory.events and vmstat. */
export function counterIn(text: string, name: string): number | undefined {
  const [, digits] = new RegExp(`^${name} (\\d+)$`, 'm').exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Path of a process's control group below /sys/fs/cgroup, from its /proc/<pid>/cgroup; undefined without version 2. */
export const unifiedGroupOf = (text: string): string | undefined => /^0::(\/.*)$/m.exec(text)?.[1];
