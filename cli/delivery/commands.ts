import type { Command } from 'commander';
import { type AnswerOptions, answer } from '../shared/answer';
import { withPage } from '../shared/command-page';
import { type AddCommands, integerFrom } from '../shared/commands';
import { progressOf } from '../shared/progress';
import { detectDrift, formatDrift } from './detect-drift';
import { formatResults, verifyEnvironment } from './verify-environment';

/** CloudFormation needs a minute for a stack of fifty resources. */
const DRIFT_WAITING = { pollMilliseconds: 5_000, timeoutMilliseconds: 900_000 };

const addVerify: AddCommands = (program, ports, open) => {
  const command = program
    .command('verify')
    .description('asks a deployed environment whether it works')
    .option('--healthy-devices <number>', 'so many devices have to be healthy', integerFrom(0), 0);
  withPage(command, {
    examples: [{ line: 'verify --env dev' }, { line: 'verify --env prod --healthy-devices 4' }],
    json: {
      fields: {
        environment: 'that was asked',
        passed: 'whether every check has',
        checks: 'name, passed and finding of each',
      },
    },
    exits: { 0: 'it works', 1: 'a check fails, or it could not be asked' },
    seeAlso: 'docs/delivery.md',
  }).action(async ({ healthyDevices, json }: { healthyDevices: number } & AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const checks = await verifyEnvironment({ clients, environment, healthyDevices, now: ports.now() });
    const failed = checks.filter(({ passed }) => !passed);
    const document = { environment: environment.name, passed: failed.length === 0, checks };
    answer(ports, { json }, document, formatResults(checks));
    if (failed.length > 0) {
      throw new Error(`${environment.name} fails ${failed.length} of ${checks.length} checks`);
    }
  });
};

const addDrift: AddCommands = (program, ports) => {
  const command = program.command('drift').description('compares what is deployed with its templates');
  withPage(command, {
    examples: [{ line: 'drift --env dev' }],
    json: {
      fields: {
        stacks: 'that were compared',
        drifts: 'resource, type and differences of each that is not as its template says',
      },
    },
    exits: { 0: 'nothing differs', 1: 'something differs, or it failed' },
    seeAlso: 'docs/delivery.md',
  }).action(async (options: AnswerOptions, action: Command) => {
    const { env } = action.optsWithGlobals<{ env: string }>();
    const onProgress = progressOf(ports, options, 'Comparing: stack');
    const report = await detectDrift(ports.clients().cloudFormation, env, { ...DRIFT_WAITING, onProgress });
    answer(ports, options, report, formatDrift(report));
    if (report.drifts.length > 0) {
      throw new Error(`${report.drifts.length} resources of ${env} are not as their templates say`);
    }
  });
};

export const addDeliveryCommands: AddCommands = (...to) => {
  addVerify(...to);
  addDrift(...to);
};
