import { DescribeStacksCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { DescribeComponentCommand } from '@aws-sdk/client-greengrassv2';
import { DescribeThingGroupCommand } from '@aws-sdk/client-iot';
import { GetFunctionConfigurationCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { DescribeModelPackageGroupCommand, DescribePipelineCommand } from '@aws-sdk/client-sagemaker';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { STACKS, stackName } from '../../lambda/shared/names';
import { presenceOf } from '../../lambda/telemetry/device-presence';
import { waveGroups } from '../device/device-folder';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { readStatus, type SystemStatus } from '../status';

export interface CheckContext {
  readonly clients: Clients;
  readonly environment: KaizenEnvironment;
  /** So many devices have to be healthy. */
  readonly healthyDevices: number;
  readonly now: Date;
}

/** One question to a deployed environment. */
export interface Check {
  readonly name: string;
  /**
   * @returns what it found, as a sentence
   * @throws Error that says what is wrong; whatever AWS answers instead of an answer counts as wrong too
   */
  run(context: CheckContext): Promise<string>;
}

/** Also the end of an update that is still removing what it replaced. */
const COMPLETE = /^(CREATE|UPDATE|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;
const FUNCTION_OUTPUTS = [
  'AcceptManifestFunctionName',
  'BuildReleaseFunctionName',
  'MergeCapturesFunctionName',
  'IngestResultsFunctionName',
  'EvaluateDriftFunctionName',
  'StartRetrainingFunctionName',
];
/** Where DescribeAlarms takes so many names at once. */
const ALARMS_AT_ONCE = 100;

/** @throws Error with every problem */
function expectNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('; '));
}

const stacks: Check = {
  name: 'stacks',
  async run({ clients, environment }) {
    const problems = await Promise.all(
      STACKS.map(async (stack) => {
        const StackName = stackName({ environmentName: environment.name }, stack);
        const { Stacks } = await clients.cloudFormation.send(new DescribeStacksCommand({ StackName }));
        const status = Stacks?.[0]?.StackStatus ?? 'missing';
        return COMPLETE.test(status) ? [] : [`${StackName} is ${status}`];
      }),
    );
    expectNone(problems.flat());
    return `${STACKS.length} stacks are complete`;
  },
};

const state: Check = {
  name: 'state',
  async run({ clients, environment }) {
    const { releases, devices } = await readStatus(clients, environment);
    return `releases (${releases.length}), devices (${devices.length}) and episodes can be read`;
  },
};

const registry: Check = {
  name: 'registry',
  async run({ clients, environment }) {
    const ModelPackageGroupName = environment.output('ModelPackageGroupName');
    const { ModelPackageGroupStatus } = await clients.sageMaker.send(
      new DescribeModelPackageGroupCommand({ ModelPackageGroupName }),
    );
    if (ModelPackageGroupStatus !== 'Completed') {
      throw new Error(`${ModelPackageGroupName} is ${ModelPackageGroupStatus}`);
    }
    return `${ModelPackageGroupName} takes models`;
  },
};

const training: Check = {
  name: 'training',
  async run({ clients, environment }) {
    const PipelineName = environment.output('PipelineName');
    const { PipelineStatus } = await clients.sageMaker.send(new DescribePipelineCommand({ PipelineName }));
    if (PipelineStatus !== 'Active') throw new Error(`${PipelineName} is ${PipelineStatus}`);
    return `${PipelineName} can be started`;
  },
};

const functions: Check = {
  name: 'functions',
  async run({ clients, environment }) {
    const problems = await Promise.all(
      FUNCTION_OUTPUTS.map(async (output) => {
        const FunctionName = environment.output(output);
        const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = await clients.lambda.send(
          new GetFunctionConfigurationCommand({ FunctionName }),
        );
        if (State !== 'Active') return [`${FunctionName} is ${State}: ${StateReason ?? 'no reason given'}`];
        return LastUpdateStatus === 'Successful'
          ? []
          : [
              `the update of ${FunctionName} is ${LastUpdateStatus}: ${LastUpdateStatusReason ?? 'no reason given'}`,
            ];
      }),
    );
    expectNone(problems.flat());
    return `${FUNCTION_OUTPUTS.length} functions are active`;
  },
};

/** Runs what a schedule runs anyway: it begins an episode, or none, as it would have minutes later. */
const monitoring: Check = {
  name: 'monitoring',
  async run({ clients, environment }) {
    const FunctionName = environment.output('EvaluateDriftFunctionName');
    const { FunctionError, Payload } = await clients.lambda.send(
      new InvokeCommand({ FunctionName, Payload: Buffer.from('{}') }),
    );
    if (FunctionError !== undefined) {
      throw new Error(
        `${FunctionName} ended with ${FunctionError}: ${Buffer.from(Payload ?? []).toString()}`,
      );
    }
    return `${FunctionName} has evaluated the field`;
  },
};

const rollout: Check = {
  name: 'rollout',
  async run({ clients, environment }) {
    const stateMachineArn = environment.output('RolloutStateMachineArn');
    const { status } = await clients.stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn }));
    if (status !== 'ACTIVE') throw new Error(`${stateMachineArn} is ${status}`);
    return 'releases can be rolled out';
  },
};

/** `arn:<partition>:greengrass:<region>:<account>:components:<name>:versions:<version>`, after the state machine's. */
function componentArn(environment: KaizenEnvironment): string {
  const [, partition, , region, account] = environment.output('RolloutStateMachineArn').split(':');
  const [name, version] = [
    environment.output('InferenceComponentName'),
    environment.output('InferenceComponentVersion'),
  ];
  return `arn:${partition}:greengrass:${region}:${account}:components:${name}:versions:${version}`;
}

const device: Check = {
  name: 'device',
  async run({ clients, environment }) {
    for (const thingGroupName of waveGroups(environment)) {
      await clients.iot.send(new DescribeThingGroupCommand({ thingGroupName }));
    }
    const arn = componentArn(environment);
    const { status } = await clients.greengrass.send(new DescribeComponentCommand({ arn }));
    if (status?.componentState !== 'DEPLOYABLE') {
      throw new Error(`${arn} is ${status?.componentState}: ${status?.message ?? 'no reason given'}`);
    }
    return `devices get ${environment.output('InferenceComponentName')} ${environment.output('InferenceComponentVersion')}`;
  },
};

async function alarmNames({ clients, environment }: CheckContext): Promise<string[]> {
  const StackName = stackName({ environmentName: environment.name }, 'operations');
  const names: string[] = [];
  const pages = paginateListStackResources({ client: clients.cloudFormation }, { StackName });
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const { ResourceType, PhysicalResourceId } of StackResourceSummaries) {
      if (ResourceType === 'AWS::CloudWatch::Alarm' && PhysicalResourceId) names.push(PhysicalResourceId);
    }
  }
  return names;
}

async function readAlarms(context: CheckContext): Promise<MetricAlarm[]> {
  const names = await alarmNames(context);
  const alarms: MetricAlarm[] = [];
  for (let first = 0; first < names.length; first += ALARMS_AT_ONCE) {
    const AlarmNames = names.slice(first, first + ALARMS_AT_ONCE);
    const pages = paginateDescribeAlarms({ client: context.clients.cloudWatch }, { AlarmNames });
    for await (const { MetricAlarms = [] } of pages) alarms.push(...MetricAlarms);
  }
  return alarms;
}

/**
 * An alarm for silence rings from its creation until its function has run for the first time; whether it runs is asked by
 * `monitoring`.
 */
const isOfSilence = ({ TreatMissingData, StateReason = '' }: MetricAlarm): boolean =>
  TreatMissingData === 'breaching' && StateReason.includes('no datapoints were received');

/** High ones only: that the line or its data are at risk now is no time for a deployment (docs/runbook.md). */
const alarms: Check = {
  name: 'alarms',
  async run(context) {
    const found = await readAlarms(context);
    if (found.length === 0) throw new Error('there are no alarms');
    expectNone(
      found
        .filter(({ StateValue }) => StateValue === 'ALARM')
        .filter(({ AlarmDescription = '' }) => AlarmDescription.includes('Severity: high.'))
        .filter((alarm) => !isOfSilence(alarm))
        .map(({ AlarmName, StateReason }) => `${AlarmName} rings: ${StateReason ?? 'no reason given'}`),
    );
    return `no high alarm of ${found.length} alarms rings`;
  },
};

/** Off, silent or unhealthy, as a sentence; undefined when the device is as it should be. */
function complaint({ deviceId, healthy, failing, item }: SystemStatus['devices'][number], now: Date) {
  const presence = presenceOf(item, now.getTime());
  if (presence === 'stopped') return `${deviceId} is stopped`;
  if (presence === 'silent') {
    return `${deviceId} has said nothing for ${Math.round((now.getTime() - item.receivedAt) / 60_000)} min`;
  }
  return healthy ? undefined : `${deviceId} is unhealthy (${failing.join(', ')})`;
}

/** Devices that are off are no fault of a deployment: only how many work is asked, and who does not is named. */
const devices: Check = {
  name: 'devices',
  async run({ clients, environment, healthyDevices, now }) {
    const status = await readStatus(clients, environment);
    const complaints = status.devices.flatMap((each) => complaint(each, now) ?? []);
    const healthy = status.devices.length - complaints.length;
    if (healthy < healthyDevices) {
      const others = complaints.length === 0 ? '' : `: ${complaints.join('; ')}`;
      throw new Error(`${healthy} devices are healthy, and ${healthyDevices} should be${others}`);
    }
    return `${healthy} of ${status.devices.length} devices are healthy`;
  },
};

/** Along the loop: the whole, then each noun. */
export const CHECKS: readonly Check[] = [
  stacks,
  state,
  registry,
  training,
  functions,
  rollout,
  device,
  monitoring,
  alarms,
  devices,
];
