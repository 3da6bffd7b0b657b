import { Readable } from 'node:stream';
import {
  ConflictException,
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  DescribeComponentCommand,
  GetDeploymentCommand,
  GreengrassV2Client,
  ListDeploymentsCommand,
  ListEffectiveDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { IoTClient, ListThingsInThingGroupCommand } from '@aws-sdk/client-iot';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { sdkStreamMixin } from '@smithy/core/serde';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { handler as checkWave } from '../../../lambda/rollout/check-wave/handler';
import { waveSettings } from '../../../lambda/rollout/environment';
import { handler as finishRollout } from '../../../lambda/rollout/finish-rollout/handler';
import { ComponentPublisher } from '../../../lambda/rollout/publish-component';
import { RolloutTable } from '../../../lambda/rollout/rollout-table';
import { handler as sweepRollouts } from '../../../lambda/rollout/sweep-rollouts/handler';
import { listThings } from '../../../lambda/rollout/thing-group';
import { WaveDeployer } from '../../../lambda/rollout/wave-deployer';
import { USE_CASE } from '../shared/builders';
import { freezeClock } from '../shared/frozen-clock';
import { aState, aStored, aWave, EXECUTION, INFERENCE, WAVES } from './builders';

freezeClock('2026-03-02T00:01:00Z');

/** As the SDK throws it: its exception classes know an error of theirs by `$fault`, `$metadata` and name. */
const named = (name: string, extra: object = {}) =>
  Object.assign(new Error(name), { name, $fault: 'client', $metadata: {}, ...extra });
const greengrass = mockClient(GreengrassV2Client);
const s3 = mockClient(S3Client);
const iot = mockClient(IoTClient);
const dynamo = mockClient(DynamoDBDocumentClient);
const stepFunctions = mockClient(SFNClient);
beforeEach(() => {
  for (const mock of [greengrass, s3, iot, dynamo, stepFunctions]) mock.reset();
});

describe('deploying to a group', () => {
  const deployer = new WaveDeployer(new GreengrassV2Client({}));
  const { thingGroupArn } = aWave('canary');
  const ours = [INFERENCE, { name: 'com.kaizenedge.local.model.Surface', version: '1.0.2' }];
  const foreign = {
    'org.other.Component': { componentVersion: '3.2.1', configurationUpdate: { merge: '{}' } },
  };
  const current = (components: object, deploymentStatus = 'ACTIVE') => {
    greengrass.on(ListDeploymentsCommand).resolves({ deployments: [{ deploymentId: 'old' }] });
    greengrass.on(GetDeploymentCommand, { deploymentId: 'old' }).resolves({
      deploymentId: 'old',
      deploymentStatus: deploymentStatus as 'ACTIVE',
      components: components as Record<string, never>,
      iotJobConfiguration: { timeoutConfig: { inProgressTimeoutInMinutes: 9 } },
    });
  };
  const request = () => greengrass.commandCalls(CreateDeploymentCommand)[0]?.args[0].input;
  beforeEach(() => greengrass.on(CreateDeploymentCommand).resolves({ deploymentId: 'new' }));

  test("[B9] keeps the others' components, their configuration and the group's job settings", async () => {
    current(foreign);
    await expect(deployer.deploy(thingGroupArn, ours, 'name', 'cause')).resolves.toBe('new');
    expect(request()).toMatchObject({
      targetArn: thingGroupArn,
      components: {
        ...foreign,
        'com.kaizenedge.local.Inference': { componentVersion: '1.2.3' },
        'com.kaizenedge.local.model.Surface': { componentVersion: '1.0.2' },
      },
      iotJobConfiguration: { timeoutConfig: { inProgressTimeoutInMinutes: 9 } },
      deploymentPolicies: {
        failureHandlingPolicy: 'ROLLBACK',
        componentUpdatePolicy: { action: 'NOTIFY_COMPONENTS', timeoutInSeconds: 60 },
      },
    });
  });

  test.each([
    [2_045, undefined],
    [2_046, 'nucleus lite takes 2045: put what the inference component needs into a document'],
  ])('[L8] %d bytes of configuration, whoever gave them', async (bytes, message) => {
    const configurationUpdate = { merge: 'x'.repeat(bytes - 10), reset: ['/use', '/cases'] };
    const merged = { 'org.other.Component': { componentVersion: '3.2.1' } };
    current({ ...merged, [INFERENCE.name]: { componentVersion: '1.0.0', configurationUpdate } });
    const deployed = deployer.deploy(thingGroupArn, ours, 'name', 'cause');
    if (message === undefined) await expect(deployed).resolves.toBe('new');
    else await expect(deployed).rejects.toThrow(message);
    expect(greengrass.commandCalls(CreateDeploymentCommand)).toHaveLength(message === undefined ? 1 : 0);
  });

  test('case 16: only a deployment that restarts something asks whether it may; a model goes in between two frames', async () => {
    const model = { name: 'com.kaizenedge.local.model.Surface', version: '1.0.2', hotSwapped: true };
    const action = () => request()?.deploymentPolicies?.componentUpdatePolicy?.action;
    current({ [INFERENCE.name]: { componentVersion: INFERENCE.version } });
    await deployer.deploy(thingGroupArn, [INFERENCE, model], 'name', 'cause');
    expect(action()).toBe('SKIP_NOTIFY_COMPONENTS');
    greengrass.resetHistory();
    current({ [INFERENCE.name]: { componentVersion: '1.0.0' } });
    await deployer.deploy(thingGroupArn, [INFERENCE, model], 'name', 'cause');
    expect(action()).toBe('NOTIFY_COMPONENTS');
  });

  test('a group without deployments gets its first one', async () => {
    greengrass.on(ListDeploymentsCommand).resolves({ deployments: [] });
    await deployer.deploy(thingGroupArn, ours, 'name', 'cause');
    expect(Object.keys(request()?.components ?? {})).toEqual(ours.map(({ name }) => name));
  });

  test('case 15: a group that has it is left alone', async () => {
    current({
      'com.kaizenedge.local.Inference': { componentVersion: '1.2.3' },
      'com.kaizenedge.local.model.Surface': { componentVersion: '1.0.2' },
    });
    await expect(deployer.deploy(thingGroupArn, ours, 'name', 'cause')).resolves.toBe('old');
    expect(request()).toBeUndefined();
  });

  test('a cancelled deployment reaches nobody, so it is made again', async () => {
    current(
      {
        'com.kaizenedge.local.Inference': { componentVersion: '1.2.3' },
        'com.kaizenedge.local.model.Surface': { componentVersion: '1.0.2' },
      },
      'CANCELED',
    );
    await expect(deployer.deploy(thingGroupArn, ours, 'name', 'cause')).resolves.toBe('new');
  });

  test('a repeated request has the same token, another one another', async () => {
    current(foreign);
    for (const cause of ['cause', 'cause', 'other'])
      await deployer.deploy(thingGroupArn, ours, 'name', cause);
    const [one, two, three] = greengrass
      .commandCalls(CreateDeploymentCommand)
      .map(({ args }) => args[0].input.clientToken);
    expect(one).toBe(two);
    expect(one).not.toBe(three);
    expect(one).toHaveLength(64);
  });
});

describe('publishing a component version', () => {
  const slept: number[] = [];
  const publisher = new ComponentPublisher(
    new GreengrassV2Client({}),
    new S3Client({}),
    {
      modelBucket: 'models',
      inferenceComponentName: INFERENCE.name,
      deliverReleaseUri: 's3://models/components/abc/deliver-release.cjs',
      deliverReleaseSourceUri: 's3://assets/xyz.cjs',
    },
    async (milliseconds) => void slept.push(milliseconds),
  );
  beforeEach(() => {
    slept.length = 0;
    s3.on(HeadObjectCommand).resolves({});
    greengrass.on(CreateComponentVersionCommand).resolves({});
    greengrass.on(DescribeComponentCommand).resolves({ status: { componentState: 'DEPLOYABLE' } });
  });

  test('creates it from the recipe and waits until it can be deployed', async () => {
    greengrass
      .on(DescribeComponentCommand)
      .resolvesOnce({ status: { componentState: 'REQUESTED' } })
      .resolves({ status: { componentState: 'DEPLOYABLE' } });
    await publisher.publish(aStored(2), EXECUTION);
    expect(slept).toHaveLength(1);
    expect(greengrass.commandCalls(DescribeComponentCommand)[0]?.args[0].input.arn).toBe(
      'arn:aws:greengrass:eu-central-1:000000000000:components:com.kaizenedge.local.model.Surface:versions:1.0.2',
    );
  });

  describe('[C9] a version that is there already', () => {
    const found = (tags: Record<string, string>) => {
      greengrass
        .on(CreateComponentVersionCommand)
        .rejects(new ConflictException({ $metadata: {}, message: '', resourceId: '', resourceType: '' }));
      greengrass.on(DescribeComponentCommand).resolves({ tags, status: { componentState: 'DEPLOYABLE' } });
    };

    test('is taken over where the same release has made it', async () => {
      found({ 'release-sha256': aStored(2).envelopeSha256 });
      await expect(publisher.publish(aStored(2), EXECUTION)).resolves.toBeUndefined();
    });

    test.each([
      ['another release', { 'release-sha256': 'f'.repeat(64) }, 'f'.repeat(64)],
      ['nobody knows what', {}, 'none'],
    ])('is refused where %s has made it', async (_, tags, got) => {
      found(tags);
      await expect(publisher.publish(aStored(2), EXECUTION)).rejects.toThrow(
        `com.kaizenedge.local.model.Surface:versions:1.0.2 exists already: its tag release-sha256 must be ${aStored(2).envelopeSha256}, got ${got}. Something else has made it: delete this version`,
      );
    });
  });

  test('says why Greengrass cannot use it', async () => {
    greengrass.on(DescribeComponentCommand).resolves({
      status: { componentState: 'FAILED', message: 'bad artifact', errors: { 's3://x': 'AccessDenied' } },
    });
    await expect(publisher.publish(aStored(2), EXECUTION)).rejects.toThrow(
      'cannot be deployed: bad artifact; s3://x: AccessDenied',
    );
  });

  test('does not wait for ever', async () => {
    greengrass.on(DescribeComponentCommand).resolves({ status: { componentState: 'REQUESTED' } });
    await expect(publisher.publish(aStored(2), EXECUTION)).rejects.toThrow('was not deployable after 120 s');
  });

  test('puts the startup script where devices may read it, once', async () => {
    s3.on(HeadObjectCommand).rejects(named('NotFound'));
    s3.on(GetObjectCommand, { Bucket: 'assets', Key: 'xyz.cjs' }).resolves({
      Body: sdkStreamMixin(Readable.from([Buffer.from('script')])),
    });
    await publisher.publish(aStored(2), EXECUTION);
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({
      Bucket: 'models',
      Key: 'components/abc/deliver-release.cjs',
    });
  });
});

describe('the rollout table', () => {
  const table = new RolloutTable(dynamo as unknown as DynamoDBDocumentClient, 'releases', USE_CASE);
  const cancelled = (...codes: string[]) =>
    named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

  test.each([
    ['nobody holds', undefined, 'CLAIMED'],
    ['another rollout holds', cancelled('ConditionalCheckFailed', 'None'), 'BUSY'],
    ['was claimed before', cancelled('None', 'ConditionalCheckFailed'), 'TAKEN'],
    ['two want at once', named('TransactionConflictException'), 'BUSY'],
  ])('a claim of what %s', async (_, error, outcome) => {
    if (error) dynamo.on(TransactWriteCommand).rejects(error);
    else dynamo.on(TransactWriteCommand).resolves({});
    await expect(table.claim(2, EXECUTION)).resolves.toBe(outcome);
  });

  test('case 34: a throttled claim is an error', async () => {
    dynamo.on(TransactWriteCommand).rejects(named('ThrottlingException'));
    await expect(table.claim(2, EXECUTION)).rejects.toThrow('ThrottlingException');
  });

  test('an ending names only what it sets', async () => {
    dynamo.on(UpdateCommand).resolves({});
    await expect(table.end(2, EXECUTION, { status: 'IN_SERVICE' })).resolves.toBe(true);
    expect(dynamo.commandCalls(UpdateCommand)[0]?.args[0].input).toMatchObject({
      UpdateExpression: 'SET #status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': 'IN_SERVICE', ':expected': EXECUTION },
    });
  });

  test('only the execution that has claimed a release may end it', async () => {
    dynamo.on(UpdateCommand).rejects(named('ConditionalCheckFailedException'));
    await expect(table.end(2, 'another', { status: 'ROLLED_BACK', reason: 'x' })).resolves.toBe(false);
  });
});

describe('[C10] sweeping rollouts', () => {
  const stateMachineArn = 'arn:aws:states:eu-central-1:000000000000:stateMachine:kaizen-local-rollout';
  const ended = (detail: object) =>
    sweepRollouts({ detail } as Parameters<typeof sweepRollouts>[0], {} as Context);
  const item = (counter: number) => ({ useCase: USE_CASE, item: `release#00000${counter}` });
  const releases = (...statuses: string[]) =>
    statuses.map((status, index) => ({ ...item(index + 1), status, executionArn: EXECUTION }));
  const HELD = { counter: 2, executionArn: EXECUTION };
  /** What is read of the items of the table that are no releases. */
  const items = (found: Record<string, object>) => {
    for (const [name, Item] of Object.entries(found)) {
      dynamo
        .on(GetCommand, { TableName: 'releases', Key: { useCase: USE_CASE, item: name } }, false)
        .resolves({ Item: Item as Record<string, unknown> });
    }
  };
  const started = () =>
    stepFunctions.commandCalls(StartExecutionCommand).map(({ args: [{ input }] }) => input);
  const long = new Date('2026-03-01T23:00:00Z');
  const just = new Date('2026-03-02T00:00:00Z');
  beforeEach(() => {
    Object.assign(process.env, {
      KAIZEN_USE_CASE: USE_CASE,
      RELEASE_TABLE: 'releases',
      ROLLOUT_WAVES: JSON.stringify(WAVES),
      ROLLOUT_STATE_MACHINE_ARN: stateMachineArn,
    });
    dynamo.on(GetCommand).resolves({});
    dynamo.on(QueryCommand).resolves({ Items: releases('IN_SERVICE', 'READY', 'READY') });
    dynamo.on(UpdateCommand).resolves({});
    dynamo.on(DeleteCommand).resolves({});
  });

  test('the oldest release that is ready is started', async () => {
    await expect(ended({})).resolves.toEqual({ kind: 'STARTED', counter: 2 });
    expect(started()).toEqual([
      { stateMachineArn, input: '{"useCase":"surface","counter":2,"releaseId":"surface-2"}' },
    ]);
  });

  test.each([
    ['is running', { status: 'RUNNING' }],
    ['is about to be redriven', { status: 'PENDING_REDRIVE' }],
    ['was stopped a minute ago, and may have a function at work', { status: 'ABORTED', stopDate: just }],
  ] as const)('a holder that %s is waited for', async (_, execution) => {
    items({ rollout: HELD });
    stepFunctions.on(DescribeExecutionCommand, { executionArn: EXECUTION }).resolves(execution);
    await expect(ended({})).resolves.toEqual({ kind: 'HELD' });
    expect(started()).toEqual([]);
  });

  test('case 54: a holder that was stopped before a wave had its release loses lock and release', async () => {
    items({ rollout: HELD, 'release#000002': { status: 'ROLLING_OUT', executionArn: EXECUTION } });
    dynamo.on(QueryCommand).resolves({ Items: releases('IN_SERVICE', 'ABORTED', 'READY') });
    stepFunctions.on(DescribeExecutionCommand).resolves({ status: 'ABORTED', stopDate: long });
    await expect(
      ended({ executionArn: EXECUTION, status: 'ABORTED', input: '{"counter":2}' }),
    ).resolves.toEqual({ kind: 'STARTED', counter: 3 });
    const [update] = dynamo.commandCalls(UpdateCommand).map(({ args: [{ input }] }) => input);
    expect(update).toMatchObject({
      Key: item(2),
      ConditionExpression: '#status = :before AND executionArn = :owner',
      ExpressionAttributeValues: { ':status': 'ABORTED', ':owner': EXECUTION },
    });
    expect(dynamo.commandCalls(DeleteCommand)[0]?.args[0].input).toMatchObject({
      ConditionExpression: 'executionArn = :execution',
    });
  });

  test('case 50: what a wave has of a holder that failed is taken back, by an execution that says after whom', async () => {
    items({ rollout: HELD, champion: { counter: 1 }, 'wave#canary': { counter: 2 } });
    dynamo.on(QueryCommand).resolves({ Items: releases('IN_SERVICE', 'ROLLING_OUT', 'READY') });
    stepFunctions
      .on(DescribeExecutionCommand)
      .resolves({ status: 'FAILED', stopDate: long, error: 'RollBackNotFinished', input: '{"counter":2}' });
    await expect(ended({})).resolves.toEqual({ kind: 'RESUMED', counter: 2, to: 'TAKE_BACK' });
    expect(JSON.parse(started()[0]?.input ?? '')).toEqual({
      useCase: USE_CASE,
      counter: 2,
      releaseId: 'surface-2',
      resume: {
        to: 'TAKE_BACK',
        after: EXECUTION,
        because: `${EXECUTION} ended as FAILED before its rollout did.`,
      },
    });
    // The lock goes from hand to hand.
    expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(0);
  });

  test.each([
    ['has sent a status since', Date.parse('2026-03-01T23:30:00Z'), 'STARTED'],
    ['has sent its last before', Date.parse('2026-03-01T22:30:00Z'), 'NOTHING_READY'],
  ])('case 51: a release that waits for a device which %s', async (_, receivedAt, kind) => {
    process.env.INVENTORY_TABLE = 'inventory';
    const awaits = {
      devices: ['line-1'],
      enough: 1,
      since: long.toISOString(),
      until: '2999-01-01T00:00:00.000Z',
    };
    dynamo.on(QueryCommand).resolves({ Items: [{ ...item(2), status: 'READY', attempts: 1, awaits }] });
    dynamo
      .on(GetCommand, { TableName: 'inventory', Key: { deviceId: 'line-1' } })
      .resolves({ Item: { deviceId: 'line-1', receivedAt } });
    await expect(ended({})).resolves.toMatchObject({ kind });
  });

  test('case 34: a throttled look at the holder is no verdict on it', async () => {
    items({ rollout: HELD });
    stepFunctions.on(DescribeExecutionCommand).rejects(named('ThrottlingException'));
    await expect(ended({})).rejects.toThrow('ThrottlingException');
    expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(0);
  });

  test('a holder that nobody knows does not run', async () => {
    items({ rollout: HELD });
    const unknown = new ExecutionDoesNotExist({ $metadata: {}, message: 'no such execution' });
    stepFunctions.on(DescribeExecutionCommand).rejects(unknown);
    await expect(ended({})).resolves.toMatchObject({ kind: 'STARTED' });
  });
});

test('every page of a thing group is read', async () => {
  iot
    .on(ListThingsInThingGroupCommand)
    .resolvesOnce({ things: ['b'], nextToken: 'more' })
    .resolvesOnce({ things: ['a'] });
  await expect(listThings(new IoTClient({}), 'group')).resolves.toEqual(['a', 'b']);
});

describe('the handlers', () => {
  const context = {} as Context;
  const deployed = { ...aWave('canary'), deploymentId: 'd', deployedAt: '2026-03-02T00:00:00.000Z' };
  const plan = { outcome: 'START', componentName: 'c', componentVersion: '1.0.2', waves: WAVES } as const;
  const state = aState(2, { plan, waves: [deployed] });
  beforeEach(() => {
    Object.assign(process.env, {
      INVENTORY_TABLE: 'inventory',
      RELEASE_TABLE: 'releases',
      ROLLOUT_WAVES: '[',
    });
    iot.on(ListThingsInThingGroupCommand).resolves({ things: ['a', 'never-seen'] });
    dynamo.on(GetCommand).resolves({ Item: { releaseId: state.releaseId } });
  });

  test('a device that Greengrass has never heard of is waited for', async () => {
    greengrass
      .on(ListEffectiveDeploymentsCommand, { coreDeviceThingName: 'a' })
      .resolvesOnce({ effectiveDeployments: [{ deploymentId: 'older' }] as never, nextToken: 'more' })
      .resolves({
        effectiveDeployments: [{ deploymentId: 'd', coreDeviceExecutionStatus: 'SUCCEEDED' }] as never,
      });
    greengrass
      .on(ListEffectiveDeploymentsCommand, { coreDeviceThingName: 'never-seen' })
      .rejects(named('ResourceNotFoundException'));
    await expect(checkWave(state, context)).resolves.toMatchObject({
      check: { status: 'PENDING', ready: 1, reasons: ['never-seen has not answered the deployment.'] },
    });
  });

  test('case 34: a throttled look fails the step, it is no verdict', async () => {
    greengrass.on(ListEffectiveDeploymentsCommand).rejects(named('ThrottlingException'));
    await expect(checkWave(state, context)).rejects.toThrow('ThrottlingException');
  });

  test('a broken state is refused with every problem', async () => {
    await expect(checkWave({ useCase: 'surface', counter: 0 }, context)).rejects.toThrow(
      /counter: must be a positive integer, got 0.*releaseId.*executionArn.*waveIndex.*waves.*notes/s,
    );
  });

  test('an unknown ending is refused', async () => {
    await expect(finishRollout({ ending: 'MAYBE', state }, context)).rejects.toThrow(
      'ending: must be one of',
    );
  });

  test('settings that are no JSON are refused by name', () => {
    expect(waveSettings).toThrow('environment variable ROLLOUT_WAVES is not JSON');
  });
});
