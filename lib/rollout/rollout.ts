import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  deliverReleaseKey,
  modelComponentName,
  REGISTRY_EVENTS,
  REGISTRY_VARIABLES,
} from '../../lambda/registry/names';
import {
  ROLLOUT_VARIABLES,
  stateMachineLogGroup,
  stateMachineName,
  type WaveSettings,
} from '../../lambda/rollout/names';
import { eventSource } from '../../lambda/shared/names';
import type { DatasetStore } from '../dataset/dataset-store';
import type { EpisodeTable } from '../monitoring/episode-table';
import type { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import { DeadLetterQueue } from '../shared/queues';
import { removalPolicy } from '../shared/removal';
import { grantSign } from '../shared/signing';
import type { TelemetryStore } from '../telemetry/telemetry-store';
import { rolloutDefinition } from './rollout-definition';

const STARTUP_SCRIPT = join(__dirname, '..', '..', 'dist', 'edge', 'deliver-release.cjs');
/** Step Functions ends a standard execution after this many events; docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const LONGEST_HISTORY = 25_000;
/** A look at a wave is a wait, a task and a choice: entered, exited, scheduled, started, succeeded. */
const EVENTS_PER_LOOK = 9;
/** Room for everything that is not a look at a wave. */
const HISTORY_MARGIN = 5_000;

/** Step Functions tells of an execution's end by best effort, and what an execution left is to be finished within minutes. */
const SWEEP_EVERY = Duration.minutes(5);

/** A thing group that gets a release at the same time. */
export interface RolloutWave {
  readonly name: string;
  readonly thingGroupName: string;
  readonly thingGroupArn: string;
}

export interface RolloutProps {
  readonly config: AppConfig;
  readonly dataset: DatasetStore;
  readonly registry: ModelRegistry;
  readonly telemetry: TelemetryStore;
  readonly episodeTable: EpisodeTable;
  readonly encryptionKey: kms.IKey;
  /** In the order of deployment; each is named in the configuration's `rollout.waves`. */
  readonly waves: readonly RolloutWave[];
  /** The code that runs releases, pinned in every deployment. */
  readonly inferenceComponent: { readonly name: string; readonly version: string };
}

/** Brings a release to the fleet wave by wave, judges it by what the devices report, and takes it back. */
export class Rollout extends Construct {
  readonly stateMachine: sfn.StateMachine;
  /** Events that could not start an execution. */
  readonly deadLetterQueue: sqs.IQueue;

  private readonly sweeper: lambda.Function;
  private readonly wavesVariable: Readonly<Record<string, string>>;
  private readonly startupScript: Asset;
  private readonly startupScriptKey: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RolloutProps,
  ) {
    super(scope, id);
    const { config, encryptionKey } = props;
    const waves = waveSettings(props);
    this.wavesVariable = { [ROLLOUT_VARIABLES.waves]: Stack.of(this).toJsonString(waves) };
    if (!existsSync(STARTUP_SCRIPT)) {
      throw new Error('the startup script is missing (dist/edge/deliver-release.cjs): run `npm run build`');
    }
    this.startupScript = new Asset(this, 'StartupScript', { path: STARTUP_SCRIPT });
    this.startupScriptKey = deliverReleaseKey(
      createHash('sha256').update(readFileSync(STARTUP_SCRIPT)).digest('hex'),
    );
    const logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: stateMachineLogGroup(config),
      encryptionKey,
      retention: config.lambda.logRetentionDays as logs.RetentionDays,
      removalPolicy: removalPolicy(config),
    });
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      stateMachineName: stateMachineName(config),
      comment: 'Rolls a release out wave by wave, and back when the devices say so',
      definitionBody: sfn.DefinitionBody.fromChainable(
        rolloutDefinition(
          this,
          {
            plan: this.planRollout(),
            deploy: this.deployWave(),
            check: this.checkWave(),
            judge: this.judgeWave(),
            rollBack: this.rollBackWave(),
            finish: this.finishRollout(),
          },
          pollInterval(config, waves),
        ),
      ),
      logs: { destination: logGroup, level: sfn.LogLevel.ALL, includeExecutionData: true },
      tracingEnabled: true,
    });
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', props);
    this.sweeper = this.sweepRollouts();
    // The event may come twice: the second execution finds the release claimed and ends.
    new events.Rule(this, 'ReleaseReady', {
      description: 'A signed release is ready',
      eventPattern: {
        source: [eventSource(config)],
        detailType: [REGISTRY_EVENTS.releaseReady],
        detail: { useCase: [config.useCase] },
      },
      targets: [
        new targets.SfnStateMachine(this.stateMachine, {
          input: events.RuleTargetInput.fromEventPath('$.detail'),
          deadLetterQueue: this.deadLetterQueue,
        }),
      ],
    });
  }

  /** Of the function that starts rollouts; `kaizen destroy` holds it. */
  get sweeperName(): string {
    return this.sweeper.functionName;
  }

  /** Sweeps that failed; Lambda counts each try of an event. */
  metricFailedSweeps(period: Duration): cloudwatch.Metric {
    return this.sweeper.metricErrors({ period, statistic: 'Sum' });
  }

  private planRollout(): lambda.IFunction {
    const plan = this.step('PlanRollout', 'plan-rollout', 'Claims a release and publishes its component', {
      ...this.publishingVariables(),
      ...this.wavesVariable,
    });
    this.props.registry.releaseTable.grantReadWriteData(plan);
    this.grantPublish(plan);
    return plan;
  }

  /**
   * Whatever ends an execution makes room for the next release, also a person who stops it, and leaves nothing half done. A
   * function of its own, which may start executions and deploys nothing.
   */
  private sweepRollouts(): lambda.Function {
    const sweep = this.step(
      // Its first name: another id would leave its log group behind.
      'StartNextRollout',
      'sweep-rollouts',
      'Finishes what rollouts left, and starts the one whose turn it is',
      {
        ...this.wavesVariable,
        [ROLLOUT_VARIABLES.stateMachineArn]: this.stateMachine.stateMachineArn,
        ...this.props.telemetry.inventoryTableVariable,
      },
    );
    this.props.registry.releaseTable.grantReadWriteData(sweep);
    this.props.telemetry.inventoryTable.grant(sweep, 'dynamodb:GetItem');
    this.grantDescribeExecutions(sweep);
    this.stateMachine.grantStartExecution(sweep);
    const { deadLetterQueue } = this;
    sweep.configureAsyncInvoke({ onFailure: new destinations.SqsDestination(deadLetterQueue) });
    new events.Rule(this, 'RolloutEnded', {
      description: 'A rollout has ended, in whatever way',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.stateMachine.stateMachineArn],
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new targets.LambdaFunction(sweep, { deadLetterQueue })],
    });
    new events.Rule(this, 'NextRollout', {
      description: 'Looks for what rollouts left: the end of one may have gone untold',
      schedule: events.Schedule.rate(SWEEP_EVERY),
      targets: [new targets.LambdaFunction(sweep, { deadLetterQueue })],
    });
    return sweep;
  }

  private deployWave(): lambda.IFunction {
    const deploy = this.step(
      'DeployWave',
      'deploy-wave',
      'Deploys the release to a wave, beside what is there',
      this.componentVariables(),
    );
    this.props.registry.releaseTable.grantReadWriteData(deploy);
    this.grantDeploy(deploy);
    return deploy;
  }

  private checkWave(): lambda.IFunction {
    const check = this.step(
      'CheckWave',
      'check-wave',
      'Looks whether the devices of a wave run the release',
      this.props.telemetry.inventoryTableVariable,
    );
    this.props.telemetry.inventoryTable.grantReadData(check);
    this.grantListWaves(check);
    this.allow(
      check,
      'ReadEffectiveDeployments',
      ['greengrass:ListEffectiveDeployments'],
      [this.arn('greengrass', 'coreDevices:*')],
    );
    this.grantReadDeploymentJobs(check);
    this.allow(
      check,
      'ReadJobExecutions',
      ['iot:DescribeJobExecution'],
      [this.arn('iot', 'job/*'), this.arn('iot', 'thing/*')],
    );
    return check;
  }

  private judgeWave(): lambda.IFunction {
    const { dataset, registry, telemetry, episodeTable, config } = this.props;
    const judge = this.step('JudgeWave', 'judge-wave', 'Judges a release by what a wave reports', {
      ...telemetry.sketchTableVariable,
      ...dataset.labelTableVariable,
      ...episodeTable.variable,
      [ROLLOUT_VARIABLES.limits]: JSON.stringify(config.rollout.limits),
      [REGISTRY_VARIABLES.dispositionPolicy]: JSON.stringify(config.dispositionPolicy),
      ...telemetry.windowVariable,
      ...telemetry.uploadPolicyVariable,
    });
    const { releaseTable } = registry;
    for (const table of [telemetry.sketchTable, dataset.labelTable, episodeTable, releaseTable]) {
      table.grantReadData(judge);
    }
    this.grantListWaves(judge);
    return judge;
  }

  private rollBackWave(): lambda.IFunction {
    const { config, registry } = this.props;
    const rollBack = this.step(
      'RollBackWave',
      'roll-back-wave',
      'Takes a release back from every touched wave',
      {
        ...this.publishingVariables(),
        ...this.componentVariables(),
        ...registry.signingKeyVariable,
        ...this.wavesVariable,
        [REGISTRY_VARIABLES.releaseLifetimeDays]: String(config.registry.releaseLifetimeDays),
      },
    );
    registry.releaseTable.grantReadWriteData(rollBack);
    registry.grantPutEnvelopes(rollBack);
    grantSign(registry.signingKey, rollBack);
    this.grantPublish(rollBack);
    this.grantDeploy(rollBack);
    return rollBack;
  }

  private finishRollout(): lambda.IFunction {
    const finish = this.step(
      'FinishRollout',
      'finish-rollout',
      'Records how a rollout ended and says so',
      this.wavesVariable,
    );
    this.props.registry.releaseTable.grantReadWriteData(finish);
    grantPutOwnEvents(finish, this.props.config);
    return finish;
  }

  private step(
    id: string,
    verb: string,
    description: string,
    environment: Readonly<Record<string, string>> = {},
  ): lambda.Function {
    const { function: step } = new HandlerFunction(this, id, {
      ...this.props,
      handler: `rollout/${verb}`,
      description,
      environment: {
        ...this.props.registry.releaseTableVariable,
        ...environment,
      },
      timeout: Duration.minutes(5),
    });
    return step;
  }

  private componentVariables(): Record<string, string> {
    const { name, version } = this.props.inferenceComponent;
    return {
      [ROLLOUT_VARIABLES.inferenceComponentName]: name,
      [ROLLOUT_VARIABLES.inferenceComponentVersion]: version,
    };
  }

  private publishingVariables(): Record<string, string> {
    const { registry, inferenceComponent } = this.props;
    return {
      ...registry.bucketVariable,
      [ROLLOUT_VARIABLES.inferenceComponentName]: inferenceComponent.name,
      [ROLLOUT_VARIABLES.deliverReleaseSourceUri]: this.startupScript.s3ObjectUrl,
      [ROLLOUT_VARIABLES.deliverReleaseUri]: registry.bucket.s3UrlForObject(this.startupScriptKey),
    };
  }

  private grantPublish(step: lambda.Function): void {
    const { registry, config } = this.props;
    registry.grantPublishComponents(step);
    this.startupScript.grantRead(step);
    const component = `components:${modelComponentName(config)}`;
    this.allow(
      step,
      'PublishModelComponent',
      ['greengrass:CreateComponentVersion'],
      [this.arn('greengrass', component)],
    );
    this.allow(
      step,
      'AdoptModelComponent',
      ['greengrass:DescribeComponent', 'greengrass:TagResource'],
      [this.arn('greengrass', `${component}:versions:*`)],
    );
  }

  /**
   * A deployment is an IoT job or a thing's shadow, made with the caller's rights
   * (docs.aws.amazon.com/service-authorization/latest/reference/list_awsiotgreengrassv2.html, dependent actions).
   */
  private grantDeploy(step: lambda.Function): void {
    const groups = this.props.waves.map(({ thingGroupArn }) => thingGroupArn);
    // The actions have no resource level.
    this.allow(step, 'Deploy', ['greengrass:CreateDeployment', 'greengrass:ListDeployments'], ['*']);
    this.allow(
      step,
      'ReadDeployment',
      ['greengrass:GetDeployment'],
      [this.arn('greengrass', 'deployments:*')],
    );
    this.grantReadDeploymentJobs(step);
    this.allow(
      step,
      'RunDeploymentJobs',
      ['iot:CreateJob', 'iot:CancelJob', 'iot:UpdateJob'],
      [this.arn('iot', 'job/*'), ...groups],
    );
    this.allow(
      step,
      'WriteDeploymentShadows',
      ['iot:UpdateThingShadow', 'iot:DeleteThingShadow'],
      [this.arn('iot', 'thing/*')],
    );
    this.grantListWaves(step);
  }

  /** Whoever reads a deployment reads what it is made of; a device's may also come from groups that are no waves. */
  private grantReadDeploymentJobs(step: lambda.Function): void {
    this.allow(
      step,
      'ReadDeploymentJobs',
      ['iot:DescribeJob', 'iot:DescribeThing', 'iot:DescribeThingGroup', 'iot:GetThingShadow'],
      ['job/*', 'thing/*', 'thinggroup/*'].map((resource) => this.arn('iot', resource)),
    );
  }

  /** By the machine's name: the functions that it calls cannot wait for its ARN. */
  private grantDescribeExecutions(step: lambda.Function): void {
    this.allow(
      step,
      'LookAtHolder',
      ['states:DescribeExecution'],
      [this.arn('states', `execution:${stateMachineName(this.props.config)}:*`)],
    );
  }

  private grantListWaves(step: lambda.Function): void {
    const groups = this.props.waves.map(({ thingGroupArn }) => thingGroupArn);
    this.allow(step, 'ListWaves', ['iot:ListThingsInThingGroup'], groups);
  }

  private allow(step: lambda.Function, sid: string, actions: string[], resources: string[]): void {
    step.addToRolePolicy(new iam.PolicyStatement({ sid, actions, resources }));
  }

  private arn(service: string, rest: string): string {
    const { partition, region, account } = Stack.of(this);
    return `arn:${partition}:${service}:${region}:${account}:${rest}`;
  }
}

/**
 * Joins each wave with its settings in the configuration.
 * @throws Error when a wave has no settings
 */
function waveSettings({ config, waves }: RolloutProps): WaveSettings[] {
  return waves.map((wave) => {
    const found = config.rollout.waves.find(({ name }) => name === wave.name);
    if (found === undefined) throw new Error(`rollout.waves: there is no wave named '${wave.name}'`);
    return { ...found, ...wave };
  });
}

/** The configured interval, or longer where the longest possible rollout would not fit into one execution. */
function pollInterval(config: AppConfig, waves: readonly WaveSettings[]): Duration {
  // Installing and deciding per wave, and once more the longest installation for the roll-back.
  const longestInstallation = Math.max(...waves.map((wave) => wave.installTimeoutSeconds));
  const waitingSeconds = waves.reduce(
    (total, wave) =>
      total + wave.installTimeoutSeconds + wave.decisionTimeoutSeconds + (wave.labelTimeoutSeconds ?? 0),
    longestInstallation,
  );
  const mostLooks = Math.floor((LONGEST_HISTORY - HISTORY_MARGIN) / EVENTS_PER_LOOK);
  return Duration.seconds(Math.max(config.rollout.pollSeconds, Math.ceil(waitingSeconds / mostLooks)));
}
