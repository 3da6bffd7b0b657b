/**
 * The tables and commands of operations against ministack: what unit tests with fakes cannot show is that DynamoDB,
 * AWS IoT, S3 and SQS accept the expressions and calls and do what the code relies on.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ResourceNotFoundException } from '@aws-sdk/client-greengrassv2';
import {
  CreatePolicyCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  CreateTopicRuleCommand,
  IoTClient,
  ListThingGroupsForThingCommand,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Ministack, startMinistack } from '@kaizen-edge/local-aws';
import { uploadDataset } from '../../cli/dataset/upload-dataset';
import { decommissionDevice } from '../../cli/device/decommission-device';
import { provisionDevice } from '../../cli/device/provision-device';
import { redriveQueue } from '../../cli/redrive-queue';
import type { Clients } from '../../cli/shared/clients';
import { KaizenEnvironment } from '../../cli/shared/environment';
import { type InferenceResult, problemsOf, type Sketch } from '../../contracts';
import { placeOf } from '../../contracts/batch-place';
import { LabelTable } from '../../lambda/dataset/label-table';
import { CURRENT_KEY, incomingKey } from '../../lambda/dataset/names';
import type { Episode } from '../../lambda/monitoring/episode';
import { EpisodeTable } from '../../lambda/monitoring/episode-table';
import { FieldBaselineTable } from '../../lambda/monitoring/field-baseline-table';
import { DOCUMENT_OPTIONS } from '../../lambda/shared/aws';
import { parseDeviceMessage } from '../../lambda/telemetry/device-message';
import { summarizeBatch } from '../../lambda/telemetry/ingest-results/summarize-batch';
import { QUESTION_RULE_SELECT, questionTopic, ruleName } from '../../lambda/telemetry/names';
import { QuestionBudget } from '../../lambda/telemetry/question-budget';
import { mergeSketches } from '../../lambda/telemetry/sketch';
import { NOTHING_COUNTED, SketchTable } from '../../lambda/telemetry/sketch-table';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { aBatch, aLabel, aResult } from '../lambda/shared/builders';

jest.setTimeout(120_000);

let folder: string;
let ministack: Ministack;
let table: DynamoDBDocumentClient;
let clients: Clients;

const USE_CASE = 'surface';

const configuration = () => ({
  endpoint: ministack.url,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

async function createTable(
  client: DynamoDBClient,
  name: string,
  partition: string,
  sort?: string,
): Promise<void> {
  const keys = [partition, ...(sort ? [sort] : [])];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
    }),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-operations-'));
  const crash = (message: string) => {
    throw new Error(message);
  };
  ministack = await startMinistack({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: folder,
    environment: { AUTH: 'false' },
    onCrash: crash,
  });
  const dynamoDb = new DynamoDBClient(configuration());
  await createTable(dynamoDb, 'sketches', 'partition', 'window');
  await createTable(dynamoDb, 'episodes', 'useCase', 'episodeId');
  await createTable(dynamoDb, 'labels', 'useCase', 'captureId');
  await createTable(dynamoDb, 'inventory', 'deviceId');
  table = DynamoDBDocumentClient.from(dynamoDb, DOCUMENT_OPTIONS);
  clients = {
    dynamoDb: table,
    s3: new S3Client({ ...configuration(), forcePathStyle: true }),
    sqs: new SQSClient(configuration()),
    kms: new KMSClient(configuration()),
    iot: new IoTClient(configuration()),
    // Greengrass is another service; a device that it has never seen is decommissioned all the same.
    greengrass: {
      send: async () => {
        throw new ResourceNotFoundException({
          message: 'no such core device',
          resourceId: 'line-1',
          resourceType: 'core device',
          $metadata: {},
        });
      },
    },
  } as unknown as Clients;
});

afterAll(async () => {
  await ministack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('case 29: batches that are added at once and again count exactly once', async () => {
  const sketches = new SketchTable(table, 'sketches');
  const embedding = { count: 3, sum: [0.1, -1], squares: 2.5 } satisfies InferenceResult['embedding'];
  // Of a device before and after a restart: nothing but the sums themselves tells that both have changed them.
  const batches = Array.from({ length: 12 }, (_, index) =>
    aBatch({
      batchId: `0000000${(index % 2) + 1}-1a2b3c4d-${String(index + 1).padStart(8, '0')}`,
      droppedRecords: 1,
      records: [
        aResult({ recordId: `r-${index}`, embedding }),
        aResult({ predictedClass: 'constructor', confidence: 0.1, embedding }),
      ],
    }),
  );
  const add = async (batch: (typeof batches)[number]) => {
    const { batchId } = batch;
    const shares = summarizeBatch(batch, () => new Set(['good', 'constructor']), 3600).map((sketch) => ({
      batchId,
      place: placeOf(batchId),
      sketch,
    }));
    return (await sketches.addOnce(shares, NOTHING_COUNTED)).added.size;
  };
  const answers = await Promise.all([...batches, ...batches].map(add));
  expect(answers.filter((added) => added === 1)).toHaveLength(12);
  await expect(add(batches[0] as (typeof batches)[number])).resolves.toBe(0);
  const read = await new SketchTable(table, 'sketches').read(
    USE_CASE,
    'surface-2',
    '2026-03-01T10:00:00.000Z',
  );
  expect(mergeSketches(read)).toMatchObject({
    results: 24,
    dropped: 12,
    classCounts: { good: 12, constructor: 12 },
    embeddingByClass: Object.fromEntries(
      ['good', 'constructor'].map((name) => [name, { count: 36, sum: [1.2, -12], squares: 30 }]),
    ),
    deviceId: 'line-1',
  });
  const baselines = new FieldBaselineTable(table, 'episodes', USE_CASE);
  const sketch = mergeSketches(read) as Sketch;
  await baselines.keep({
    releaseId: 'surface-2',
    takenAt: '2026-03-01T11:00:00.000Z',
    sketch,
    because: 'labels',
  });
  await expect(baselines.get('surface-2')).resolves.toMatchObject({ sketch });
  await expect(
    new SketchTable(table, 'sketches').read(USE_CASE, 'surface-2', '2026-03-01T11:00:00.000Z'),
  ).resolves.toEqual([]);
});

describe('[S10] questions for a second opinion', () => {
  test('are counted by DynamoDB itself: of many at once no more are answered than a day has', async () => {
    const budget = new QuestionBudget(table, 'sketches', { environment: 9, device: 4 });
    const asked = Array.from({ length: 24 }, (_, index) =>
      budget.take(USE_CASE, `line-${index % 3}`, '2026-03-01'),
    );
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(9);
    await expect(budget.take(USE_CASE, 'line-0', '2026-03-01')).resolves.toBe(false);
    await expect(budget.take(USE_CASE, 'line-0', '2026-03-02')).resolves.toBe(true);
  });

  test('reach their rule with the device that their topic says', async () => {
    const scope = { environmentName: 'local', useCase: USE_CASE };
    const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: 'questions' }));
    // As lib/telemetry/second-opinions.ts deploys it, into a queue instead of the function.
    await clients.iot.send(
      new CreateTopicRuleCommand({
        ruleName: ruleName(scope, 'questions'),
        topicRulePayload: {
          awsIotSqlVersion: '2016-03-23',
          sql: `${QUESTION_RULE_SELECT} FROM '${questionTopic(scope, '+')}'`,
          actions: [
            { sqs: { queueUrl: QueueUrl, roleArn: 'arn:aws:iam::000000000000:role/rule', useBase64: false } },
          ],
        },
      }),
    );
    const iotData = new IoTDataPlaneClient(configuration());
    const question = { deviceId: 'line-1', useCase: USE_CASE, questionId: 'boot-1' };
    const other = questionTopic({ ...scope, environmentName: 'other' }, 'line-1');
    for (const topic of [other, questionTopic(scope, 'line-1')]) {
      await iotData.send(
        new PublishCommand({ topic, qos: 1, payload: Buffer.from(JSON.stringify(question)) }),
      );
    }
    const { Messages = [] } = await clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10, MaxNumberOfMessages: 10 }),
    );
    iotData.destroy();
    expect(Messages).toHaveLength(1);
    const message = parseDeviceMessage(Messages[0]?.Body ?? '');
    expect(message).toMatchObject({ topicUseCase: USE_CASE, topicThingName: 'line-1', payload: question });
    expect(Math.abs(message.receivedAt - Date.now())).toBeLessThan(60_000);
  });
});

describe('episodes', () => {
  const episodes = () => new EpisodeTable(table, 'episodes', USE_CASE);
  const episode = (episodeId: string): Episode => ({
    useCase: USE_CASE,
    episodeId,
    releaseId: 'surface-2',
    openedAt: '2026-03-01T00:00:00.000Z',
    evidence: {
      assessment: { kind: 'DRIFT', feature: 'brightness', value: 0.3, limit: 0.25 },
      results: 10,
      features: [
        {
          feature: 'brightness',
          limit: 0.25,
          drifted: true,
          populationStabilityIndex: 0.1 + 0.2,
          jensenShannon: 1 / 3,
          pValue: 1.2345678e-99,
        },
      ],
      deviatingDevices: [],
    },
    status: 'OPEN',
  });

  test('case 33: of many that open, claim and fix, one is first; closing makes room for the next', async () => {
    await expect(episodes().current()).resolves.toBeUndefined();
    const opened = await Promise.all(
      ['e1', 'e1', 'e2', 'e3'].map((episodeId) => episodes().open(episode(episodeId))),
    );
    expect(opened.filter(Boolean)).toHaveLength(1);
    const current = await episodes().current();
    const id = current?.episodeId ?? '';
    expect(current?.evidence.features[0]?.pValue).toBe(1.2345678e-99);

    const claims = await Promise.all(
      [1, 2, 3].map(() => episodes().claim(id, 'token', '2026-03-01T01:00:00Z')),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    const first = await episodes().fixParameters(id, {
      datasetManifestUri: 's3://a/1',
      championModelUri: 's3://m',
    });
    const second = await episodes().fixParameters(id, {
      datasetManifestUri: 's3://a/2',
      championModelUri: 's3://m',
    });
    expect(second).toEqual(first);
    await episodes().noteExecution(id, 'arn:execution');
    await expect(episodes().current()).resolves.toMatchObject({
      status: 'RETRAINING',
      clientRequestToken: 'token',
      parameters: first,
      executionArn: 'arn:execution',
    });

    await expect(episodes().close(id, '2026-03-02T00:00:00Z', 'newer release')).resolves.toBe(true);
    await expect(episodes().close(id, '2026-03-02T00:00:00Z', 'again')).resolves.toBe(false);
    await expect(episodes().current()).resolves.toBeUndefined();
    // An episode that has been is not opened again, and leaves no pointer behind.
    await expect(episodes().open(episode(id))).resolves.toBe(false);
    await expect(episodes().current()).resolves.toBeUndefined();
    await expect(episodes().open(episode('e4'))).resolves.toBe(true);
    const all = await episodes().all();
    expect(all.map(({ status }) => status).sort()).toEqual(['CLOSED', 'OPEN']);
  });
});

test('labels are read by release and time', async () => {
  const labels = [
    aLabel({ captureId: 'c1' }),
    aLabel({ captureId: 'c2', releaseId: 'surface-1' }),
    aLabel({ captureId: 'c3', capturedAt: '2026-01-01T00:00:00Z', labelledAt: '2026-01-02T00:00:00Z' }),
  ];
  for (const Item of labels) await table.send(new PutCommand({ TableName: 'labels', Item }));
  const read = async (filter: object) =>
    (await new LabelTable(table, 'labels', USE_CASE).read(filter)).map(({ captureId }) => captureId);
  expect(await read({})).toEqual(['c1', 'c2', 'c3']);
  expect(await read({ releaseId: 'surface-2' })).toEqual(['c1', 'c3']);
  expect(await read({ capturedSince: '2026-02-01T00:00:00.000Z' })).toEqual(['c1', 'c2']);
  expect(await read({ labelledAfter: '2026-03-01T12:00:00Z' })).toEqual([]);
});

test('[B10] a device is provisioned, moved to another wave, and decommissioned', async () => {
  const iot = clients.iot;
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'core' }));
  for (const thingGroupName of ['canary', 'stable']) {
    await iot.send(new CreateThingGroupCommand({ thingGroupName }));
  }
  await iot.send(
    new CreatePolicyCommand({
      policyName: 'device',
      policyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
    }),
  );
  const { KeyMetadata } = await clients.kms.send(
    new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
  );
  const environment = new KaizenEnvironment(
    'local',
    new Map(
      Object.entries({
        ModelPackageGroupName: 'kaizen-local--surface',
        SigningKeyArn: KeyMetadata?.Arn ?? '',
        CanaryGroupName: 'canary',
        StableGroupName: 'stable',
        DevicePolicyName: 'device',
        ThingTypeName: 'core',
        RoleAliasName: 'alias',
        InventoryTableName: 'inventory',
      }),
    ),
  );
  const checkProgram = join(folder, 'check-device.cjs');
  writeFileSync(checkProgram, '// stands for the program\n');
  const options = { thingName: 'line-1', folder: join(folder, 'line-1'), checkProgram };
  const first = await provisionDevice(clients, environment, { ...options, wave: 'canary' });
  const second = await provisionDevice(clients, environment, { ...options, wave: 'stable' });
  expect(second.certificateArn).toBe(first.certificateArn);
  const { thingGroups } = await iot.send(new ListThingGroupsForThingCommand({ thingName: 'line-1' }));
  expect(thingGroups?.map(({ groupName }) => groupName)).toEqual(['stable']);
  const keys = JSON.parse(readFileSync(join(folder, 'line-1', 'trusted-keys.json'), 'utf8'));
  expect(problemsOf('trusted-keys', keys)).toEqual([]);

  await table.send(new PutCommand({ TableName: 'inventory', Item: { deviceId: 'line-1' } }));
  await decommissionDevice(clients, environment, { thingName: 'line-1' });
  await expect(decommissionDevice(clients, environment, { thingName: 'line-1' })).rejects.toThrow(
    "there is no thing 'line-1'",
  );
});

test('a dataset is uploaded once, and twice without harm', async () => {
  await clients.s3.send(new CreateBucketCommand({ Bucket: 'datasets' }));
  const environment = new KaizenEnvironment('local', new Map([['DatasetBucketName', 'datasets']]));
  const items = ['a', 'b'].map((id) => ({
    id,
    groupId: id,
    label: 'good',
    origin: 'rendered' as const,
    capturedAt: '2026-03-01T00:00:00.000Z',
    read: async () => Buffer.from([0xff, 0xd8, 0xff, id.charCodeAt(0)]),
  }));
  for (const name of ['first', 'second']) {
    // The gate is another function: its answer is laid down before it is asked for.
    await clients.s3.send(
      new PutObjectCommand({
        Bucket: 'datasets',
        Key: CURRENT_KEY,
        Body: JSON.stringify({ source: incomingKey(name), items: 2 }),
      }),
    );
    await expect(uploadDataset(clients, environment, { items, name })).resolves.toMatchObject({ items: 2 });
  }
});

test('messages of a dead-letter queue go back to their queue', async () => {
  const create = async (QueueName: string) =>
    (await clients.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  const [queue, dead] = [await create('results'), await create('results-dead')];
  for (const MessageBody of ['one', 'two', 'three']) {
    await clients.sqs.send(new SendMessageCommand({ QueueUrl: dead, MessageBody }));
  }
  const environment = new KaizenEnvironment(
    'local',
    new Map([
      ['ResultsQueueUrl', queue],
      ['ResultsDeadLetterQueueUrl', dead],
    ]),
  );
  await expect(redriveQueue(clients, environment, 'results')).resolves.toMatchObject({ messages: 3 });
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }),
  );
  expect(Messages.map(({ Body }) => Body).sort()).toEqual(['one', 'three', 'two']);
});
