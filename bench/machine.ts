/** The machine under the benchmarks, and whether it has anything else to do. */
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Above this share of all cores in use by others, ratios of milliseconds start to move. */
export const BUSY_LIMIT = 0.1;
const LOOK_MILLISECONDS = 1_000;

export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/**
 * As Linux calls them. They decide what int8 is worth: with dot products of 8-bit integers (the last four) a core
 * multiplies four times as many numbers as with 32-bit floats, without them hardly more.
 */
const VECTOR_INSTRUCTIONS = ['avx2', 'avx512f', 'avx_vnni', 'avx512_vnni', 'asimddp', 'i8mm'];

/** Those of a processor, in the order above. @param cpuInfo /proc/cpuinfo */
export function vectorInstructions(cpuInfo: string): string[] {
  const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuInfo) ?? [];
  const known = new Set(flags.trim().split(/\s+/));
  return VECTOR_INSTRUCTIONS.filter((name) => known.has(name));
}

/** @param cpuInfo of Linux; other systems have none, and their processors stand without instructions */
export function describeMachine(cpuInfo = '/proc/cpuinfo'): string {
  const [first] = cpus();
  const model = first?.model.trim() ?? 'an unknown processor';
  const vectors = vectorInstructions(existsSync(cpuInfo) ? readFileSync(cpuInfo, 'utf8') : '');
  const instructions = vectors.length > 0 ? ` (${vectors.join(', ')})` : '';
  return `${model}${instructions}, ${cpus().length} cores, Node.js ${process.versions.node}`;
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
