/** The machine under the benchmarks, and whether it has anything else to do. */
import { cpus, loadavg } from 'node:os';

/** Above this share of all cores in use by others, ratios of milliseconds start to move. */
export const BUSY_LIMIT = 0.1;
const LOOK_MILLISECONDS = 1_500;

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

/** Looks for a moment at what the others do while this process does nothing. */
export async function lookAtLoad(): Promise<{ readonly busy: number; readonly loadAverage: number }> {
  const before = cpuTimes();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  return { busy: busyShare(before, cpuTimes()), loadAverage: loadavg()[0] as number };
}
