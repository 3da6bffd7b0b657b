import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DeviceFleet } from '../device/device-fleet';
import { DevicePolicy } from '../device/device-policy';
import { InferenceComponent } from '../device/inference-component';
import { TokenExchange } from '../device/token-exchange';
import { Rollout } from '../rollout/rollout';
import type { AppConfig } from '../shared/app-config';
import { assetPrefix, stackProps } from '../shared/stack-props';
import { TelemetryIntake } from '../telemetry/telemetry-intake';
import type { DataStack } from './data-stack';

/** Devices: who they are, what they may do, what they run, how they get a release, where their messages go. */
export class FleetStack extends Stack {
  readonly rollout: Rollout;
  readonly intake: TelemetryIntake;

  constructor(scope: Construct, config: AppConfig, data: DataStack) {
    super(scope, 'Fleet', stackProps(config, 'fleet', 'Device identities, base component, rollout, intake'));
    const shared = { config, encryptionKey: data.encryptionKey };
    const fleet = new DeviceFleet(this, 'Devices', config);
    const component = new InferenceComponent(this, 'Inference', {
      ...shared,
      telemetryBucket: data.telemetry.bucket,
    });
    const exchange = new TokenExchange(this, 'TokenExchange', {
      ...shared,
      telemetry: data.telemetry,
      registry: data.registry,
    });
    exchange.grantReadStackAssets(component.artifactBucket, assetPrefix(config, 'fleet'));
    const policy = new DevicePolicy(this, 'DevicePolicy', { config, roleAliasArn: exchange.roleAliasArn });
    this.rollout = new Rollout(this, 'Rollout', {
      ...shared,
      dataset: data.dataset,
      registry: data.registry,
      telemetry: data.telemetry,
      episodeTable: data.episodeTable,
      waves: fleet.waves,
      inferenceComponent: { name: component.name, version: component.version },
    });
    this.intake = new TelemetryIntake(this, 'Intake', shared);
    for (const [id, value] of Object.entries({
      CanaryGroupName: fleet.groupNameOf('canary'),
      StableGroupName: fleet.groupNameOf('stable'),
      DevicePolicyName: policy.policyName,
      RoleAliasName: exchange.roleAliasName,
      TokenExchangeRoleArn: exchange.role.roleArn,
      InferenceComponentName: component.name,
      InferenceComponentVersion: component.version,
      RolloutStateMachineArn: this.rollout.stateMachine.stateMachineArn,
      SweepRolloutsFunctionName: this.rollout.sweeperName,
      ResultsQueueUrl: this.intake.results.queue.queueUrl,
      ResultsDeadLetterQueueUrl: this.intake.results.deadLetterQueue.queueUrl,
      ThingTypeName: fleet.thingTypeName,
    })) {
      new CfnOutput(this, id, { value });
    }
  }
}
