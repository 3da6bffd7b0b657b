import { join } from 'node:path';

export const REPOSITORY_ROOT = join(__dirname, '..', '..');

/** The interpreter of the virtual environment that `npm run setup` makes. */
export function virtualEnvironmentPython(): string {
  return join(REPOSITORY_ROOT, '.venv', 'bin', 'python');
}
