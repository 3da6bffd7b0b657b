/** Runs the Python side of `kaizen script check` (training/kaizen_training/script_check.py). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { parseContractJson, type ScriptCheck } from '../../contracts';
import { InputError } from '../shared/errors';

const ROOT = join(__dirname, '..', '..');
const TRAINING_FOLDER = join(ROOT, 'training');
/** What `npm run setup` makes. */
const PYTHON = join(ROOT, '.venv', 'bin', 'python');
/** Of script_check.py: what was asked for cannot be checked. */
const UNUSABLE = 2;

export interface ScriptCheckRequest {
  /** Path of the training script. */
  readonly script: string;
  /** Folder with a folder for each class. @default - rendered images */
  readonly images?: string | undefined;
  /** As text that the training toolkit reads. */
  readonly hyperparameters: Readonly<Record<string, string>>;
}

function argumentsOf({ script, images, hyperparameters }: ScriptCheckRequest): string[] {
  return [
    ...['-m', 'kaizen_training.script_check'],
    ...(images === undefined ? [] : ['--images', images]),
    ...Object.entries(hyperparameters).map(([name, value]) => `--hyperparameter=${name}=${value}`),
    ...['--', script],
  ];
}

/**
 * @param onLine is told what the script prints, line by line
 * @param python the interpreter
 * @throws InputError when there is no Python, or the script, images or hyperparameters cannot be used
 * @throws Error when the check itself ended without an answer
 */
export async function checkScript(
  request: ScriptCheckRequest,
  onLine: (line: string) => void,
  python = PYTHON,
): Promise<ScriptCheck> {
  if (!existsSync(python)) {
    throw new InputError(`scripts are checked by Python, and ${python} is missing: run \`npm run setup\``);
  }
  const path = [TRAINING_FOLDER, process.env.PYTHONPATH].filter(Boolean).join(':');
  const child = spawn(python, argumentsOf(request), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONPATH: path, PYTHONUNBUFFERED: '1' },
  });
  createInterface({ input: child.stderr }).on('line', onLine);
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal }));
  });
  const [answer, { code, signal }] = await Promise.all([text(child.stdout), ended]);
  if (code === UNUSABLE && answer !== '') throw new InputError(answer.trim());
  if (answer === '') {
    const how = signal === null ? `with exit status ${code}` : `by ${signal}`;
    const advice = signal === 'SIGKILL' ? '; unless somebody ended it, the memory ran out' : '';
    throw new Error(`the check ended ${how} and without an answer${advice}`);
  }
  return parseContractJson('script-check', answer, 'the answer of the check');
}
