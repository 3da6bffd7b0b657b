/** Two environments in one account and region: what has a name, who wakes whom, and who may do what to the other. */
import { dev } from '../../config/dev';
import { inferenceComponentName } from '../../lambda/device/names';
import { MONITORING_EVENTS } from '../../lambda/monitoring/names';
import { modelComponentName, modelPackageGroupName } from '../../lambda/registry/names';
import { stateMachineName } from '../../lambda/rollout/names';
import { eventSource } from '../../lambda/shared/names';
import { deviceTopic } from '../../lambda/telemetry/names';
import { pipelineName } from '../../lambda/training/names';
import { assetPrefix } from '../../lib/shared/stack-props';
import { freezeClock } from '../lambda/shared/frozen-clock';
import type { DeployedEnvironment } from './deployed-environment';
import { type EventPattern, eventMatches } from './event-patterns';
import { Field } from './handler-scenarios';
import { matches } from './iot-policy-evaluator';
import { physicalNameProperty, ResolvedValues } from './resolved-values';
import { resourcePoliciesOf, rolesOf } from './role-policies';
import { type SynthesizedApp, synthesizedWith } from './synthesized-app';

freezeClock('2026-03-02T00:00:00Z');
jest.setTimeout(120_000);

/** The name of one begins with that of the other: a pattern that ends in `*` too early would take both. */
const [PLANT, PLANT_7] = ['plant', 'plant-7'].map((environmentName) =>
  synthesizedWith({ ...dev, environmentName }),
) as [SynthesizedApp, SynthesizedApp];
const BOTH_WAYS: readonly [string, SynthesizedApp, SynthesizedApp][] = [
  ['plant', PLANT, PLANT_7],
  ['plant-7', PLANT_7, PLANT],
];

const plays = new Map<SynthesizedApp, Promise<DeployedEnvironment>>();

/** The environment after its handlers have run, under their roles. */
function played(app: SynthesizedApp): Promise<DeployedEnvironment> {
  const play = plays.get(app) ?? new Field(app).play();
  plays.set(app, play);
  return play;
}

/** `<type> <name>` of what the templates give a name in the account. */
function givenNames(app: SynthesizedApp): string[] {
  const values = new ResolvedValues(app);
  return [...app.templates].flatMap(([stack, template]) =>
    Object.values(
      template.toJSON().Resources as Record<string, { Type: string; Properties?: Record<string, unknown> }>,
    ).flatMap(({ Type, Properties }) => {
      const name = Properties?.[physicalNameProperty(Type)];
      // A policy inside a role is named within its role.
      return name === undefined || Type === 'AWS::IAM::Policy' ? [] : [`${Type} ${values.text(stack, name)}`];
    }),
  );
}

/** Everything of an environment that a policy might name, and something below each of it. */
function arnsOf(app: SynthesizedApp): string[] {
  const { config } = app;
  const values = new ResolvedValues(app);
  const resources = [...app.templates].flatMap(([stack, template]) =>
    Object.keys(template.toJSON().Resources).map((logicalId) =>
      values.text(stack, { 'Fn::GetAtt': [logicalId, 'Arn'] }),
    ),
  );
  const regional = (service: string, rest: string) =>
    `arn:aws:${service}:${config.region}:${config.account}:${rest}`;
  const named = [
    ...[inferenceComponentName(config), modelComponentName(config)].map((name) =>
      regional('greengrass', `components:${name}`),
    ),
    regional('sagemaker', `model-package-group/${modelPackageGroupName(config)}`),
    regional('sagemaker', `model-package/${modelPackageGroupName(config)}`),
    regional('sagemaker', `pipeline/${pipelineName(config)}`),
    regional('events', 'event-bus/default'),
    regional('states', `execution:${stateMachineName(config)}`),
    ...(['results', 'status'] as const).map((kind) =>
      regional('iot', `topic/${deviceTopic(config, kind, 'line-1')}`),
    ),
    regional('iot', `rolealias/${values.nameOf('fleet', logicalIdOf(app, 'AWS::IoT::RoleAlias'))}`),
    `arn:aws:s3:::cdk-hnb659fds-assets-${config.account}-${config.region}/${assetPrefix(config, 'fleet')}`,
  ];
  const all = [...resources.filter((text) => text.startsWith('arn:')), ...named];
  return all.flatMap((arn) => [arn, `${arn}/x`, `${arn}:x`, `${arn}x`]);
}

function logicalIdOf(app: SynthesizedApp, type: string): string {
  const [found] = app.resources(type);
  if (!found) throw new Error(`there is no ${type}`);
  return found.logicalId;
}

interface DeviceStatement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** `<who>: <action> on <pattern>` of everything that policies of `app` allow. */
function allowed(app: SynthesizedApp): { readonly what: string; readonly pattern: string }[] {
  const values = new ResolvedValues(app);
  const devices = app.resources('AWS::IoT::Policy').flatMap(({ stack, Properties }) =>
    (Properties.PolicyDocument.Statement as DeviceStatement[]).map(({ Action, Resource }) => ({
      who: 'devices',
      Action: [Action].flat(),
      Resource: [Resource].flat().map((one) => values.text(stack, one)),
    })),
  );
  const roles = [...rolesOf(app), ...resourcePoliciesOf(app)].flatMap(({ path, statements }) =>
    statements
      .filter(({ Effect }) => Effect === 'Allow')
      .map(({ Action, Resource }) => ({ who: path, Action, Resource })),
  );
  return [...roles, ...devices].flatMap(({ who, Action, Resource }) =>
    Resource.map((pattern) => ({ what: `${who}: ${[Action].flat().join(', ')} on ${pattern}`, pattern })),
  );
}

/** What cannot be told apart by name, and why that is right. */
const SHARED: Readonly<Record<string, RegExp>> = {
  'the action has no resource': / on \*$/,
  'one asset bucket per account, made by the CDK; code that is no secret':
    / on arn:aws:s3:::cdk-hnb659fds-assets-\d+-us-east-1\/\*$/,
  'one bus per account; the grant names the source, which names the environment':
    /: events:PutEvents on \S+:event-bus\/default$/,
  'a device may be in any group, and Greengrass asks with the rights of its caller':
    /: iot:DescribeJob, iot:DescribeThing, iot:DescribeThingGroup, iot:GetThingShadow on \S+:thinggroup\/\*$/,
  "other people's components stand beside ours; a link is worth nothing without the right to the object":
    /^devices: greengrass:GetComponentVersionArtifact on \S+:components:\*$/,
};

/** The events that one environment causes: those of its handlers, and those of AWS about its resources. */
async function eventsOf(app: SynthesizedApp): Promise<object[]> {
  const { config } = app;
  const values = new ResolvedValues(app);
  const cloud = await played(app);
  const own = cloud.events.map(({ Source, DetailType, Detail }) => ({
    source: Source,
    'detail-type': DetailType,
    detail: JSON.parse(Detail ?? ''),
  }));
  return [
    ...own,
    {
      source: eventSource(config),
      'detail-type': MONITORING_EVENTS.driftDetected,
      detail: { useCase: config.useCase, episodeId: 'e', releaseId: 'r', evidence: {} },
    },
    {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Model Package State Change',
      detail: { ModelPackageGroupName: modelPackageGroupName(config), ModelApprovalStatus: 'Approved' },
    },
    {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: {
        stateMachineArn: values.text('fleet', {
          Ref: logicalIdOf(app, 'AWS::StepFunctions::StateMachine'),
        }),
        status: 'ABORTED',
      },
    },
  ];
}

/** Patterns of the rules that wait for events. */
function patternsOf(app: SynthesizedApp): EventPattern[] {
  const values = new ResolvedValues(app);
  const resolved = (stack: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((one) => values.text(stack, one));
    return Object.fromEntries(
      Object.entries(value as object).map(([field, inner]) => [field, resolved(stack, inner)]),
    );
  };
  return app
    .resources('AWS::Events::Rule')
    .filter(({ Properties }) => Properties.EventPattern !== undefined)
    .map(({ stack, Properties }) => resolved(stack, Properties.EventPattern) as EventPattern);
}

describe('[D1] [C9] two environments in one account and region', () => {
  test('an environment is called as anybody likes', () => {
    expect(Object.values(PLANT_7.stacks).map(({ stackName }) => stackName)).toEqual(
      ['data', 'training', 'fleet', 'operations'].map((stack) => `kaizen-plant-7-${stack}`),
    );
    expect(givenNames(PLANT_7)).toContain('AWS::IoT::TopicRule kaizen_plant_7_results');
  });

  test('nothing that has a name has the same, and nothing is exported', () => {
    const names = givenNames(PLANT);
    expect(names.length).toBeGreaterThanOrEqual(25);
    expect(givenNames(PLANT_7).filter((name) => names.includes(name))).toEqual([]);
    const outputs = [PLANT, PLANT_7].flatMap(({ templates }) =>
      [...templates.values()].flatMap((template) => Object.values(template.findOutputs('*'))),
    );
    expect(outputs.filter(({ Export }) => Export !== undefined)).toEqual([]);
  });

  test.each(BOTH_WAYS)('%s is woken by its own events, and by none of the other', async (_, app, other) => {
    const patterns = patternsOf(app);
    const own = await eventsOf(app);
    expect(patterns.filter((pattern) => !own.some((event) => eventMatches(pattern, event)))).toEqual([]);
    const foreign = await eventsOf(other);
    expect(foreign.filter((event) => patterns.some((pattern) => eventMatches(pattern, event)))).toEqual([]);
  });

  test.each(BOTH_WAYS)('what %s measures does not add up with the other', async (_, app, other) => {
    const identities = async (of: SynthesizedApp) =>
      (await played(of)).metrics.map(({ name, dimensions }) => JSON.stringify([name, dimensions]));
    const foreign = await identities(other);
    const own = await identities(app);
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((identity) => foreign.includes(identity))).toEqual([]);
  });

  test.each(BOTH_WAYS)('no policy of %s allows anything of the other', (_, app, other) => {
    const foreign = arnsOf(other);
    const found = allowed(app).filter(({ pattern }) => foreign.some((arn) => matches(pattern, arn)));
    const unexplained = found.filter(({ what }) => !Object.values(SHARED).some((form) => form.test(what)));
    expect(unexplained.map(({ what }) => what)).toEqual([]);
    const needed = Object.entries(SHARED).filter(([, form]) => found.some(({ what }) => form.test(what)));
    expect(needed).toEqual(Object.entries(SHARED));
  });

  test('a policy that ends in * too early is seen', () => {
    const pattern = 'arn:aws:sagemaker:us-east-1:111111111111:model-package/kaizen-plant-*';
    expect(arnsOf(PLANT_7).filter((arn) => matches(pattern, arn))).not.toEqual([]);
  });
});
