import { join } from 'node:path';

export const REPOSITORY_ROOT = join(__dirname, '..');

/** The interpreter of a virtual environment that `npm run setup` makes: `.venv`, or `.venv-mxnet` on request. */
export function virtualEnvironmentPython(folder: '.venv' | '.venv-mxnet' = '.venv'): string {
  return join(REPOSITORY_ROOT, folder, 'bin', 'python');
}

/** The Node on which functions run in AWS; `npm run setup` installs it beside the machine's own. */
export const FUNCTION_RUNTIMES = {
  'nodejs24.x': join(
    REPOSITORY_ROOT,
    ...['node_modules', '.functions', 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'],
  ),
} as const;
