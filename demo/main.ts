/** `npm run demo`: sets up, runs the closed loop once and ends with a report. */
import { setMaxListeners } from 'node:events';
import { parseDemoArguments, USAGE, UsageError } from './arguments';
import { DemoConsole } from './console';
import { runDemo } from './demo';
import { FULL, SMALL, THREE_TURNS } from './settings';
import { openWorkDirectory, WorkDirectoryError } from './work-directory';

const EXIT_USAGE = 2;
/** 128 + SIGINT, as a shell reports it. */
const EXIT_INTERRUPTED = 130;

async function main(): Promise<number> {
  const args = parseDemoArguments(process.argv.slice(2));
  if (args === 'help') {
    console.log(USAGE);
    return 0;
  }
  const work = openWorkDirectory(args.outputDirectory);
  const abort = new AbortController();
  // Everything that waits listens to it; the default of ten is meant for leaks.
  setMaxListeners(0, abort.signal);
  const interrupt = () => {
    if (!abort.signal.aborted) console.error('\nstopping: everything that was started is being ended ...');
    abort.abort(new Error('interrupted'));
  };
  // Never taken off: a second Ctrl-C while the process is ending must not change how it ends.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const demoConsole = new DemoConsole();
  try {
    await runDemo({
      settings: { ...(args.small ? SMALL : FULL), ...(args.threeTurns ? THREE_TURNS : {}) },
      environmentNames: args.environments,
      work,
      console: demoConsole,
      abort,
    });
    return 0;
  } catch (error) {
    if (abort.signal.aborted && (abort.signal.reason as Error).message === 'interrupted') {
      console.error('stopped; an earlier report is as it was.');
      return EXIT_INTERRUPTED;
    }
    const reason = abort.signal.aborted ? (abort.signal.reason as Error) : (error as Error);
    console.error(`\nThe demo failed: ${reason.message}\nLogs: ${work.run}`);
    if (process.env.KAIZEN_DEBUG) console.error(reason.stack);
    return 1;
  } finally {
    work.release();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const expected = error instanceof UsageError || error instanceof WorkDirectoryError;
    console.error(expected ? error.message : error.stack);
    process.exitCode = error instanceof UsageError ? EXIT_USAGE : 1;
  },
);
