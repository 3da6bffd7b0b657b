/**
 * `stand-alone.mjs packages/<name>`: copies a package out of the repository and runs its checks there. Its node_modules
 * holds links to what its package.json declares and nothing else, so that an import of the repository, or of a package
 * that only the repository has, fails.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './setup.mjs';

/** Made by tools; the same as in .gitignore. */
const NOT_COPIED = new Set(['node_modules', '.venv', 'dist', '__pycache__']);

/** Where Node finds a package from a folder: the nearest node_modules that has it. */
function installed(name, from) {
  const folder = join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  if (from === dirname(from)) throw new Error(`${name} is not installed`);
  return installed(name, dirname(from));
}

function commandsOf(name, folder) {
  const { bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return typeof bin === 'string' ? { [name.split('/').at(-1)]: bin } : bin;
}

function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function copyAlone(source, copy) {
  const isOurs = (path) =>
    !relative(source, path)
      .split('/')
      .some((part) => NOT_COPIED.has(part));
  cpSync(source, copy, { recursive: true, filter: isOurs });
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const folder = installed(name, source);
    link(folder, join(copy, 'node_modules', name));
    for (const [command, program] of Object.entries(commandsOf(name, folder))) {
      link(join(folder, program), join(copy, 'node_modules', '.bin', command));
    }
  }
}

/** The integration tests run beside this, in the repository; of them only the stranger's is repeated. */
const CHECKS = [
  ['tsc', '-p', '.'],
  ['jest', '--ci', '--selectProjects', 'unit', '--maxWorkers=100%'],
  ['jest', '--ci', '--selectProjects', 'integ', '--runInBand', '--testPathPatterns', 'stranger'],
];

const [source] = process.argv.slice(2);
const outside = mkdtempSync(join(tmpdir(), 'stand-alone-'));
try {
  copyAlone(join(ROOT, source), outside);
  for (const [command, ...args] of CHECKS) {
    console.log(`\n--- ${command} ${args.join(' ')}`);
    const { status } = spawnSync(join(outside, 'node_modules', '.bin', command), args, {
      cwd: outside,
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(outside, { recursive: true, force: true });
}
