import { userInfo } from 'node:os';
import { runProgram } from '../cli/run-program';
import { awsClients } from '../cli/shared/aws-clients';

runProgram(process.argv.slice(2), {
  clients: awsClients,
  write: (text) => process.stdout.write(`${text}\n`),
  writeError: (text) => process.stderr.write(`${text}\n`),
  now: () => new Date(),
  userName: () => userInfo().username,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
