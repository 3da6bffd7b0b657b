import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambda/monitoring/evaluate-drift/handler';
import { log } from '../../../lambda/shared/log';
import { aLabel, aRelease } from '../shared/builders';
import { freezeClock } from '../shared/frozen-clock';
import { captureMetrics, type WrittenMetric } from '../shared/metric-lines';

freezeClock('2026-03-02T00:00:00Z');

const tables = mockClient(DynamoDBDocumentClient);
const events = mockClient(EventBridgeClient);
let metrics: WrittenMetric[];
const context = { functionName: 'evaluate-drift' } as unknown as Context;

beforeEach(() => {
  tables.reset();
  events.reset();
  metrics = captureMetrics();
  jest.spyOn(log, 'info').mockImplementation(() => undefined);
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    KAIZEN_ENVIRONMENT: 'local',
    KAIZEN_USE_CASE: 'surface',
    RELEASE_TABLE: 'releases',
    LABEL_TABLE: 'labels',
    SKETCH_TABLE: 'sketches',
    EPISODE_TABLE: 'episodes',
    INVENTORY_TABLE: 'inventory',
    UPLOAD_POLICY: '{"controlSampleProbability":0.05,"uncertainSampleProbability":0.25}',
  });
  tables.on(GetCommand).resolves({});
  tables.on(QueryCommand).resolves({ Items: [] });
  const [recent, old] = ['2026-03-01T23:59:00Z', '2026-03-01T23:00:00Z'].map((time) => Date.parse(time));
  tables
    .on(ScanCommand, { TableName: 'inventory' })
    .resolvesOnce({
      Items: [
        { useCase: 'surface', deviceId: 'line-1', receivedAt: recent },
        { useCase: 'surface', deviceId: 'line-2', receivedAt: old },
      ],
      LastEvaluatedKey: { deviceId: 'line-2' },
    })
    .resolves({
      Items: [
        { useCase: 'surface', deviceId: 'line-3', state: 'stopped', receivedAt: old },
        { useCase: 'other', deviceId: 'line-4', receivedAt: old },
      ],
    });
  tables
    .on(GetCommand, { TableName: 'releases', Key: { useCase: 'surface', item: 'champion' } })
    .resolves({ Item: { counter: 2, exportUri: 's3://models/pipelines/abc/export/' } });
  tables
    .on(GetCommand, { TableName: 'releases', Key: { useCase: 'surface', item: 'release#000002' } })
    .resolves({ Item: { release: JSON.stringify(aRelease()) } });
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
});

afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.DRIFT_FEATURE_LIMIT;
});

test('a fleet that is silent is no data, and opens nothing', async () => {
  await expect(handler({}, context)).resolves.toEqual({
    kind: 'EVALUATED',
    assessment: { kind: 'NO_DATA', results: 0, minimumResults: 200 },
    silentDevices: ['line-2'],
  });
  expect(tables.commandCalls(TransactWriteCommand)).toHaveLength(0);
  const [environment, useCase] = ['local', 'surface'];
  expect(metrics.map(({ name, dimensions, values }) => [name, dimensions, values])).toEqual([
    ['Results', { environment, useCase }, [0]],
    ['OpenEpisodes', { environment, useCase }, [0]],
    ['SilentDevices', { environment, useCase }, [1]],
    ['Results', { environment, useCase, releaseId: 'surface-2' }, [0]],
  ]);
});

test('[S12] wrong answers, read over several pages, open an episode and put the event', async () => {
  const page = (from: number) =>
    Array.from({ length: 20 }, (_, index) => ({
      ...aLabel({ captureId: `c${from + index}`, label: 'scratch', capturedAt: '2026-03-01T23:00:00.000Z' }),
    }));
  tables
    .on(QueryCommand, { TableName: 'labels' })
    .resolvesOnce({ Items: page(0), LastEvaluatedKey: { captureId: 'c19' } })
    .resolves({ Items: page(20) });
  tables.on(TransactWriteCommand).resolves({});
  await expect(handler({}, context)).resolves.toMatchObject({
    assessment: { kind: 'ACCURACY_LOW', value: 0 },
    episodeId: 'surface-2-episode-1',
  });
  const [pointer, episode] =
    tables.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems?.map(({ Put }) => Put?.Item) ??
    [];
  expect(pointer).toEqual({
    useCase: 'surface',
    episodeId: 'open',
    currentEpisodeId: 'surface-2-episode-1',
  });
  expect(episode).toMatchObject({ status: 'OPEN', evidence: { accuracy: { labels: 40 } } });
  const [entry] = events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? [];
  expect(entry).toMatchObject({ Source: 'com.kaizenedge.local', DetailType: 'Drift Detected' });
  expect(JSON.parse(entry?.Detail ?? '')).toMatchObject({
    useCase: 'surface',
    episodeId: 'surface-2-episode-1',
    releaseId: 'surface-2',
    evidence: { assessment: { kind: 'ACCURACY_LOW' } },
  });
});

test('a limit that is no number stops the function before it evaluates', async () => {
  process.env.DRIFT_FEATURE_LIMIT = 'low';
  await expect(handler({}, context)).rejects.toThrow(
    'DRIFT_FEATURE_LIMIT must be a number from 0.001 to 100',
  );
});
