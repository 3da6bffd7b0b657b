/** The local AWS without a terminal: it goes on when the shell that started it is closed, until it is told to end. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startTimeOf } from '../shared/process-identity';

const LOOK_MILLISECONDS = 100;
const LAST_LINES = 20;

/** Beside the file of variables, which is there as long as it is up. */
const filesOf = (variables: string) => ({ identity: `${variables}.process`, log: `${variables}.log` });

interface Identity {
  readonly processId: number;
  readonly startTime: string;
}

/** The one that runs in the background; undefined when none does, also after one that was killed. */
function runningOne(variables: string): Identity | undefined {
  const { identity } = filesOf(variables);
  if (!existsSync(identity)) return undefined;
  const { processId, startTime } = JSON.parse(readFileSync(identity, 'utf8')) as Identity;
  return isAlive(processId, startTime) ? { processId, startTime } : undefined;
}

export interface BackgroundOptions {
  /** The program that keeps it in the foreground, and its arguments. */
  readonly command: readonly [program: string, ...parameters: string[]];
  /** File that the program writes when it is up, and deletes at its end. */
  readonly variables: string;
}

/**
 * Starts the program with a log of its own and waits until it is up.
 * @returns whether it was started; false when one runs already
 * @throws Error with the last lines of the log when it ends instead
 */
export async function startInBackground({ command, variables }: BackgroundOptions): Promise<boolean> {
  if (runningOne(variables)) return false;
  const { identity, log } = filesOf(variables);
  mkdirSync(dirname(variables), { recursive: true });
  // Of one that was killed: its ports are nobody's.
  rmSync(variables, { force: true });
  const output = openSync(log, 'w', 0o600);
  const [program, ...parameters] = command;
  // A session of its own: Ctrl-C and the end of the terminal are for the shell's processes only.
  const child = spawn(program, parameters, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  let hasEnded = false;
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => {
      hasEnded = true;
      reject(error);
    });
    child.once('exit', (code, signal) => {
      hasEnded = true;
      const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-LAST_LINES).join('\n');
      reject(new Error(`it ended with ${code ?? signal}: ${tail}`));
    });
  });
  await Promise.race([failed, becomesTrue(() => hasEnded || existsSync(variables))]);
  // What it comes to later is for its log, which may be gone by then.
  child.removeAllListeners('exit');
  const processId = child.pid ?? 0;
  const startTime = startTimeOf(processId) ?? '';
  writeFileSync(identity, JSON.stringify({ processId, startTime } satisfies Identity), { mode: 0o600 });
  child.unref();
  return true;
}

async function becomesTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(LOOK_MILLISECONDS);
}

/**
 * Ends the one that runs in the background and waits for it.
 * @returns false when none runs
 */
export async function endInBackground(variables: string): Promise<boolean> {
  const { identity } = filesOf(variables);
  const running = runningOne(variables);
  if (running) {
    process.kill(running.processId, 'SIGTERM');
    await becomesTrue(() => !isAlive(running.processId, running.startTime));
  }
  rmSync(identity, { force: true });
  return running !== undefined;
}
