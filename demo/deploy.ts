/** `cdk bootstrap` and `cdk deploy` against the local AWS: the unmodified CDK CLI and the same app as for a real account. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION, type LocalAws, SupervisedProcess } from '@kaizen-edge/local-aws';
import { KaizenEnvironment } from '../cli/shared/environment';
import { REPOSITORY_ROOT } from '../scripts/repository';

export interface DeployOptions {
  readonly aws: LocalAws;
  /** For the log, cdk.out and the outputs. */
  readonly directory: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
  /** Folder with the configurations. @default - the application's own, config/ */
  readonly configurations?: string;
}

/**
 * From a folder without an app: from the repository's, the CLI builds and synthesizes all of it to look for environments
 * that are named already (20 s on two processors).
 * @throws Error with the CLI's last lines
 */
export async function bootstrapLocalAws(options: DeployOptions): Promise<void> {
  await runCdk(options, ['bootstrap', `aws://${LOCAL_ACCOUNT_ID}/${LOCAL_REGION}`], options.directory);
}

/**
 * @param name under which the local configuration is deployed
 * @throws Error with the CLI's last lines
 */
export async function deployToLocalAws(options: DeployOptions, name = 'local'): Promise<KaizenEnvironment> {
  const outputsFile = join(options.directory, `stack-outputs-${name}.json`);
  await runCdk(options, [
    'deploy',
    '**',
    '--require-approval=never',
    '--concurrency=4',
    `--outputs-file=${outputsFile}`,
    `--output=${join(options.directory, `cdk.out-${name}`)}`,
    '--context=env=local',
    `--context=name=${name}`,
    ...(options.configurations === undefined ? [] : [`--context=configurations=${options.configurations}`]),
  ]);
  return deployedEnvironment(name, outputsFile);
}

/** @param outputsFile as `cdk deploy --outputs-file` writes it */
export function deployedEnvironment(name: string, outputsFile: string): KaizenEnvironment {
  const byStack = JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, Record<string, string>>;
  // An output's name is unique over the stacks.
  return new KaizenEnvironment(
    name,
    new Map(Object.values(byStack).flatMap((stack) => Object.entries(stack))),
  );
}

/**
 * One command of the unmodified CDK CLI.
 * @param workingDirectory where it finds the app. @default - the repository
 * @throws Error with its last lines
 */
export async function runCdk(
  options: DeployOptions,
  args: readonly string[],
  workingDirectory: string = REPOSITORY_ROOT,
): Promise<void> {
  const cdk = new SupervisedProcess({
    name: `cdk ${args[0]}`,
    command: join(REPOSITORY_ROOT, 'node_modules', '.bin', 'cdk'),
    arguments: [...args, '--ci', '--no-notices', '--progress=events', '--no-color'],
    workingDirectory,
    environment: {
      PATH: process.env.PATH,
      HOME: options.directory,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      ...options.aws.environment,
    },
    logFile: join(options.directory, 'cdk.log'),
    onLine: options.onLine,
  });
  await cdk.complete(options.signal);
}
