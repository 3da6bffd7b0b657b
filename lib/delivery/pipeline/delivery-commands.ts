/**
 * What builds of the delivery run, in AWS and in GitHub Actions (.github/workflows/deliver.yml): the same lines by hand do
 * the same. test/integ/environments.test.ts runs them as the synthesized pipeline has them.
 */
import type { AppConfig } from '../../shared/app-config';
import { bootstrapRoleArn, roleArn, verifierRoleName } from '../names';

/** npm packages only: no command below trains, so that Python is not needed. As scripts/setup.mjs installs them. */
export const INSTALL = 'npm install --no-save --no-audit --no-fund';

/** Every check of the project; then the templates and assets of everything that is delivered, in cdk.out. */
export const BUILD = ['npm test', "npx cdk synth -q --app 'npx tsx bin/pipeline.ts'"] as const;

/** Commands as a role of the environment's account. */
const asRole = (arn: string, { region }: AppConfig, command: string): string =>
  `npx tsx bin/as-role.ts ${arn} ${region} ${command}`;

export const verifyCommand = (config: AppConfig, healthyDevices: number): string =>
  asRole(
    roleArn(config, verifierRoleName(config)),
    config,
    `npx tsx bin/kaizen.ts verify --env ${config.environmentName} --healthy-devices ${healthyDevices}`,
  );

/** Fails when what is deployed is not what its templates say. */
export const driftCommand = (config: AppConfig): string =>
  asRole(
    bootstrapRoleArn(config, 'lookup'),
    config,
    `npx tsx bin/kaizen.ts drift --env ${config.environmentName}`,
  );

/** @param publish what the page is written to, such as `s3://bucket/key`, in the words of a shell */
export const reviewCommand = (config: AppConfig, publish: string): string =>
  [
    `npx tsx bin/review-update.ts --env ${config.environmentName} --assembly cdk.out`,
    `--role ${bootstrapRoleArn(config, 'lookup')} --region ${config.region} --publish ${publish}`,
  ].join(' ');
