/** The machine under the benchmarks, and whether it has anything else to do. */
import { cpus } from 'node:os';

/** Above this share of all cores in use by others, ratios of milliseconds start to move. */
export const BUSY_LIMIT = 0.1;
const LOOK_MILLISECONDS = 1_000;

export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

export function describeMachine(): string {
  const [first] = cpus();
  return `${first?.model.trim() ?? 'an unknown processor'}, ${cpus().length} cores, Node.js ${process.versions.node}`;
}

function cpuTimes(): CpuTimes {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.idle + times.irq;
    busy += all - times.idle;
    total += all;
  }
  return { busy, total };
}

/** Share of all cores that was in use between two looks, 0..1. */
export function busyShare(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total;
  return total > 0 ? (after.busy - before.busy) / total : 0;
}

/** Share of all cores that others use while this process does nothing for a moment, 0..1. */
export async function lookAtLoad(): Promise<number> {
  const before = cpuTimes();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  return busyShare(before, cpuTimes());
}

/** Looks again and again until nothing else uses the machine. @returns false when that has not come in time */
export async function waitUntilQuiet(
  longestMilliseconds: number,
  onWait: (busy: number) => void,
  look: () => Promise<number> = lookAtLoad,
  now: () => number = () => performance.now(),
): Promise<boolean> {
  const deadline = now() + longestMilliseconds;
  for (let looks = 0; ; looks++) {
    const busy = await look();
    if (busy <= BUSY_LIMIT) return true;
    if (now() >= deadline) return false;
    if (looks === 0) onWait(busy);
  }
}
