/** A training script from anywhere, among those of training/scripts for as long as a deployment packs them. */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { InputError } from '../cli/shared/errors';
import { REPOSITORY_ROOT } from '../scripts/repository';

/** From training/; no commit has it (.gitignore). */
export const SCRIPTS_OF_TRY = 'scripts/own';
const FILE_NAME = /^[A-Za-z0-9_-]+\.py$/;

export interface OwnScript {
  /** Absolute path. */
  readonly path: string;
  /** Name of the file. */
  readonly name: string;
}

/** @throws InputError with what is wrong with the file or its name */
export function ownScriptAt(path: string): OwnScript {
  const name = basename(path);
  if (!FILE_NAME.test(name)) {
    throw new InputError(
      `--script: its name must be letters, digits, _ and - with .py at the end, got '${name}'`,
    );
  }
  if (!existsSync(path)) throw new InputError(`--script: there is no file '${path}'`);
  return { path: resolve(path), name };
}

/**
 * Puts the script where the application packs training code.
 * @returns takes it away again; does so once, however often it is called
 */
export function placeOwnScript({ path, name }: OwnScript, root = REPOSITORY_ROOT): () => void {
  const folder = join(root, 'training', SCRIPTS_OF_TRY);
  // A script that lies there already is the user's, and stays.
  if (relative(folder, path) === name) return () => undefined;
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, name));
  return () => rmSync(join(folder, name), { force: true });
}
