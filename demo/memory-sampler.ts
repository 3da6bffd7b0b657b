/** Resident memory of this process and all its descendants, from /proc. Linux only; elsewhere it stays zero. */
import { readdirSync, readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;
const SAMPLE_MILLISECONDS = 2000;

interface ProcessMemory {
  readonly parent: number;
  readonly bytes: number;
}

function readProcesses(): Map<number, ProcessMemory> {
  const processes = new Map<number, ProcessMemory>();
  let entries: string[];
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return processes;
  }
  for (const name of entries) {
    try {
      // pid (comm) state ppid ...; comm may hold spaces and parentheses, so count from its last ')'.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      processes.set(Number(name), { parent: Number(fields[1]), bytes: Number(fields[21]) * PAGE_BYTES });
    } catch {
      // It ended between the listing and the reading.
    }
  }
  return processes;
}

/** Sum over a process and its descendants. Shared pages are counted once per process, so this is an upper bound. */
export function residentBytes(
  root: number,
  processes: ReadonlyMap<number, ProcessMemory> = readProcesses(),
): number {
  const children = new Map<number, number[]>();
  for (const [id, { parent }] of processes) children.set(parent, [...(children.get(parent) ?? []), id]);
  const waiting = [root];
  let sum = 0;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    sum += processes.get(id)?.bytes ?? 0;
    waiting.push(...(children.get(id) ?? []));
  }
  return sum;
}

export class MemorySampler {
  peakBytes = 0;
  private readonly timer = setInterval(() => {
    this.peakBytes = Math.max(this.peakBytes, residentBytes(process.pid));
  }, SAMPLE_MILLISECONDS);

  stop(): void {
    clearInterval(this.timer);
  }
}
