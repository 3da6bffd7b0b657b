/** Programs of the benchmarks that need a process of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../scripts/repository';

/** Starts `children/<name>.ts`; what it writes to standard error is shown. */
export function startChild(name: string, parameters: readonly string[] = []): ChildProcess {
  const program = join(__dirname, 'children', `${name}.ts`);
  return spawn(process.execPath, ['--import', 'tsx', program, ...parameters], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs `children/<name>.ts` to its end and answers the JSON of its last line. @throws Error when it fails */
export async function runChild<Answer>(name: string, parameters: readonly string[] = []): Promise<Answer> {
  const child = startChild(name, parameters);
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${name}.ts ended with ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Answer;
}
