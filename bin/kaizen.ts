import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from '../cli/run-program';
import { awsClients } from '../cli/shared/aws-clients';

const { stdout, stderr } = process;
/** To the line's beginning, and away with what stands there. */
const CLEARED_LINE = '\r\u001b[K';

// Who reads a part only (`kaizen captures | head`) has what they want.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

runProgram(process.argv.slice(2), {
  clients: awsClients,
  write: (text) => stdout.write(`${text}\n`),
  writeError: (text) => stderr.write(`${text}\n`),
  // One line only: what is wider than the terminal would stay.
  ...(stderr.isTTY && {
    showProgress: (text: string) =>
      stderr.write(`${CLEARED_LINE}${text.slice(0, (stderr.columns || 80) - 1)}`),
  }),
  now: () => new Date(),
  sleep: (milliseconds) => sleep(milliseconds),
  userName: () => userInfo().username,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
