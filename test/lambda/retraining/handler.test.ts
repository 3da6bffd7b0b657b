import { BudgetsClient, DescribeBudgetCommand, NotFoundException } from '@aws-sdk/client-budgets';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeModelPackageCommand,
  ListPipelineExecutionsCommand,
  SageMakerClient,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambda/retraining/start-retraining/handler';
import { log } from '../../../lambda/shared/log';
import { aLabel, aRelease } from '../shared/builders';
import { freezeClock } from '../shared/frozen-clock';
import { captureMetrics, totalsOf, type WrittenMetric } from '../shared/metric-lines';

freezeClock('2026-03-20T12:00:00Z');

const tables = mockClient(DynamoDBDocumentClient);
const sageMaker = mockClient(SageMakerClient);
const functions = mockClient(LambdaClient);
const events = mockClient(EventBridgeClient);
const money = mockClient(BudgetsClient);
let metrics: WrittenMetric[];
const context = { functionName: 'start-retraining' } as unknown as Context;

const EPISODE = {
  useCase: 'surface',
  episodeId: 'surface-2-episode-1',
  releaseId: 'surface-2',
  openedAt: '2026-03-01T00:00:00.000Z',
  evidence: {
    assessment: { kind: 'DRIFT', feature: 'embedding', value: 2.1, limit: 0.45 },
    cause: { kind: 'camera', devices: ['line-3'] },
    harm: { by: 'nothing', reason: 'what the classifier reads is not what was validated: only labels tell' },
  },
  status: 'OPEN',
};

function answerOf(payload: object) {
  return { Payload: Buffer.from(JSON.stringify(payload)) as never };
}

beforeEach(() => {
  for (const mock of [tables, sageMaker, functions, events, money]) mock.reset();
  metrics = captureMetrics();
  jest.spyOn(log, 'info').mockImplementation(() => undefined);
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    KAIZEN_ENVIRONMENT: 'local',
    KAIZEN_USE_CASE: 'surface',
    RELEASE_TABLE: 'releases',
    LABEL_TABLE: 'labels',
    EPISODE_TABLE: 'episodes',
    PIPELINE_NAME: 'kaizen-local--surface-training',
    MERGE_CAPTURES_FUNCTION: 'merge-captures',
    RETRAINING_EPOCHS: '7',
    RETRAINING_MINIMUM_LABELS: '1',
  });
  const item = (TableName: string, Key: object, Item: object) =>
    tables.on(GetCommand, { TableName, Key }).resolves({ Item: { ...Item } });
  item(
    'releases',
    { useCase: 'surface', item: 'champion' },
    {
      counter: 2,
      exportUri: 's3://models/pipelines/abc/export/',
      modelUri: 's3://models/pipelines/abc/model/model.tar.gz',
    },
  );
  item('releases', { useCase: 'surface', item: 'release#000002' }, { release: JSON.stringify(aRelease()) });
  item('episodes', { useCase: 'surface', episodeId: 'open' }, { currentEpisodeId: EPISODE.episodeId });
  item('episodes', { useCase: 'surface', episodeId: EPISODE.episodeId }, EPISODE);
  tables.on(QueryCommand, { TableName: 'episodes' }).resolves({ Items: [{ ...EPISODE }] });
  tables.on(QueryCommand, { TableName: 'labels' }).resolves({ Items: [{ ...aLabel() }] });
  tables.on(UpdateCommand).callsFake(({ ExpressionAttributeValues: values }) => ({
    Attributes: { ...EPISODE, parameters: values[':parameters'] },
  }));
  sageMaker.on(ListPipelineExecutionsCommand).resolves({ PipelineExecutionSummaries: [] });
  sageMaker.on(StartPipelineExecutionCommand).resolves({ PipelineExecutionArn: 'arn:execution/1' });
  functions
    .on(InvokeCommand)
    .resolves(answerOf({ manifestUri: 's3://datasets/manifests/accepted/1.jsonl', addedItems: 1 }));
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
});

afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.CLOUD_WIDTH_MULTIPLIER;
  delete process.env.RETRAINING_SPENDING_BUDGET;
  delete process.env.RETRAINING_SPENDING_LIMIT_PERCENT;
});

test('[S9] the pipeline is started with manifest, champion, epochs and a token', async () => {
  await expect(handler({}, context)).resolves.toEqual({ kind: 'START', executionArn: 'arn:execution/1' });
  expect(totalsOf(metrics)).toEqual({
    RetrainingStarted: 1,
    RetrainingWaiting: 0,
    RetrainingBudgetExhausted: 0,
  });
  expect(sageMaker.commandCalls(StartPipelineExecutionCommand)[0]?.args[0].input).toMatchObject({
    PipelineName: 'kaizen-local--surface-training',
    ClientRequestToken: expect.stringMatching(/^[0-9a-f]{64}$/),
    PipelineParameters: [
      { Name: 'DatasetManifestUri', Value: 's3://datasets/manifests/accepted/1.jsonl' },
      { Name: 'ChampionModelUri', Value: 's3://models/pipelines/abc/model/model.tar.gz' },
      { Name: 'Epochs', Value: '7' },
    ],
  });
  const [call] = functions.commandCalls(InvokeCommand);
  expect(Buffer.from(call?.args[0].input.Payload as Uint8Array).toString()).toBe('{"useCase":"surface"}');
  expect(events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0]).toMatchObject({
    DetailType: 'Retraining Started',
    Detail: JSON.stringify({
      useCase: 'surface',
      episodeId: 'surface-2-episode-1',
      releaseId: 'surface-2',
      executionArn: 'arn:execution/1',
    }),
  });
});

test.each([
  ['of the width that is trained', '0.5', ['s3://models/pipelines/abc/model/cloud/model.tar.gz']],
  ['of another width', '1', []],
  ['that is trained no longer', '', []],
])('[S10] a larger network %s is given to start from only where it fits', async (_, width, expected) => {
  process.env.CLOUD_WIDTH_MULTIPLIER = width;
  tables.on(GetCommand, { TableName: 'releases', Key: { useCase: 'surface', item: 'champion' } }).resolves({
    Item: {
      counter: 2,
      exportUri: 's3://models/pipelines/abc/export/',
      modelUri: 's3://models/pipelines/abc/model/model.tar.gz',
      cloudModel: { uri: 's3://models/pipelines/abc/model/cloud/model.tar.gz', widthMultiplier: 0.5 },
    },
  });
  await handler({}, context);
  const [start] = sageMaker.commandCalls(StartPipelineExecutionCommand);
  const given = start?.args[0].input.PipelineParameters ?? [];
  expect(given.filter(({ Name }) => Name === 'ChampionCloudModelUri').map(({ Value }) => Value)).toEqual(
    expected,
  );
});

test('[B27] F24: an explanation is the decision, and nothing is done or counted', async () => {
  await expect(handler({ explain: true }, context)).resolves.toEqual({
    kind: 'START',
    because: [
      'What the classifier reads has moved away from where it was validated: squared shift 2.10, limit 0.45.',
      'Only line-3 deviates: look at lens, lamp and mount there.',
      'What it costs is not known: what the classifier reads is not what was validated: only labels tell.',
    ],
  });
  expect(sageMaker.commandCalls(StartPipelineExecutionCommand)).toEqual([]);
  expect(tables.commandCalls(UpdateCommand)).toEqual([]);
  expect(functions.commandCalls(InvokeCommand)).toEqual([]);
  expect(metrics).toEqual([]);
});

test('where the rollout noted no model artifact, the registry knows it', async () => {
  tables
    .on(GetCommand, { TableName: 'releases', Key: { useCase: 'surface', item: 'champion' } })
    .resolves({ Item: { counter: 2, exportUri: 's3://models/pipelines/abc/export/' } });
  sageMaker.on(DescribeModelPackageCommand, { ModelPackageName: aRelease().modelPackageArn }).resolves({
    InferenceSpecification: {
      Containers: [{ Image: 'i', ModelDataUrl: 's3://models/from-registry.tar.gz' }],
    },
  } as never);
  await handler({}, context);
  expect(
    sageMaker.commandCalls(StartPipelineExecutionCommand)[0]?.args[0].input.PipelineParameters?.[1],
  ).toEqual({
    Name: 'ChampionModelUri',
    Value: 's3://models/from-registry.tar.gz',
  });
});

test('executions are counted through every page', async () => {
  const summary = (id: string) => ({
    PipelineExecutionArn: `arn:execution/${id}`,
    PipelineExecutionStatus: 'Succeeded' as const,
    StartTime: new Date('2026-03-02T00:00:00Z'),
  });
  process.env.RETRAINING_MONTHLY_EXECUTIONS = '2';
  sageMaker
    .on(ListPipelineExecutionsCommand)
    .resolvesOnce({ PipelineExecutionSummaries: [summary('1')], NextToken: 'more' })
    .resolves({ PipelineExecutionSummaries: [summary('2')] });
  await expect(handler({}, context)).resolves.toMatchObject({ kind: 'WAIT', cause: 'BUDGET' });
  expect(totalsOf(metrics)).toMatchObject({ RetrainingWaiting: 1, RetrainingBudgetExhausted: 1 });
  delete process.env.RETRAINING_MONTHLY_EXECUTIONS;
});

describe('[B12] with a budget in AWS Budgets', () => {
  /** As Budgets answers, in its texts for amounts. */
  const spent = (Amount: string, Unit = 'USD') =>
    money.on(DescribeBudgetCommand, { AccountId: '111111111111', BudgetName: 'Budget-1a2b' }).resolves({
      Budget: {
        BudgetName: 'Budget-1a2b',
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: '200.0', Unit },
        CalculatedSpend: { ActualSpend: { Amount, Unit }, ForecastedSpend: { Amount: '260.1', Unit } },
      },
    });

  beforeEach(() => {
    process.env.RETRAINING_SPENDING_BUDGET = 'arn:aws:budgets::111111111111:budget/Budget-1a2b';
    process.env.RETRAINING_SPENDING_LIMIT_PERCENT = '80';
  });

  test('money that is spent stops the loop, says so, and counts for the alarm', async () => {
    spent('171.448');
    await expect(handler({}, context)).resolves.toEqual({
      kind: 'WAIT',
      cause: 'SPENDING',
      reason: '171.45 of 200.00 USD of this month are spent; retraining stops at 80 %',
    });
    expect(sageMaker.commandCalls(StartPipelineExecutionCommand)).toHaveLength(0);
    expect(functions.commandCalls(InvokeCommand)).toHaveLength(0);
    expect(totalsOf(metrics)).toMatchObject({ RetrainingWaiting: 1, RetrainingBudgetExhausted: 1 });
  });

  test('the next look after it starts what waits: nothing has to be switched on again', async () => {
    spent('171.448');
    await handler({}, context);
    spent('0');
    await expect(handler({}, context)).resolves.toMatchObject({ kind: 'START' });
  });

  test('a budget without a calculation has spent nothing', async () => {
    money.on(DescribeBudgetCommand).resolves({
      Budget: {
        BudgetType: 'COST',
        BudgetName: 'b',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: '1', Unit: 'USD' },
      },
    });
    await expect(handler({}, context)).resolves.toMatchObject({ kind: 'START' });
  });

  test('a budget that somebody deleted is a fault, not leave to spend', async () => {
    const gone = new NotFoundException({ message: "the budget doesn't exist", $metadata: {} });
    money.on(DescribeBudgetCommand).rejects(gone);
    await expect(handler({}, context)).rejects.toThrow("the budget doesn't exist");
    spent('0', 'EUR');
    await expect(handler({}, context)).rejects.toThrow('budget Budget-1a2b has no limit in USD');
    process.env.RETRAINING_SPENDING_BUDGET = 'Budget-1a2b';
    await expect(handler({}, context)).rejects.toThrow(
      "RETRAINING_SPENDING_BUDGET must be the ARN of a budget, got 'Budget-1a2b'",
    );
    expect(sageMaker.commandCalls(StartPipelineExecutionCommand)).toHaveLength(0);
  });
});

test.each([
  [
    'fails',
    { FunctionError: 'Unhandled', ...answerOf({ errorMessage: 'the gate rejected it' }) },
    'the gate rejected it',
  ],
  ['answers without a manifest', answerOf({ addedItems: 0 }), 'without a manifestUri'],
])(
  'when merge-captures %s nothing is started, and its answer is in the error',
  async (_, answer, message) => {
    functions.on(InvokeCommand).resolves(answer as never);
    await expect(handler({}, context)).rejects.toThrow(message);
    expect(sageMaker.commandCalls(StartPipelineExecutionCommand)).toHaveLength(0);
  },
);
