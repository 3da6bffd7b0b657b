/** The command `local-aws`: starts the local AWS and keeps it until Ctrl-C, or in the background. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Interpreter } from '../sagemaker/interpreter';
import { endInBackground, startInBackground } from './background';
import { isMeant, WHAT_IS_LOST } from './interrupts';
import { shellVariables } from './shell-variables';
import { type LocalAwsOptions, startLocalAws } from './start-local-aws';

const USAGE = `Usage: local-aws [--python <interpreter>] [--image <pattern>=<interpreter>] [--runtime <name>=<node>]
                 [--variables <file>] [--keep | --end]
  --python <interpreter>           Python that has what requirements.lock pins (default $LOCAL_AWS_PYTHON)
  --image <pattern>=<interpreter>  Python that runs the jobs of the images that the regular expression finds; repeatable
  --runtime <name>=<node>          Node that runs the functions of a Lambda runtime such as nodejs24.x; repeatable
  --variables <file>               where endpoints and credentials are written, to be sourced (default local-aws.env)
  --keep                           goes on in the background, also when the shell is closed; its log is <file>.log
  --end                            ends the one in the background, and all that is in it
  --help                           shows this`;

const EXIT_USAGE = 2;

/** What the command takes where no option says otherwise. */
export interface LocalAwsDefaults
  extends Partial<Pick<LocalAwsOptions, 'python' | 'interpreters' | 'functionRuntimes'>> {
  /** @default local-aws.env */
  readonly variables?: string;
}

interface Settings extends Pick<LocalAwsOptions, 'python' | 'interpreters' | 'functionRuntimes'> {
  readonly variables: string;
  /** In this shell, in the background, or no more there. */
  readonly where: 'here' | 'background' | 'ended';
}

/** A wrong option; the usage goes with its message. */
class UsageError extends Error {}

function interpreterOf(text: string): Interpreter {
  const separator = text.lastIndexOf('=');
  const [pattern, python] = [text.slice(0, separator), text.slice(separator + 1)];
  if (separator < 1 || python === '') {
    throw new UsageError(`--image must be <pattern>=<interpreter>, got '${text}'`);
  }
  try {
    return { imagePattern: new RegExp(pattern), pythonPath: resolve(python) };
  } catch (error) {
    throw new UsageError(`--image: ${(error as Error).message}`);
  }
}

function runtimeOf(text: string): [string, string] {
  const [name = '', node = ''] = text.split('=');
  if (name === '' || node === '') throw new UsageError(`--runtime must be <name>=<node>, got '${text}'`);
  return [name, resolve(node)];
}

/** @returns undefined when only the usage was asked for. @throws UsageError */
function settingsOf(args: readonly string[], defaults: LocalAwsDefaults): Settings | undefined {
  const options = {
    python: { type: 'string' },
    image: { type: 'string', multiple: true },
    runtime: { type: 'string', multiple: true },
    variables: { type: 'string' },
    keep: { type: 'boolean', default: false },
    end: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.`);
  }
  if (values.help) return undefined;
  if (values.keep && values.end) throw new UsageError('--keep and --end exclude each other');
  const python = values.python ?? process.env.LOCAL_AWS_PYTHON ?? defaults.python;
  if (!python) throw new UsageError('--python is missing, and LOCAL_AWS_PYTHON is not set');
  return {
    python: resolve(python),
    interpreters: [...(values.image ?? []).map(interpreterOf), ...(defaults.interpreters ?? [])],
    functionRuntimes: {
      ...defaults.functionRuntimes,
      ...Object.fromEntries((values.runtime ?? []).map(runtimeOf)),
    },
    variables: values.variables ?? defaults.variables ?? 'local-aws.env',
    where: values.keep ? 'background' : values.end ? 'ended' : 'here',
  };
}

/** At a terminal a Ctrl-C asks first: whatever is in it lives in memory. */
function onInterrupt(end: () => void): () => void {
  let before: number | undefined;
  return () => {
    const now = performance.now();
    if (!process.stdout.isTTY || isMeant(before, now)) return end();
    before = now;
    console.error(`\n${WHAT_IS_LOST}`);
  };
}

/** Runs until a signal or a crash ends it; nothing of it is left then. @returns the exit code */
async function keep({ variables, where: _, ...settings }: Settings): Promise<number> {
  const workDirectory = mkdtempSync(join(tmpdir(), 'local-aws-'));
  const { promise: ended, resolve: end } = promiseOf<string | undefined>();
  // Not once: a second Ctrl-C must not cut the clean-up short.
  process.on('SIGTERM', () => end(undefined));
  process.on(
    'SIGINT',
    onInterrupt(() => end(undefined)),
  );
  try {
    const aws = await startLocalAws({ ...settings, workDirectory, onCrash: end });
    try {
      const text = shellVariables(aws);
      mkdirSync(dirname(variables), { recursive: true });
      // At once: whoever waits for the file reads it as soon as it is there.
      writeFileSync(`${variables}.new`, text, { mode: 0o600 });
      renameSync(`${variables}.new`, variables);
      console.log(`${text}\nThe local AWS is up. In another shell: . ${variables}`);
      console.log(
        'Ctrl-C ends it, and all that is in it: it lives in memory. --keep goes on in the background.',
      );
      const problem = await ended;
      if (problem !== undefined) console.error(problem);
      return problem === undefined ? 0 : 1;
    } finally {
      rmSync(variables, { force: true });
      await aws.stop();
    }
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
}

function promiseOf<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** @returns the exit code */
async function keepInBackground(args: readonly string[], { variables }: Settings): Promise<number> {
  const [, script = ''] = process.argv;
  const foreground = args.filter((argument) => argument !== '--keep');
  const isNew = await startInBackground({
    command: [process.execPath, ...process.execArgv, script, ...foreground],
    variables,
  });
  console.log(
    `${readFileSync(variables, 'utf8')}\nThe local AWS ${isNew ? 'is' : 'was already'} up. Now: . ${variables}`,
  );
  console.log('It goes on in the background until --end; what is in it lives in memory and ends with it.');
  return 0;
}

/** @returns the exit code */
async function endKept({ variables }: Settings): Promise<number> {
  const ended = await endInBackground(variables);
  console.log(ended ? 'The local AWS has ended.' : 'No local AWS runs in the background.');
  return 0;
}

/** @returns the exit code: 2 when an option is wrong, 1 when it did not start or a part of it crashed */
export async function runLocalAws(args: readonly string[], defaults: LocalAwsDefaults = {}): Promise<number> {
  try {
    const settings = settingsOf(args, defaults);
    if (settings?.where === 'background') return await keepInBackground(args, settings);
    if (settings?.where === 'ended') return await endKept(settings);
    if (settings !== undefined) return await keep(settings);
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n${USAGE}`);
      return EXIT_USAGE;
    }
    console.error(`the local AWS did not start: ${(error as Error).message}`);
    return 1;
  }
}
