/**
 * Programs of the benchmarks that need a process of their own. Bundled, as the component is: with a compiler and a suite in
 * its heap, a process that is given 200 KB of pixels for each frame spends a seventh of its time collecting garbage.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import { WORK_FOLDER } from '../recipe';

const bundles = new Map<string, string>();

/** @returns path of the bundle of `children/<name>.ts`, which is made once in a run */
export function bundledChild(name: string): string {
  const made = bundles.get(name);
  if (made !== undefined) return made;
  const outfile = join(WORK_FOLDER, 'programs', `${name}.cjs`);
  buildSync({
    entryPoints: [join(__dirname, 'children', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['onnxruntime-node', 'sharp'],
    logLevel: 'warning',
  });
  bundles.set(name, outfile);
  return outfile;
}

/** Starts `children/<name>.ts`; what it writes to standard error is shown. */
export function startBenchProgram(name: string, parameters: readonly string[] = []): ChildProcess {
  return spawn(process.execPath, [bundledChild(name), ...parameters], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
