/** `npm run try -- <folder of images>`: a user's own images through the loop on the local AWS, and a report. */
import { setMaxListeners } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { CommanderError } from 'commander';
import { InputError } from '../cli/shared/errors';
import { ContractError } from '../contracts';
import { DemoConsole } from '../demo/console';
import { openWorkDirectory } from '../demo/work-directory';
import { REPOSITORY_ROOT } from '../scripts/repository';
import { type TryRequest, tryProgram } from './arguments';
import { interruption, isInterruption } from './interruption';
import { runTry } from './run';

const EXIT_REFUSED = 2;
/** 128 + SIGINT, as a shell reports it. */
const EXIT_INTERRUPTED = 130;

async function ask(classes: readonly string[]): Promise<string[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`Which of ${classes.join(', ')} may pass? (by commas) `);
    return answer.split(',').map((name) => name.trim());
  } finally {
    terminal.close();
  }
}

async function run(request: TryRequest): Promise<number> {
  const abort = new AbortController();
  // Everything that waits listens to it; the default of ten is meant for leaks.
  setMaxListeners(0, abort.signal);
  const interrupt = () => {
    if (!abort.signal.aborted) console.error('\nstopping: everything that was started is being ended ...');
    abort.abort(interruption());
  };
  // Never taken off: a second Ctrl-C while the process is ending must not change how it ends.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const work = openWorkDirectory(request.outputFolder, undefined, 'try');
  try {
    const inService = await runTry(
      { request, abort, console: new DemoConsole(), ask: process.stdin.isTTY ? ask : undefined },
      work,
    );
    return inService ? 0 : 1;
  } catch (error) {
    if (error instanceof InputError || error instanceof ContractError) throw error;
    const reason = (abort.signal.aborted ? abort.signal.reason : error) as Error;
    if (isInterruption(reason)) {
      console.error('stopped; an earlier report is as it was.');
      return EXIT_INTERRUPTED;
    }
    console.error(`\nThe try failed: ${reason.message}\nLogs: ${work.run}`);
    if (process.env.KAIZEN_DEBUG) console.error(reason.stack);
    return 1;
  } finally {
    work.release();
  }
}

tryProgram(async (request) => {
  // What could not be told to stop, reading images, must not keep an interrupted process.
  process.exit(await run(request));
}, REPOSITORY_ROOT)
  .parseAsync()
  .catch((error: Error) => {
    // Commander has written its own message, and the help that was asked for is no error.
    if (!(error instanceof CommanderError)) console.error(`error: ${error.message}`);
    const isRefused =
      error instanceof CommanderError || error instanceof InputError || error instanceof ContractError;
    process.exitCode =
      error instanceof CommanderError && error.exitCode === 0 ? 0 : isRefused ? EXIT_REFUSED : 1;
  });
