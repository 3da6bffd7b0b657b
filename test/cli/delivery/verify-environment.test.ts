import { CHECKS } from '../../../cli/delivery/checks';
import { formatResults, verifyEnvironment } from '../../../cli/delivery/verify-environment';
import { KaizenEnvironment } from '../../../cli/shared/environment';
import { asClients, awsError, DEPLOYED_OUTPUTS, FakeClient, OUTPUTS } from '../fakes';

const NOW = new Date('2026-11-27T12:00:00Z');
const NAMES = {
  ...OUTPUTS,
  PipelineName: 'kaizen-local--surface-training',
  RolloutStateMachineArn: 'arn:aws:states:us-east-1:111111111111:stateMachine:kaizen-local-rollout',
  ...DEPLOYED_OUTPUTS,
};

const aDevice = (deviceId: string, more: object = {}) => ({
  useCase: 'surface',
  deviceId,
  healthy: true,
  receivedAt: NOW.getTime() - 60_000,
  ...more,
});
const anAlarm = (name: string, StateValue: string, severity: string) => ({
  AlarmName: `kaizen-local-${name}`,
  StateValue,
  StateReason: '3 > 0',
  AlarmDescription: `Something. Severity: ${severity}. Runbook: docs/runbook.md#${name}`,
});

/** AWS's words for an alarm that has never had data. */
const SILENT = {
  TreatMissingData: 'breaching',
  StateReason:
    'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].',
};

/** What a healthy environment answers; `answers` take the place of single ones. */
function world(answers: Readonly<Record<string, (input: never) => unknown>> = {}) {
  const all: Record<string, (input: never) => unknown> = {
    DescribeStacks: () => ({ Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] }),
    ListStackResources: () => ({
      StackResourceSummaries: [
        { ResourceType: 'AWS::CloudWatch::Alarm', PhysicalResourceId: 'kaizen-local-accuracy-low' },
        { ResourceType: 'AWS::Lambda::Function', PhysicalResourceId: 'evaluate-drift' },
      ],
    }),
    Query: () => ({ Items: [] }),
    Scan: () => ({ Items: [aDevice('line-1')] }),
    DescribeModelPackageGroup: () => ({ ModelPackageGroupStatus: 'Completed' }),
    DescribePipeline: () => ({ PipelineStatus: 'Active' }),
    GetFunctionConfiguration: () => ({ State: 'Active', LastUpdateStatus: 'Successful' }),
    Invoke: () => ({ StatusCode: 200 }),
    DescribeStateMachine: () => ({ status: 'ACTIVE' }),
    DescribeThingGroup: () => ({}),
    DescribeComponent: () => ({ status: { componentState: 'DEPLOYABLE' } }),
    DescribeAlarms: () => ({ MetricAlarms: [anAlarm('accuracy-low', 'OK', 'high')] }),
    ...answers,
  };
  const fake = new FakeClient(all as never);
  const clients = asClients({
    cloudFormation: fake,
    cloudWatch: fake,
    dynamoDb: fake,
    greengrass: fake,
    iot: fake,
    lambda: fake,
    sageMaker: fake,
    stepFunctions: fake,
  });
  return { clients, fake };
}

async function failures(
  answers: Parameters<typeof world>[0],
  { healthyDevices = 0, outputs = NAMES as Readonly<Record<string, string>> } = {},
) {
  const environment = new KaizenEnvironment('local', new Map(Object.entries(outputs)));
  const { clients } = world(answers);
  const results = await verifyEnvironment({ clients, environment, healthyDevices, now: NOW });
  return results.filter(({ passed }) => !passed).map(({ name, finding }) => `${name}: ${finding}`);
}

test('[D2] an environment that works passes every check', async () => {
  const environment = new KaizenEnvironment('local', new Map(Object.entries(NAMES)));
  const { clients, fake } = world();
  const results = await verifyEnvironment({ clients, environment, healthyDevices: 1, now: NOW });
  expect(formatResults(results)).toBe(
    [
      'check       result  finding',
      'stacks      ok      4 stacks are complete',
      'state       ok      releases (0), devices (1) and episodes can be read',
      'registry    ok      kaizen-local--surface takes models',
      'training    ok      kaizen-local--surface-training can be started',
      'functions   ok      6 functions are active',
      'rollout     ok      releases can be rolled out',
      'device      ok      devices get com.kaizenedge.local.Inference 1.2.3',
      'monitoring  ok      evaluate-drift has evaluated the field',
      'alarms      ok      no high alarm of 1 alarms rings',
      'devices     ok      1 of 1 devices are healthy',
    ].join('\n'),
  );
  expect(fake.calls.find(({ name }) => name === 'DescribeComponent')?.input).toEqual({
    arn: 'arn:aws:greengrass:us-east-1:111111111111:components:com.kaizenedge.local.Inference:versions:1.2.3',
  });
});

test.each<[string, Parameters<typeof world>[0], string[]]>([
  [
    'a stack that was rolled back',
    { DescribeStacks: () => ({ Stacks: [{ StackStatus: 'UPDATE_ROLLBACK_COMPLETE' }] }) },
    [
      'stacks: kaizen-local-data is UPDATE_ROLLBACK_COMPLETE; kaizen-local-training is UPDATE_ROLLBACK_COMPLETE; kaizen-local-fleet is UPDATE_ROLLBACK_COMPLETE; kaizen-local-operations is UPDATE_ROLLBACK_COMPLETE',
    ],
  ],
  [
    'a pipeline that is being deleted',
    { DescribePipeline: () => ({ PipelineStatus: 'Deleting' }) },
    ['training: kaizen-local--surface-training is Deleting'],
  ],
  [
    'a function that did not start',
    {
      GetFunctionConfiguration: ({ FunctionName }: { FunctionName: string }) =>
        FunctionName === 'build-release'
          ? { State: 'Failed', StateReason: 'the key is disabled' }
          : { State: 'Active', LastUpdateStatus: 'Successful' },
    },
    ['functions: build-release is Failed: the key is disabled'],
  ],
  [
    'an update of a function that failed',
    { GetFunctionConfiguration: () => ({ State: 'Active', LastUpdateStatus: 'Failed' }) },
    [expect.stringMatching(/^functions: the update of accept-manifest is Failed: no reason given; /)],
  ],
  [
    'an evaluation that throws',
    {
      Invoke: () => ({
        FunctionError: 'Unhandled',
        Payload: Buffer.from('{"errorMessage":"no such table"}'),
      }),
    },
    ['monitoring: evaluate-drift ended with Unhandled: {"errorMessage":"no such table"}'],
  ],
  [
    'a thing group that is gone',
    {
      DescribeThingGroup: () => {
        throw awsError('ResourceNotFoundException', 'no such group');
      },
    },
    ['device: no such group'],
  ],
  [
    'a component that Greengrass refuses',
    { DescribeComponent: () => ({ status: { componentState: 'FAILED', message: 'no artifact' } }) },
    [expect.stringMatching(/^device: arn:\S+ is FAILED: no artifact$/)],
  ],
  [
    'a high alarm that rings, and a low one',
    {
      DescribeAlarms: () => ({
        MetricAlarms: [anAlarm('rollout-failed', 'ALARM', 'high'), anAlarm('budget', 'ALARM', 'low')],
      }),
    },
    ['alarms: kaizen-local-rollout-failed rings: 3 > 0'],
  ],
  [
    'an alarm for silence that rings for what it has seen, and not one since its creation',
    {
      DescribeAlarms: () => ({
        MetricAlarms: [
          { ...anAlarm('drift-not-evaluated', 'ALARM', 'high'), ...SILENT },
          { ...anAlarm('rollout-failed', 'ALARM', 'high'), TreatMissingData: 'breaching' },
        ],
      }),
    },
    ['alarms: kaizen-local-rollout-failed rings: 3 > 0'],
  ],
  ['no alarm at all', { ListStackResources: () => ({}) }, ['alarms: there are no alarms']],
])('[D2] %s fails one check', async (_, answers, expected) => {
  expect(await failures(answers)).toEqual(expected);
});

test('[D2] devices that are off are no fault of a deployment, unless so many should work', async () => {
  const devices = [
    aDevice('line-1'),
    aDevice('line-2', { healthy: false, conditions: [{ name: 'disk', ok: false, value: 'full' }] }),
    aDevice('line-3', { receivedAt: NOW.getTime() - 3_600_000 }),
    aDevice('line-4', { state: 'stopped' }),
    aDevice('line-5', { state: 'stopped', receivedAt: NOW.getTime() - 3_600_000 }),
  ];
  const answers = { Scan: () => ({ Items: devices }) };
  expect(await failures(answers, { healthyDevices: 1 })).toEqual([]);
  expect(await failures(answers, { healthyDevices: 2 })).toEqual([
    'devices: 1 devices are healthy, and 2 should be: line-2 is unhealthy (disk=full); line-3 has said nothing for 60 min; line-4 is stopped; line-5 is stopped',
  ]);
});

test('[D2] an environment that is not deployed fails by what it lacks, in every check that needs it', async () => {
  const found = await failures(
    {
      DescribeStacks: () => {
        throw awsError('ValidationError', 'Stack with id kaizen-local-data does not exist');
      },
    },
    { outputs: {} },
  );
  expect(found.length).toBeGreaterThanOrEqual(CHECKS.length - 1);
  expect(found).toContain('stacks: Stack with id kaizen-local-data does not exist');
  expect(found).toContainEqual(
    expect.stringContaining("training: environment 'local' has no output PipelineName"),
  );
});
