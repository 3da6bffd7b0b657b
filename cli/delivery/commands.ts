import type { Command } from 'commander';
import { type AddCommands, integerFrom } from '../shared/commands';
import { detectDrift, formatDrift } from './detect-drift';
import { formatResults, verifyEnvironment } from './verify-environment';

/** CloudFormation needs a minute for a stack of fifty resources. */
const DRIFT_WAITING = { pollMilliseconds: 5_000, timeoutMilliseconds: 900_000 };

export const addDeliveryCommands: AddCommands = (program, ports, open) => {
  program
    .command('verify')
    .description('asks a deployed environment whether it works; exit code 1 when it does not')
    .option('--healthy-devices <number>', 'so many devices have to be healthy', integerFrom(0), 0)
    .action(async ({ healthyDevices }: { healthyDevices: number }, command: Command) => {
      const { clients, environment } = await open(command);
      const results = await verifyEnvironment({ clients, environment, healthyDevices, now: ports.now() });
      ports.write(formatResults(results));
      const failed = results.filter(({ passed }) => !passed);
      if (failed.length > 0) {
        throw new Error(`${environment.name} fails ${failed.length} of ${results.length} checks`);
      }
    });
  program
    .command('drift')
    .description('compares what is deployed with its templates; exit code 1 when it differs')
    .action(async (_options: object, command: Command) => {
      const { env } = command.optsWithGlobals<{ env: string }>();
      const report = await detectDrift(ports.clients().cloudFormation, env, DRIFT_WAITING);
      ports.write(formatDrift(report));
      if (report.drifts.length > 0) {
        throw new Error(`${report.drifts.length} resources of ${env} are not as their templates say`);
      }
    });
};
