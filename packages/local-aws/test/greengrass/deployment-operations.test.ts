import { ComponentStore } from '../../greengrass/component-store';
import type { DeploymentDocument } from '../../greengrass/deployment-document';
import { DeploymentLedger } from '../../greengrass/deployment-ledger';
import { DeploymentOperations } from '../../greengrass/deployment-operations';
import { ClientTokens } from '../../greengrass/idempotency';
import type { Recipe } from '../../greengrass/recipe';
import { TagStore } from '../../greengrass/tag-store';
import { FakeEvents, FakeJobs } from './fakes';

const SCOPE = { region: 'eu-west-1', accountId: '111122223333' };
const GROUP = 'arn:aws:iot:eu-west-1:111122223333:thinggroup/presses';
const THING = 'arn:aws:iot:eu-west-1:111122223333:thing/press-1';
const NAME = 'com.example.Probe';

interface Created {
  readonly deploymentId: string;
  readonly iotJobId: string;
}

function setUp() {
  const store = new ComponentStore(SCOPE);
  for (const ComponentVersion of ['1.0.0', '1.0.1']) {
    const recipe: Recipe = {
      RecipeFormatVersion: '2020-01-25',
      ComponentName: NAME,
      ComponentVersion,
      Manifests: [{}],
    };
    store.add(recipe, 'JSON', new Date(0));
  }
  const jobs = new FakeJobs({ presses: ['press-1', 'press-2'] });
  const events = new FakeEvents();
  const operations = new DeploymentOperations(
    SCOPE,
    new DeploymentLedger(SCOPE),
    store,
    new TagStore(),
    jobs,
    events,
    new ClientTokens(),
    () => new Date(1_000),
  );
  const deploy = async (targetArn: string, componentVersion: string, more: object = {}) =>
    (await operations.create({
      targetArn,
      components: { [NAME]: { componentVersion } },
      ...more,
    })) as Created;
  return { jobs, events, operations, deploy };
}

test('the job carries the document that the nucleus reads', async () => {
  const { jobs, operations } = setUp();
  const { deploymentId } = (await operations.create({
    targetArn: GROUP,
    deploymentName: 'night shift',
    components: {
      [NAME]: {
        componentVersion: '1.0.0',
        configurationUpdate: { merge: '{"rate":5}', reset: ['/old'] },
        runWith: { posixUser: 'ggc' },
      },
    },
    deploymentPolicies: {
      failureHandlingPolicy: 'DO_NOTHING',
      componentUpdatePolicy: { timeoutInSeconds: 7 },
    },
  })) as Created;
  const document = JSON.parse(jobs.requests[0]?.document ?? '') as DeploymentDocument;
  expect(document).toEqual({
    deploymentId,
    deploymentName: 'night shift',
    configurationArn: 'arn:aws:greengrass:eu-west-1:111122223333:configuration:thinggroup/presses:1',
    components: {
      [NAME]: {
        version: '1.0.0',
        configurationUpdate: { merge: { rate: 5 }, reset: ['/old'] },
        runWith: { posixUser: 'ggc' },
      },
    },
    failureHandlingPolicy: 'DO_NOTHING',
    componentUpdatePolicy: { timeout: 7, action: 'NOTIFY_COMPONENTS' },
    configurationValidationPolicy: { timeout: 30 },
    requiredCapabilities: [],
    creationTimestamp: 1_000,
  });
});

describe('a revision', () => {
  test('replaces the one before: only the newest is active, and it alone is listed', async () => {
    const { operations, deploy, jobs } = setUp();
    const first = await deploy(GROUP, '1.0.0');
    const second = await deploy(GROUP, '1.0.1');
    expect(await operations.get(first.deploymentId)).toMatchObject({
      revisionId: '1',
      deploymentStatus: 'INACTIVE',
      isLatestForTarget: false,
    });
    expect(await operations.get(second.deploymentId)).toMatchObject({
      revisionId: '2',
      deploymentStatus: 'ACTIVE',
      isLatestForTarget: true,
    });
    expect(await jobs.isCanceled(first.iotJobId)).toBe(true);
    expect(await operations.list({ targetArn: GROUP })).toMatchObject({
      deployments: [{ deploymentId: second.deploymentId }],
    });
  });

  test('made at the same time as another still leaves one active', async () => {
    const { jobs, deploy } = setUp();
    const made = await Promise.all(['1.0.0', '1.0.1', '1.0.0'].map((version) => deploy(GROUP, version)));
    const canceled = await Promise.all(made.map(({ iotJobId }) => jobs.isCanceled(iotJobId)));
    expect(canceled).toEqual([true, true, false]);
  });

  test('is taken away also from devices that have begun it, and that is announced', async () => {
    const { jobs, events, deploy } = setUp();
    const first = await deploy(GROUP, '1.0.0');
    jobs.set(first.iotJobId, 'press-1', 'SUCCEEDED');
    jobs.set(first.iotJobId, 'press-2', 'IN_PROGRESS');
    await deploy(GROUP, '1.0.1');
    expect((await jobs.execution(first.iotJobId, 'press-1'))?.status).toBe('SUCCEEDED');
    expect((await jobs.execution(first.iotJobId, 'press-2'))?.status).toBe('CANCELED');
    expect(events.statuses).toEqual([`CANCELED ${first.deploymentId}`]);
  });

  test('of one target leaves the deployments of others alone', async () => {
    const { operations, deploy } = setUp();
    const group = await deploy(GROUP, '1.0.0');
    await deploy(THING, '1.0.1');
    expect(await operations.get(group.deploymentId)).toMatchObject({
      deploymentStatus: 'ACTIVE',
      revisionId: '1',
    });
  });

  test('that IoT refuses leaves the earlier one as it was', async () => {
    const { operations, deploy, jobs } = setUp();
    const first = await deploy(GROUP, '1.0.0');
    jobs.create = () => Promise.reject(new Error('IoT is away'));
    await expect(deploy(GROUP, '1.0.1')).rejects.toThrow('IoT is away');
    expect(await operations.get(first.deploymentId)).toMatchObject({ deploymentStatus: 'ACTIVE' });
    expect(await jobs.isCanceled(first.iotJobId)).toBe(false);
  });
});

describe('a request', () => {
  test.each<[string, object, string, string]>([
    ['without target', { targetArn: undefined }, 'ValidationException', 'targetArn'],
    ['to something else', { targetArn: 'arn:aws:s3:::a' }, 'ValidationException', 'not the ARN of a thing'],
    ['to nothing', { targetArn: `${GROUP}-absent` }, 'ResourceNotFoundException', 'presses-absent'],
    [
      'of an absent version',
      { components: { [NAME]: { componentVersion: '9.0.0' } } },
      'ResourceNotFoundException',
      `${NAME}:versions:9.0.0`,
    ],
    [
      'of a range',
      { components: { [NAME]: { componentVersion: '^1.0.0' } } },
      'ValidationException',
      `components.${NAME}.componentVersion`,
    ],
    [
      'with a merge that is no object',
      { components: { [NAME]: { componentVersion: '1.0.0', configurationUpdate: { merge: '[1]' } } } },
      'ValidationException',
      'configurationUpdate.merge',
    ],
    [
      'with an unknown policy',
      { deploymentPolicies: { failureHandlingPolicy: 'RETRY' } },
      'ValidationException',
      'failureHandlingPolicy',
    ],
    ['of a subdeployment', { parentTargetArn: GROUP }, 'ValidationException', 'parentTargetArn'],
    [
      'larger than a device takes',
      {
        components: {
          [NAME]: {
            componentVersion: '1.0.0',
            configurationUpdate: { merge: JSON.stringify({ a: 'x'.repeat(32 * 1024) }) },
          },
        },
      },
      'ValidationException',
      '31744',
    ],
  ])('%s is refused and makes no job', async (_what, change, name, message) => {
    const { jobs, operations } = setUp();
    const request = async () => operations.create({ targetArn: GROUP, components: {}, ...change });
    await expect(request()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
    expect(jobs.requests).toEqual([]);
  });

  test('repeated with its client token makes one deployment', async () => {
    const { jobs, deploy } = setUp();
    const [first, second] = await Promise.all([
      deploy(GROUP, '1.0.0', { clientToken: 'once' }),
      deploy(GROUP, '1.0.0', { clientToken: 'once' }),
    ]);
    expect(second).toEqual(first);
    expect(jobs.requests).toHaveLength(1);
    const other = async () => deploy(GROUP, '1.0.1', { clientToken: 'once' });
    await expect(other()).rejects.toMatchObject({ name: 'ConflictException' });
  });
});

test('a device that reports the same state twice is announced once', async () => {
  const { jobs, events, operations, deploy } = setUp();
  const { deploymentId, iotJobId } = await deploy(GROUP, '1.0.0');
  jobs.set(iotJobId, 'press-1', 'FAILED', {
    'detailed-deployment-status': 'FAILED_NO_STATE_CHANGE',
    'deployment-failure-cause': 'disk is full',
    'deployment-error-stack': '["DEPLOYMENT_FAILURE","DISK_SPACE_CRITICAL"]',
    'deployment-error-types': '["DEVICE_ERROR"]',
  });
  await operations.executionChanged('press-1', iotJobId);
  await operations.executionChanged('press-1', iotJobId);
  expect(events.received).toEqual([
    {
      detailType: 'Greengrass V2 Effective Deployment Status Change',
      resources: ['arn:aws:greengrass:eu-west-1:111122223333:coreDevices:press-1'],
      detail: {
        deploymentId,
        coreDeviceExecutionStatus: 'FAILED',
        reason: 'FAILED_NO_STATE_CHANGE: disk is full',
        statusDetails: {
          errorStack: ['DEPLOYMENT_FAILURE', 'DISK_SPACE_CRITICAL'],
          errorTypes: ['DEVICE_ERROR'],
        },
      },
    },
  ]);
});

test('jobs of others are none of our business', async () => {
  const { events, operations } = setUp();
  await operations.executionChanged('press-1', 'firmware-update');
  expect(events.received).toEqual([]);
});

describe('an active deployment', () => {
  test('cannot be deleted before it is canceled; afterwards its number is not used again', async () => {
    const { jobs, operations, deploy } = setUp();
    const { deploymentId, iotJobId } = await deploy(GROUP, '1.0.0');
    await expect(operations.delete(deploymentId)).rejects.toMatchObject({ name: 'ConflictException' });
    await operations.cancel(deploymentId);
    await expect(operations.cancel(deploymentId)).rejects.toMatchObject({ name: 'ConflictException' });
    await operations.delete(deploymentId);
    expect(jobs.deleted).toEqual([iotJobId]);
    const next = await deploy(GROUP, '1.0.0');
    expect(await operations.get(next.deploymentId)).toMatchObject({ revisionId: '2' });
  });

  test('that is canceled goes on where a device has begun it', async () => {
    const { jobs, operations, deploy } = setUp();
    const { deploymentId, iotJobId } = await deploy(GROUP, '1.0.0');
    jobs.set(iotJobId, 'press-1', 'IN_PROGRESS');
    await operations.cancel(deploymentId);
    expect((await jobs.execution(iotJobId, 'press-1'))?.status).toBe('IN_PROGRESS');
    expect((await jobs.execution(iotJobId, 'press-2'))?.status).toBe('CANCELED');
  });
});
