/** The function over AWS's clients; what decodes and runs networks is test/edge-components/inference/opinions's business. */
import { createHash } from 'node:crypto';
import { BudgetsClient, DescribeBudgetCommand } from '@aws-sdk/client-budgets';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { parseContractJson, type Release, type SecondOpinionAnswer } from '../../../contracts';
import { log } from '../../../lambda/shared/log';
import type { FrameClassifier } from '../../../lambda/telemetry/answer-question/frame-classifier';
import { handler } from '../../../lambda/telemetry/answer-question/handler';
import { aRelease, DEVICE, USE_CASE } from '../shared/builders';
import { captureMetrics, totalsOf, type WrittenMetric } from '../shared/metric-lines';

const loaded: string[] = [];

/** Refuses other bytes than the signed ones, as the real one does. */
jest.mock('../../../lambda/telemetry/answer-question/frame-classifier', () => ({
  loadClassifierModule: () => ({
    async openFrameClassifier(
      model: Buffer,
      { releaseId, secondOpinion }: Release,
    ): Promise<FrameClassifier> {
      loaded.push(releaseId);
      if (sha256(model) !== secondOpinion?.model.sha256) throw new Error('not the declared digest');
      return {
        classify: async () => ({
          probabilities: [0.9, 0.1],
          status: 'ok',
          predictedClass: 'good',
          confidence: 0.9,
          disposition: 'pass',
          inferenceMilliseconds: 7,
        }),
        close: async () => undefined,
      };
    },
  }),
}));

const table = mockClient(DynamoDBDocumentClient);
const bucket = mockClient(S3Client);
const iot = mockClient(IoTDataPlaneClient);
const budgets = mockClient(BudgetsClient);
const model = Buffer.from('the network');
const image = Buffer.from('the image');
const context = { functionName: 'answer', awsRequestId: 'one' } as unknown as Context;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
let metrics: WrittenMetric[];
/** Each test has a release of its own, since a process keeps what it has loaded. */
let counter = 10;

const body = (bytes: Buffer) => ({ Body: { transformToByteArray: async () => bytes } }) as never;
const modelKey = () => ({ Bucket: 'models', Key: `releases/blobs/${sha256(model)}/model-cloud.onnx` });

beforeEach(() => {
  counter++;
  loaded.length = 0;
  for (const mock of [table, bucket, iot, budgets]) mock.reset();
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    KAIZEN_ENVIRONMENT: 'local',
    KAIZEN_USE_CASE: USE_CASE,
    TELEMETRY_BUCKET: 'telemetry',
    SKETCH_TABLE: 'sketches',
    RELEASE_TABLE: 'releases',
    INVENTORY_TABLE: 'inventory',
    MODEL_BUCKET: 'models',
    SECOND_OPINION_DAILY_QUESTIONS: '100',
    SECOND_OPINION_DAILY_DEVICE_QUESTIONS: '10',
  });
  delete process.env.SECOND_OPINION_SPENDING_BUDGET;
  const release = aRelease({
    counter,
    releaseId: `${USE_CASE}-${counter}`,
    secondOpinion: {
      model: { name: 'model-cloud.onnx', sha256: sha256(model), bytes: model.length },
      thresholds: { good: 0.8, scratch: 0.6 },
      mayPass: true,
    },
  });
  table.on(GetCommand).resolves({});
  table
    .on(GetCommand, { TableName: 'releases', Key: { useCase: USE_CASE, item: `release#0000${counter}` } })
    .resolves({ Item: { release: JSON.stringify(release) } });
  table
    .on(GetCommand, { TableName: 'inventory', Key: { deviceId: DEVICE } })
    .resolves({ Item: { deviceId: DEVICE, useCase: USE_CASE } });
  table.on(UpdateCommand).resolves({});
  bucket.on(GetObjectCommand).rejects(new NoSuchKey({ $metadata: {}, message: 'none' }));
  bucket.on(GetObjectCommand, modelKey()).resolves(body(model));
  iot.on(PublishCommand).resolves({});
  metrics = captureMetrics();
  jest.spyOn(log, 'warn').mockImplementation(() => undefined);
});

afterEach(() => jest.restoreAllMocks());

const question = (changes: object = {}) => ({
  schemaVersion: 1,
  questionId: 'boot-1',
  deviceId: DEVICE,
  useCase: USE_CASE,
  releaseId: `${USE_CASE}-${counter}`,
  frameId: 'frame-1',
  deadlineMilliseconds: 60_000,
  image: { sha256: sha256(image), bytes: image.length, inline: image.toString('base64') },
  topicUseCase: USE_CASE,
  topicThingName: DEVICE,
  receivedAt: Date.now(),
  ...changes,
});

const answers = (): { topic: string | undefined; answer: SecondOpinionAnswer }[] =>
  iot.commandCalls(PublishCommand).map(({ args: [{ input }] }) => ({
    topic: input.topic,
    answer: parseContractJson(
      'second-opinion-answer',
      Buffer.from(input.payload as Uint8Array).toString(),
      'answer',
    ),
  }));

test('[S10] a question is answered, and a second one without loading the network again', async () => {
  await handler(question(), context);
  await handler(question({ questionId: 'boot-2' }), context);
  expect(answers()).toMatchObject([
    {
      topic: `kaizen/${DEVICE}/local/${USE_CASE}/opinions`,
      answer: {
        questionId: 'boot-1',
        opinion: { modelSha256: sha256(model), status: 'ok', predictedClass: 'good', disposition: 'pass' },
      },
    },
    { answer: { questionId: 'boot-2', opinion: { predictedClass: 'good' } } },
  ]);
  expect(loaded).toEqual([`${USE_CASE}-${counter}`]);
  expect(bucket.commandCalls(GetObjectCommand, modelKey())).toHaveLength(1);
  expect(totalsOf(metrics)).toMatchObject({ QuestionsAsked: 2, QuestionsAnswered: 2 });
});

test('[S10] an image in S3 lies where only this device can put it', async () => {
  const Key = `questions/${USE_CASE}/${DEVICE}/boot-1`;
  const range = { Bucket: 'telemetry', Key, Range: `bytes=0-${image.length - 1}` };
  bucket.on(GetObjectCommand, range).resolves(body(image));
  const elsewhere = { image: { sha256: sha256(image), bytes: image.length } };
  await handler(question(elsewhere), context);
  await handler(question({ ...elsewhere, questionId: 'boot-2' }), context);
  expect(answers().map(({ answer }) => answer.refusal?.reason)).toEqual([undefined, 'unreadable']);
});

test('[S10] a network that is not the signed one answers nothing', async () => {
  bucket.on(GetObjectCommand, modelKey()).resolves(body(Buffer.from('another file')));
  await handler(question(), context);
  expect(answers()).toMatchObject([{ answer: { refusal: { reason: 'failed' } } }]);
  expect(totalsOf(metrics)).toMatchObject({ QuestionsAsked: 1, QuestionsFailed: 1 });
});

test('[S10] questions beyond those of the day are refused by the table, under a condition', async () => {
  table.on(UpdateCommand).rejects(new ConditionalCheckFailedException({ $metadata: {}, message: 'no' }));
  await handler(question(), context);
  expect(answers()).toMatchObject([{ answer: { refusal: { reason: 'over-budget' } } }]);
  expect(totalsOf(metrics)).toMatchObject({ QuestionsAsked: 1, QuestionsOverBudget: 1 });
});

test('[S10] case 35: a message for another device, or of one that never reported here, is counted, and nobody hears of it', async () => {
  await handler(question({ deviceId: 'line-9', topicThingName: 'line-9' }), context);
  await handler(question({ deviceId: 'line-2' }), context);
  expect(answers()).toEqual([]);
  expect(totalsOf(metrics)).toMatchObject({ QuestionsRefused: 2 });
});

test('[B12] once so much of the money is spent nothing is answered; AWS Budgets is not asked for each', async () => {
  Object.assign(process.env, {
    SECOND_OPINION_SPENDING_BUDGET: 'arn:aws:budgets::111111111111:budget/kaizen',
    SECOND_OPINION_SPENDING_LIMIT_PERCENT: '50',
  });
  const amount = (Amount: string) => ({ Amount, Unit: 'USD' });
  budgets.on(DescribeBudgetCommand).resolves({
    Budget: { BudgetLimit: amount('200'), CalculatedSpend: { ActualSpend: amount('100') } } as never,
  });
  await handler(question(), context);
  await handler(question(), context);
  expect(answers().map(({ answer }) => answer.refusal)).toEqual([
    { reason: 'over-budget', pauseSeconds: 3_600 },
    { reason: 'over-budget', pauseSeconds: 3_600 },
  ]);
  expect(budgets.commandCalls(DescribeBudgetCommand)).toHaveLength(1);
});
