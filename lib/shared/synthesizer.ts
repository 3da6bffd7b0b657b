import { CliCredentialsStackSynthesizer, DefaultStackSynthesizer, type IStackSynthesizer } from 'aws-cdk-lib';
import type { AppConfig } from './app-config';

/**
 * How a stack is deployed. Its assets lie under a prefix of their own, so that a role can be allowed to read
 * the assets of one stack, old versions too, and no others.
 */
export function stackSynthesizer(config: AppConfig, bucketPrefix: string): IStackSynthesizer {
  const synthesizer =
    config.synthesizer === 'cli-credentials'
      ? new CliCredentialsStackSynthesizer({ bucketPrefix })
      : new DefaultStackSynthesizer({ bucketPrefix });
  // aws-cdk-lib is compiled without exactOptionalPropertyTypes: its own classes miss its interface by an `| undefined`.
  return synthesizer as IStackSynthesizer;
}
