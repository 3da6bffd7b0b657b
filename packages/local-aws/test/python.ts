/** The interpreter with what requirements.lock pins: the package's own, or the one that the environment names. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const PYTHON = process.env.LOCAL_AWS_PYTHON || join(__dirname, '..', '.venv', 'bin', 'python');

if (!existsSync(PYTHON)) {
  throw new Error(`${PYTHON} is missing: run \`npm run setup\` in the package, or set LOCAL_AWS_PYTHON`);
}
