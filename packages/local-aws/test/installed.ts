/** The package as its users have it: built, and with its own dependencies only. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGE = join(__dirname, '..');
const { name, dependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
  name: string;
  dependencies: Record<string, string>;
};

/** The folder of an installed package. @throws Error when no node_modules above has it */
export function packageFolder(wanted: string, from = PACKAGE): string {
  const folder = join(from, 'node_modules', wanted);
  if (existsSync(folder)) return folder;
  if (from === dirname(from)) throw new Error(`${wanted} is not installed`);
  return packageFolder(wanted, dirname(from));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/**
 * Builds the package into `<folder>/node_modules`, beside links to its dependencies and to `others`.
 * @returns its folder
 */
export function install(folder: string, others: readonly string[]): string {
  const modules = join(folder, 'node_modules');
  const installed = join(modules, name);
  for (const wanted of [...Object.keys(dependencies), ...others]) {
    link(packageFolder(wanted), join(modules, wanted));
  }
  execFileSync(process.execPath, [join(PACKAGE, 'scripts', 'build.mjs'), installed], { stdio: 'pipe' });
  return installed;
}
