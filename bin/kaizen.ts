import { userInfo } from 'node:os';
import { awsClients } from '../cli/aws-clients';
import { runProgram } from '../cli/run-program';

runProgram(process.argv.slice(2), {
  clients: awsClients,
  write: (text) => process.stdout.write(`${text}\n`),
  writeError: (text) => process.stderr.write(`${text}\n`),
  now: () => new Date(),
  userName: () => userInfo().username,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
