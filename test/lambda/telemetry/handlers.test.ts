import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import type { DeviceStatus } from '../../../contracts';
import { log } from '../../../lambda/shared/log';
import { handler as ingestResults } from '../../../lambda/telemetry/ingest-results/handler';
import { handler as ingestStatus } from '../../../lambda/telemetry/ingest-status/handler';
import { aBatch, aMessage, aRelease, aResult, RECEIVED_AT } from '../shared/builders';
import { captureMetrics, totalsOf, type WrittenMetric } from '../shared/metric-lines';

const table = mockClient(DynamoDBDocumentClient);
const bucket = mockClient(S3Client);
let metrics: WrittenMetric[];
const context = {
  functionName: 'ingest',
  awsRequestId: 'one',
  getRemainingTimeInMillis: () => 60_000,
} as unknown as Context;

beforeEach(() => {
  table.reset();
  table.on(GetCommand).resolves({}).on(BatchGetCommand).resolves({});
  bucket.reset();
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    KAIZEN_ENVIRONMENT: 'local',
    KAIZEN_USE_CASE: 'surface',
    TELEMETRY_BUCKET: 'telemetry',
    SKETCH_TABLE: 'sketches',
    RELEASE_TABLE: 'releases',
    INVENTORY_TABLE: 'inventory',
  });
  metrics = captureMetrics();
  for (const method of ['warn', 'error'] as const) {
    jest.spyOn(log, method).mockImplementation(() => undefined);
  }
});

afterEach(() => jest.restoreAllMocks());

const event = (...bodies: string[]) =>
  ({
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      body,
      receiptHandle: `h${index}`,
      attributes: {},
      messageAttributes: {},
      eventSource: 'aws:sqs',
    })),
  }) as unknown as SQSEvent;

const failed = (response: { batchItemFailures: { itemIdentifier: string }[] }) =>
  response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

const status: DeviceStatus = {
  schemaVersion: 1,
  deviceId: 'line-1',
  useCase: 'surface',
  sentAt: '2026-03-01T10:20:00.000Z',
  componentVersion: '1.0.0',
  healthy: true,
  conditions: [],
  outboxRecords: 0,
  framesProcessed: 10,
  framesDropped: 0,
  captureBytesToday: 0,
  highestCounter: 2,
};

describe('ingest-results', () => {
  test('case 31: of a queue batch, only poison and spoofed messages fail', async () => {
    bucket.on(PutObjectCommand).resolves({});
    table.on(UpdateCommand).resolves({});
    const response = await ingestResults(
      event(
        aMessage(aBatch()),
        '{"poison',
        aMessage(aBatch({ batchId: 'batch-2' })),
        aMessage(aBatch({ deviceId: 'line-2' })),
      ),
      context,
    );
    expect(failed(response)).toEqual(['m1', 'm3']);
    // Both good messages are of one device: one object, one write.
    expect(bucket.commandCalls(PutObjectCommand)).toHaveLength(1);
    expect(table.commandCalls(UpdateCommand)).toHaveLength(1);
    expect(totalsOf(metrics)).toEqual({
      RecordsAccepted: 2,
      RecordsRejected: 0,
      RecordsDroppedOnDevice: 0,
      MessagesRefused: 2,
    });
  });

  test('case 34: when everything fails, everything comes back and nothing throws', async () => {
    bucket.on(PutObjectCommand).rejects(new Error('SlowDown'));
    const response = await ingestResults(
      event(aMessage(aBatch()), aMessage(aBatch({ batchId: 'batch-2' }))),
      context,
    );
    expect(failed(response)).toEqual(['m0', 'm1']);
    expect(table.commandCalls(UpdateCommand)).toHaveLength(0);
    // What will come again is not counted yet, and nobody is to blame.
    expect(metrics).toEqual([]);
  });

  test('[B3] classes of the release and of its shadow are read once per process', async () => {
    bucket.on(PutObjectCommand).resolves({});
    table.on(UpdateCommand).resolves({});
    for (const counter of [1, 2]) {
      table
        .on(GetCommand, {
          TableName: 'releases',
          Key: { useCase: 'surface', item: `release#00000${counter}` },
        })
        .resolves({
          Item: { release: JSON.stringify(aRelease({ releaseId: `surface-${counter}`, counter })) },
        });
    }
    const shadow = { releaseId: 'surface-1', predictedClass: 'scratch', confidence: 0.7 };
    for (const batchId of ['a', 'b']) {
      await ingestResults(event(aMessage(aBatch({ batchId, records: [aResult({ shadow })] }))), context);
    }
    const reads = table.commandCalls(GetCommand).map(({ args }) => args[0].input.TableName);
    expect(reads.filter((name) => name === 'releases')).toHaveLength(2);
    const update = table.commandCalls(UpdateCommand)[1]?.args[0].input;
    expect(Object.values(update?.ExpressionAttributeNames ?? {})).toEqual(
      expect.arrayContaining(['shadowCompared', 'shadowDisagreed']),
    );
  });

  test('a missing variable is named', async () => {
    delete process.env.SKETCH_TABLE;
    await expect(ingestResults(event(aMessage(aBatch())), context)).rejects.toThrow(
      'SKETCH_TABLE is required',
    );
  });
});

describe('ingest-status', () => {
  test('[B7] a status is written unless a later one was received', async () => {
    table.on(PutCommand).resolves({});
    const response = await ingestStatus(event(aMessage(status)), context);
    expect(failed(response)).toEqual([]);
    expect(table.commandCalls(PutCommand)[0]?.args[0].input).toMatchObject({
      TableName: 'inventory',
      Item: { ...status, receivedAt: RECEIVED_AT },
      ConditionExpression: 'attribute_not_exists(deviceId) OR receivedAt <= :receivedAt',
    });
  });

  test('a status that comes too late is no failure', async () => {
    table.on(PutCommand).rejects(new ConditionalCheckFailedException({ $metadata: {}, message: 'older' }));
    expect(failed(await ingestStatus(event(aMessage(status)), context))).toEqual([]);
  });

  test('case 32: a status in the name of another device, or out of contract, fails alone', async () => {
    table.on(PutCommand).resolves({});
    const spoofed = aMessage({ ...status, deviceId: 'line-2' });
    const broken = aMessage({ ...status, healthy: 'yes' });
    expect(failed(await ingestStatus(event(spoofed, aMessage(status), broken), context))).toEqual([
      'm0',
      'm2',
    ]);
    expect(table.commandCalls(PutCommand)).toHaveLength(1);
    expect(metrics).toMatchObject([
      {
        namespace: 'KaizenEdge',
        name: 'MessagesRefused',
        dimensions: { useCase: 'surface' },
        values: [2],
      },
    ]);
  });

  test('case 34: throttling brings the message back', async () => {
    table.on(PutCommand).rejects(new Error('ProvisionedThroughputExceededException'));
    expect(failed(await ingestStatus(event(aMessage(status)), context))).toEqual(['m0']);
  });
});
