/** Makes `.venv` with what requirements.lock pins, unless LOCAL_AWS_PYTHON names an interpreter that has it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));
const ENVIRONMENT = join(PACKAGE, '.venv');
const REQUIREMENTS = join(PACKAGE, 'requirements.lock');
/** What was installed, so that a changed lock is installed again. */
const INSTALLED = join(ENVIRONMENT, 'requirements.lock');

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

function isInstalled() {
  return existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === readFileSync(REQUIREMENTS, 'utf8');
}

if (process.env.LOCAL_AWS_PYTHON) {
  console.log(`setup: Python is ${process.env.LOCAL_AWS_PYTHON}`);
} else if (!isInstalled()) {
  console.log('setup: making .venv, with the locked Python packages ...');
  try {
    run(process.env.PYTHON || 'python3', '-m', 'venv', '--clear', ENVIRONMENT);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
    run(join(ENVIRONMENT, 'bin', 'python'), ...pip);
    writeFileSync(INSTALLED, readFileSync(REQUIREMENTS));
  } catch (error) {
    console.error(`setup: ${error.message}. Python 3.10 to 3.13 is needed; PYTHON=/path/to/python3 names it`);
    process.exitCode = 1;
  }
}
