import type { StackProps } from 'aws-cdk-lib';
import { stackName } from '../../lambda/shared/names';
import type { AppConfig } from './app-config';
import { terminationProtection } from './removal';
import { stackSynthesizer } from './synthesizer';

/** Prefix of a stack's assets in the account's asset bucket. */
export const assetPrefix = (config: AppConfig, stack: Parameters<typeof stackName>[1]): string =>
  `${stackName(config, stack)}/`;

/** By which AWS's bill tells environments apart: of every stack, and of every job that a pipeline starts. */
export const costTags = ({
  environmentName,
  useCase,
}: Pick<AppConfig, 'environmentName' | 'useCase'>): Readonly<Record<string, string>> => ({
  application: 'kaizen-edge',
  environment: environmentName,
  useCase,
});

/** What every stack of an environment has in common. */
export function stackProps(
  config: AppConfig,
  stack: Parameters<typeof stackName>[1],
  description: string,
): StackProps {
  return {
    stackName: stackName(config, stack),
    description: `Kaizen Edge (${config.environmentName}): ${description}`,
    env: { account: config.account, region: config.region },
    terminationProtection: terminationProtection(config),
    synthesizer: stackSynthesizer(config, assetPrefix(config, stack)),
    tags: costTags(config),
  };
}
