import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { VERIFICATION_STACK } from '../../lambda/shared/names';
import { EdgeMlopsStage } from '../edge-mlops-stage';
import type { AppConfig } from '../shared/app-config';
import { stackProps } from '../shared/stack-props';
import { EnvironmentVerifier } from './environment-verifier';

/**
 * An environment that is delivered rather than deployed by hand: its four stacks, the same to the byte, and one more with
 * the role that verifies them.
 */
export class DeliveredEnvironment extends EdgeMlopsStage {
  /** @param verifiedBy ARNs of the roles that may verify it, all of one account */
  constructor(scope: Construct, config: AppConfig, verifiedBy: readonly string[]) {
    super(scope, config);
    const verification = new Stack(
      this,
      'Verification',
      stackProps(config, VERIFICATION_STACK, 'the role that verifies it after a deployment'),
    );
    new EnvironmentVerifier(verification, 'Verifier', { config, verifiedBy });
    // It reads their outputs by name, which the CDK does not see.
    for (const stack of [this.data, this.training, this.fleet, this.operations]) {
      verification.addStackDependency(stack);
    }
  }
}
