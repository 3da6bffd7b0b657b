/** The processes of the running component, by what they do. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export type ProcessKind = 'watched' | 'agent' | 'decoder' | 'model';

/** By the bundle that a process runs. */
const KINDS: Readonly<Record<string, ProcessKind>> = {
  'main.cjs': 'watched',
  'agent.cjs': 'agent',
  'decoder-host.cjs': 'decoder',
  'inference-host.cjs': 'model',
};

export interface ComponentProcess {
  readonly pid: number;
  readonly kind: ProcessKind;
}

/** The watched process and all below it that run, in the order of their ids. */
export function processesOf(watched: number): ComponentProcess[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return pid === watched || (parent !== undefined && isBelow(parent));
  };
  return [...parents.keys()]
    .filter(isBelow)
    .sort((left, right) => left - right)
    .flatMap((pid) => {
      const kind = kindOf(pid);
      return kind ? [{ pid, kind }] : [];
    });
}

/** Native add-ons and shared libraries of the artifact that a process has mapped. */
export function nativeCodeOf(pid: number): string[] {
  const paths = readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/\/\S*native\/\S+$/gm);
  return [...new Set([...paths].map(([path]) => basename(path)))].sort();
}

function parentOf(pid: number): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function kindOf(pid: number): ProcessKind | undefined {
  try {
    const programs = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .map((path) => basename(path));
    return programs.map((name) => KINDS[name]).find((kind) => kind !== undefined);
  } catch {
    return undefined;
  }
}
