/** Where things lie under the root path; the same names as the nucleus uses (`util/NucleusPaths.java`). */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LONGEST_SOCKET_PATH_BYTES } from '../ipc/server';

export interface Layout {
  readonly rootPath: string;
  readonly deviceState: string;
  readonly deploymentInProgress: string;
  readonly processes: string;
  readonly socketPath: string;
  recipe(name: string, version: string): string;
  artifacts(name: string, version: string): string;
  unarchived(name: string, version: string): string;
  work(name: string): string;
  log(name: string): string;
}

/** A path that fits a Unix socket address; a long root path gets a short name under the temp directory instead. */
function socketPathFor(rootPath: string): string {
  const inRoot = join(rootPath, 'ipc.socket');
  if (Buffer.byteLength(inRoot) <= LONGEST_SOCKET_PATH_BYTES) return inRoot;
  const short = createHash('sha256').update(rootPath).digest('hex').slice(0, 16);
  return join(tmpdir(), `greengrass-${short}.socket`);
}

export function layoutOf(rootPath: string): Layout {
  const packages = join(rootPath, 'packages');
  for (const directory of ['config', 'deployments', 'logs', 'work', 'run', join('packages', 'recipes')]) {
    mkdirSync(join(rootPath, directory), { recursive: true });
  }
  return {
    rootPath,
    deviceState: join(rootPath, 'config', 'device.json'),
    deploymentInProgress: join(rootPath, 'deployments', 'in-progress.json'),
    processes: join(rootPath, 'run'),
    socketPath: socketPathFor(rootPath),
    recipe: (name, version) => join(packages, 'recipes', `${name}-${version}.json`),
    artifacts: (name, version) => join(packages, 'artifacts', name, version),
    unarchived: (name, version) => join(packages, 'artifacts-unarchived', name, version),
    work: (name) => join(rootPath, 'work', name),
    log: (name) => join(rootPath, 'logs', `${name}.log`),
  };
}
