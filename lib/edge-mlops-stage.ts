import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AppConfig } from './shared/app-config';
import { DataStack } from './stacks/data-stack';
import { FleetStack } from './stacks/fleet-stack';
import { OperationsStack } from './stacks/operations-stack';
import { TrainingStack } from './stacks/training-stack';

/**
 * One environment: the whole loop, in the order of its flow.
 *
 * At deploy time references point backwards only (Data <- Training <- Fleet <- Operations). At run time the loop
 * is closed by events: `operations` starts the pipeline of `training` by its name.
 */
export class EdgeMlopsStage extends Stage {
  readonly data: DataStack;
  readonly training: TrainingStack;
  readonly fleet: FleetStack;
  readonly operations: OperationsStack;

  constructor(scope: Construct, config: AppConfig) {
    super(scope, config.environmentName, { env: { account: config.account, region: config.region } });
    // dataset, registry, telemetry and retraining keep their state here
    this.data = new DataStack(this, config);
    // dataset -> training -> registry
    this.training = new TrainingStack(this, config, this.data);
    // registry -> rollout -> device -> telemetry
    this.fleet = new FleetStack(this, config, this.data);
    // telemetry -> monitoring -> retraining
    this.operations = new OperationsStack(this, config, {
      data: this.data,
      training: this.training,
      fleet: this.fleet,
    });
  }
}
