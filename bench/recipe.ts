/** What takes long to make and is kept under out/bench, by what it is made from. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../scripts/repository';

export const WORK_FOLDER = join(REPOSITORY_ROOT, 'out', 'bench');
export const PACKAGE = 'training/kaizen_training';
export const DEFAULT_SCRIPT = 'training/scripts/pytorch/inspect_surface.py';

/** Of every training with the default script on the rendered dataset. */
export const TRAINING_INGREDIENTS: readonly string[] = [
  DEFAULT_SCRIPT,
  'bench/python/rendered_dataset.py',
  `${PACKAGE}/augmentation.py`,
  `${PACKAGE}/checkpoint.py`,
  `${PACKAGE}/data_parallel.py`,
  `${PACKAGE}/hyperparameters.py`,
  `${PACKAGE}/image_policy.py`,
  `${PACKAGE}/networks`,
  `${PACKAGE}/prepare.py`,
  `${PACKAGE}/prepared.py`,
  `${PACKAGE}/split.py`,
  `${PACKAGE}/surfaces`,
];

/** Of the rendered line and its exported model: inspected_line.py. */
export const LINE_INGREDIENTS: readonly string[] = [
  ...TRAINING_INGREDIENTS,
  `${PACKAGE}/baseline.py`,
  `${PACKAGE}/embedding.py`,
  `${PACKAGE}/feature_nodes.py`,
  `${PACKAGE}/feature_taps.py`,
  `${PACKAGE}/forward.py`,
  `${PACKAGE}/further_outputs.py`,
  `${PACKAGE}/novelty.py`,
  `${PACKAGE}/onnx_model.py`,
  'bench/python/inspected_line.py',
  'contracts/histogram-bins.json',
  'training/requirements.lock',
];

export interface Recipe {
  readonly name: string;
  /** Below bench/python; writes `--output <folder>`, or nothing at all. */
  readonly script: string;
  /** Files, and folders with their Python files, whose content decides the result. */
  readonly ingredients: readonly string[];
  /** Said before it begins. */
  readonly announcement: string;
}

function sources(path: string): string[] {
  if (!statSync(join(REPOSITORY_ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(REPOSITORY_ROOT, path))
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => `${path}/${name}`);
}

/** Where the recipe's result lies: the same content makes the same thing. */
function folderOf({ name, script, ingredients }: Recipe, parameters: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of [`bench/python/${script}`, ...ingredients].flatMap(sources)) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(REPOSITORY_ROOT, path)))
      .update('\0');
  }
  // Results that went into this one are named by their content.
  for (const parameter of parameters) hash.update(`${parameter.replace(WORK_FOLDER, '')}\0`);
  return join(WORK_FOLDER, `${name}-${hash.digest('hex').slice(0, 16)}`);
}

/** The folder with the recipe's result, made when it is not there. */
export async function made(recipe: Recipe, parameters: readonly string[] = []): Promise<string> {
  const folder = folderOf(recipe, parameters);
  if (existsSync(folder)) return folder;
  console.log(`bench: ${recipe.announcement} ...`);
  const script = join(REPOSITORY_ROOT, 'bench', 'python', recipe.script);
  // Whoever else works on this machine goes first.
  const command = ['-n', '15', virtualEnvironmentPython(), script, ...parameters, '--output', folder];
  const child = spawn('nice', command, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${recipe.script} ended with ${code}`);
  return folder;
}
