import { join } from 'node:path';

export const REPOSITORY_ROOT = join(__dirname, '..');

/** The interpreter of a virtual environment that `npm run setup` makes: `.venv`, or `.venv-mxnet` on request. */
export function virtualEnvironmentPython(folder: '.venv' | '.venv-mxnet' = '.venv'): string {
  return join(REPOSITORY_ROOT, folder, 'bin', 'python');
}
