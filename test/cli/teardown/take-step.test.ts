import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clients } from '../../../cli/shared/clients';
import { KaizenEnvironment } from '../../../cli/shared/environment';
import type { TeardownStep } from '../../../cli/teardown/plan-teardown';
import { takeStep } from '../../../cli/teardown/take-step';
import { asClients, awsError, FakeClient, FakeTables, OUTPUTS } from '../fakes';

const STEP_OUTPUTS = { ...OUTPUTS, RolloutStateMachineArn: 'arn:rollouts' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-step-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function take(
  step: TeardownStep,
  fakes: Partial<Record<keyof Clients, FakeClient>>,
  modelPackages: readonly string[] = [],
): Promise<number[]> {
  const pauses: number[] = [];
  await takeStep(
    {
      clients: asClients(fakes),
      environment: new KaizenEnvironment('local', new Map(Object.entries(STEP_OUTPUTS))),
      folder: () => folder,
      modelPackages,
      pause: async (milliseconds) => {
        pauses.push(milliseconds);
      },
    },
    step,
  );
  return pauses;
}

describe('rollouts', () => {
  const running = [['arn:one', 'arn:two'], [], [], ['arn:swept']];
  const stop = async (sweeper?: string) => {
    const looks = [...running];
    const done: string[] = [];
    const stepFunctions = new FakeClient({
      ListExecutions: () => ({ executions: (looks.shift() ?? []).map((executionArn) => ({ executionArn })) }),
      StopExecution: (input) => {
        done.push(`${input.executionArn}: ${input.cause}`);
        return {};
      },
    });
    const lambda = new FakeClient({
      PutFunctionConcurrency: (input) => {
        done.push(`${input.FunctionName} has ${input.ReservedConcurrentExecutions}`);
        return {};
      },
    });
    await take({ kind: 'stop-rollouts', sweeper, running: 2 }, { stepFunctions, lambda });
    return done;
  };
  const told = (executionArn: string) => `${executionArn}: The environment is being destroyed`;

  test('[B10] what starts them is held first; who was starting one just then has it stopped, and each is told why', async () => {
    expect(await stop('sweep-rollouts')).toEqual([
      'sweep-rollouts has 0',
      told('arn:one'),
      told('arn:two'),
      told('arn:swept'),
    ]);
  });

  test('are stopped where nothing is left to hold', async () => {
    expect((await stop())[0]).toBe(told('arn:one'));
  });
});

test('a training is waited for until it has stopped: its pipeline cannot be deleted before', async () => {
  const statuses = ['Executing', 'Stopping', 'Stopped'];
  const sageMaker = new FakeClient({
    StopPipelineExecution: () => ({}),
    DescribePipelineExecution: () => ({ PipelineExecutionStatus: statuses.shift() }),
  });
  const pauses = await take({ kind: 'stop-training', executionArn: 'arn:training' }, { sageMaker });
  expect(pauses).toHaveLength(2);
});

test('a training that has ended since it was found is stopped already', async () => {
  const refuse = () => {
    throw awsError('ConflictException', 'is Failed and cannot be stopped');
  };
  const sageMaker = (PipelineExecutionStatus: string) =>
    new FakeClient({
      StopPipelineExecution: refuse,
      DescribePipelineExecution: () => ({ PipelineExecutionStatus }),
    });
  const step: TeardownStep = { kind: 'stop-training', executionArn: 'arn:training' };
  await expect(take(step, { sageMaker: sageMaker('Failed') })).resolves.toEqual([]);
  await expect(take(step, { sageMaker: sageMaker('Executing') })).rejects.toThrow('cannot be stopped');
});

test('the device policy leaves every certificate; one that serves something else stays', async () => {
  const things: Record<string, string[]> = { 'arn:cert/loose': [], 'arn:cert/other': ['a-robot'] };
  const deleted: string[] = [];
  const iot = new FakeClient({
    ListTargetsForPolicy: () => ({ targets: Object.keys(things) }),
    DetachPolicy: () => ({}),
    ListAttachedPolicies: () => ({ policies: [] }),
    ListPrincipalThings: ({ principal }) => ({ things: things[principal] }),
    UpdateCertificate: () => ({}),
    DeleteCertificate: ({ certificateId }) => {
      deleted.push(certificateId);
      return {};
    },
  });
  await take({ kind: 'detach-device-policy' }, { iot });
  expect(iot.names().filter((name) => name === 'DetachPolicy')).toHaveLength(2);
  expect(deleted).toEqual(['loose']);
});

describe('a bucket', () => {
  test('is emptied of versions and delete markers, however many pages there are', async () => {
    const pages = [
      { Versions: [{ Key: 'a', VersionId: '1' }], DeleteMarkers: [{ Key: 'a', VersionId: '2' }] },
      { Versions: [{ Key: 'b', VersionId: '1' }] },
      {},
    ];
    const s3 = new FakeClient({ ListObjectVersions: () => pages.shift(), DeleteObjects: () => ({}) });
    await take({ kind: 'empty-bucket', name: 'images' }, { s3 });
    expect(s3.calls.filter(({ name }) => name === 'DeleteObjects').map(({ input }) => input)).toMatchObject([
      {
        Delete: {
          Objects: [
            { Key: 'a', VersionId: '1' },
            { Key: 'a', VersionId: '2' },
          ],
        },
      },
      { Delete: { Objects: [{ Key: 'b', VersionId: '1' }] } },
    ]);
  });

  test('whose objects cannot be deleted is named with the first of them', async () => {
    const s3 = new FakeClient({
      ListObjectVersions: () => ({ Versions: [{ Key: 'a', VersionId: '1' }] }),
      DeleteObjects: () => ({ Errors: [{ Key: 'a', Message: 'Access Denied' }] }),
    });
    await expect(take({ kind: 'empty-bucket', name: 'images' }, { s3 })).rejects.toThrow(
      "bucket images: 1 objects stay, first 'a': Access Denied",
    );
  });

  const objects = (keys: readonly string[]) =>
    new FakeClient({
      ListObjectsV2: () => ({ Contents: keys.map((Key) => ({ Key, Size: 3 })) }),
      GetObject: () => ({ Body: Readable.from(['abc']) }),
    });
  const step: TeardownStep = { kind: 'export-bucket', output: 'DatasetBucketName', name: 'images' };

  test('is exported once: files of the right size are left alone', async () => {
    const s3 = objects(['deep/a.jpg', 'b.jpg']);
    await take(step, { s3 });
    await take(step, { s3 });
    expect(readFileSync(join(folder, 'DatasetBucketName', 'deep', 'a.jpg'), 'utf8')).toBe('abc');
    expect(s3.names().filter((name) => name === 'GetObject')).toHaveLength(2);
  });

  test('with a key that leads out of the folder is refused, and nothing is written there', async () => {
    await expect(take(step, { s3: objects(['captures/../../../evil.jpg']) })).rejects.toThrow(
      /^object 'captures\/..\/..\/..\/evil.jpg': leads out of/,
    );
    expect(existsSync(join(folder, '..', 'evil.jpg'))).toBe(false);
  });
});

test('a table is exported as lines', async () => {
  const dynamoDb = new FakeTables({
    labels: [{ captureId: 'c1' }, { captureId: 'c2' }, { captureId: 'c3' }],
  });
  await take({ kind: 'export-table', output: 'LabelTableName', name: 'labels' }, { dynamoDb });
  expect(readFileSync(join(folder, 'LabelTableName.jsonl'), 'utf8')).toBe(
    '{"captureId":"c1"}\n{"captureId":"c2"}\n{"captureId":"c3"}\n',
  );
});

test('model packages are exported one by one, so that a second run keeps those of the first', async () => {
  const sageMaker = new FakeClient({
    DescribeModelPackage: () => ({ ModelPackageVersion: 7, $metadata: {} }),
  });
  await take({ kind: 'export-model-packages' }, { sageMaker }, ['arn:7']);
  expect(JSON.parse(readFileSync(join(folder, 'model-packages', '7.json'), 'utf8'))).toEqual({
    ModelPackageVersion: 7,
  });
});

test('a log group that is gone is no error', async () => {
  const logs = new FakeClient({
    DeleteLogGroup: () => {
      throw awsError('ResourceNotFoundException');
    },
  });
  await take({ kind: 'delete-log-group', name: 'logs' }, { logs });
  expect(logs.names()).toEqual(['DeleteLogGroup']);
});

describe('a stack', () => {
  const cloudFormation = (status: string) =>
    new FakeClient({
      DescribeStacks: () => ({ Stacks: [{ StackId: 'arn:stack', StackStatus: status }] }),
      DeleteStack: () => ({}),
      ListStackResources: () => ({
        StackResourceSummaries: [
          { LogicalResourceId: 'Images', ResourceStatus: 'DELETE_FAILED', ResourceStatusReason: 'not empty' },
          { LogicalResourceId: 'Queue', ResourceStatus: 'DELETE_COMPLETE' },
        ],
      }),
    });
  const step = (retain: readonly string[]): TeardownStep => ({ kind: 'delete-stack', stack: 'data', retain });

  test('is deleted, leaving what is asked for', async () => {
    const fake = cloudFormation('DELETE_COMPLETE');
    await take(step(['Images']), { cloudFormation: fake });
    expect(fake.calls.find(({ name }) => name === 'DeleteStack')?.input).toEqual({
      StackName: 'data',
      RetainResources: ['Images'],
    });
  });

  test("that fails says so in CloudFormation's words", async () => {
    await expect(take(step([]), { cloudFormation: cloudFormation('DELETE_FAILED') })).rejects.toThrow(
      'stack data: Images: not empty',
    );
  });
});
