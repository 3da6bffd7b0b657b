import { type Command, Option } from 'commander';
import { NUCLEI } from '../nucleus-configuration';
import { type Finding, formatFindings, judgeDevice } from './judge-device';
import { type FactsRequest, readFacts } from './read-facts';

/** The options of {@link checkDevice}, the same on the device and in the repository. */
export function withCheckOptions(command: Command, folder: string): Command {
  return command
    .description('says what this machine lacks to be a core device')
    .addOption(new Option('--nucleus <nucleus>', 'which one').choices(NUCLEI).makeOptionMandatory())
    .option('--folder <folder>', "the device's files", folder)
    .option('--offline', 'does not ask the endpoints', false);
}

/** Looks at this machine. @throws InputError when the folder's thing.json cannot be read as one */
export async function checkDevice(
  request: FactsRequest,
): Promise<{ readonly findings: readonly Finding[]; readonly text: string; readonly missing: boolean }> {
  const findings = judgeDevice(await readFacts(request), request.nucleus);
  return {
    findings,
    text: formatFindings(findings),
    missing: findings.some(({ severity }) => severity === 'error'),
  };
}
