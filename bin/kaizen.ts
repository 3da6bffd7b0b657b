import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from '../cli/run-program';
import { awsClients } from '../cli/shared/aws-clients';

runProgram(process.argv.slice(2), {
  clients: awsClients,
  write: (text) => process.stdout.write(`${text}\n`),
  writeError: (text) => process.stderr.write(`${text}\n`),
  now: () => new Date(),
  sleep: (milliseconds) => sleep(milliseconds),
  userName: () => userInfo().username,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
