/** What is deployed where devices ask for second opinions, what it may do, and that nothing of it is there otherwise. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prod } from '../../config/prod';
import { ContractError } from '../../contracts';
import { REGISTRY_VARIABLES } from '../../lambda/registry/names';
import { CLASSIFIER_FILE, TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import { nounOf } from '../../lib/delivery/construct-nouns';
import { type AppConfig, parseConfig } from '../../lib/shared/app-config';
import {
  describeFiles,
  describeRelease,
  HEIGHT,
  makeModels,
  plainImage,
  temporaryFolder,
  WIDTH,
} from '../edge-components/release-fixture';
import { DeployedFunction } from './deployed-function';
import { isAllowed } from './iot-policy-evaluator';
import { identityStatements, listOf } from './policy-statements';
import { ResolvedValues } from './resolved-values';
import {
  type PlacedResource,
  synthesizedApp,
  synthesizedAsking,
  withSecondOpinions,
} from './synthesized-app';

const app = synthesizedAsking('prod');
const { account, region } = app.config;
const HANDLER = 'telemetry/answer-question';
const answer = new DeployedFunction(app, HANDLER);
const ofAnswer = (type: string): PlacedResource[] =>
  app.resources(type).filter(({ logicalId }) => logicalId.startsWith('SecondOpinions'));
const only = (type: string): PlacedResource => {
  const [found, ...others] = ofAnswer(type);
  expect(others).toEqual([]);
  if (!found) throw new Error(`there is no ${type}`);
  return found;
};

test('[S10] the function has bounds for all that a flood of questions could cost', () => {
  expect(only('AWS::Lambda::Function').Properties).toMatchObject({
    Architectures: ['x86_64'],
    ReservedConcurrentExecutions: 4,
    Timeout: 30,
  });
  expect(only('AWS::Lambda::EventInvokeConfig').Properties).toMatchObject({
    MaximumEventAgeInSeconds: 60,
    MaximumRetryAttempts: 0,
  });
  expect(answer.environment).toMatchObject({
    [TELEMETRY_VARIABLES.dailyQuestions]: '10000',
    [TELEMETRY_VARIABLES.dailyDeviceQuestions]: '500',
    [TELEMETRY_VARIABLES.questionSpendingLimitPercent]: '50',
  });
  // No queue keeps an image that nobody waits for any more.
  expect(ofAnswer('AWS::SQS::Queue')).toEqual([]);
});

test('[S10] what is deployed beside it decodes a frame and runs a network, with nothing but its own files', async () => {
  const folder = temporaryFolder();
  try {
    makeModels(folder);
    const deployed = join(folder, 'task');
    cpSync(join(__dirname, '..', '..', 'dist', 'lambda', HANDLER), deployed, { recursive: true });
    const path = join(folder, 'newer.onnx');
    const [model] = describeFiles(folder, ['newer.onnx']);
    if (!model) throw new Error('no model');
    const release = describeRelease({
      counter: 1,
      classes: ['bright', 'dark'],
      input: { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities', resize: 'stretch' },
      files: [],
      variants: [],
      goldenSamples: [],
      secondOpinion: { model, thresholds: { bright: 0.6, dark: 0.6 }, mayPass: false },
    });
    writeFileSync(join(folder, 'image.jpg'), await plainImage(220, 'jpeg'));
    const program = `const { readFileSync } = require('node:fs');
      const { openFrameClassifier } = require(${JSON.stringify(join(deployed, CLASSIFIER_FILE))});
      openFrameClassifier(readFileSync(${JSON.stringify(path)}), ${JSON.stringify(release)})
        .then((it) => it.classify(readFileSync(${JSON.stringify(join(folder, 'image.jpg'))})))
        .then((said) => process.stdout.write(JSON.stringify(said)));`;
    const said = execFileSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' });
    expect(JSON.parse(said)).toMatchObject({ status: 'ok', predictedClass: 'bright', disposition: 'review' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('[S10] the topic rule gives it the questions of this environment and nobody else may', () => {
  const { stack, Properties } = only('AWS::IoT::TopicRule');
  const values = new ResolvedValues(app);
  const rule = `arn:aws:iot:${region}:${account}:rule/kaizen_prod_questions`;
  expect(Properties).toMatchObject({
    RuleName: 'kaizen_prod_questions',
    TopicRulePayload: {
      Sql: "SELECT *, topic(4) AS topicUseCase, topic(2) AS topicThingName, timestamp() AS receivedAt FROM 'kaizen/+/prod/surface-inspection/questions'",
      ErrorAction: { CloudwatchMetric: { MetricName: 'QuestionsUndelivered-prod' } },
    },
  });
  const permission = only('AWS::Lambda::Permission').Properties;
  expect(permission).toMatchObject({ Principal: 'iot.amazonaws.com', SourceAccount: account });
  expect(values.text(stack, permission.SourceArn)).toBe(rule);
});

describe('[S10] its role', () => {
  const bucket = (name: string) => `arn:aws:s3:::${answer.environment[name]}`;
  const models = bucket(REGISTRY_VARIABLES.modelBucket);
  const telemetry = bucket(TELEMETRY_VARIABLES.bucket);
  const table = (name: string) => `arn:aws:dynamodb:${region}:${account}:table/${answer.environment[name]}`;
  const topic = (rest: string) => `arn:aws:iot:${region}:${account}:topic/${rest}`;
  const keys = (value: string) => ({ 'dynamodb:LeadingKeys': [value] });

  test.each<[string, string, string, Record<string, string | string[]>, boolean]>([
    ['reads networks', 's3:GetObject', `${models}/releases/blobs/a/model-cloud.onnx`, {}, true],
    ['but not what the pipeline wrote', 's3:GetObject', `${models}/pipelines/a/model.tar.gz`, {}, false],
    ['and changes none', 's3:PutObject', `${models}/releases/blobs/a/model-cloud.onnx`, {}, false],
    [
      'reads images of questions',
      's3:GetObject',
      `${telemetry}/questions/surface-inspection/line-1/a`,
      {},
      true,
    ],
    ['but no captures', 's3:GetObject', `${telemetry}/captures/surface-inspection/line-1/a.jpg`, {}, false],
    ['and no results', 's3:GetObject', `${telemetry}/results/a.jsonl.gz`, {}, false],
    ['reads releases', 'dynamodb:GetItem', table(REGISTRY_VARIABLES.releaseTable), {}, true],
    ['and changes none of them', 'dynamodb:PutItem', table(REGISTRY_VARIABLES.releaseTable), {}, false],
    [
      'counts questions',
      'dynamodb:UpdateItem',
      table(TELEMETRY_VARIABLES.sketchTable),
      keys('questions#surface-inspection#2026-03-01'),
      true,
    ],
    [
      'and changes no sketch',
      'dynamodb:UpdateItem',
      table(TELEMETRY_VARIABLES.sketchTable),
      keys('surface-inspection#surface-inspection-2'),
      false,
    ],
    ['knows its devices', 'dynamodb:GetItem', table(TELEMETRY_VARIABLES.inventoryTable), {}, true],
    ['answers', 'iot:Publish', topic('kaizen/line-1/prod/surface-inspection/opinions'), {}, true],
    [
      'and says nothing else',
      'iot:Publish',
      topic('kaizen/line-1/prod/surface-inspection/confirmations'),
      {},
      false,
    ],
    [
      'nor to other environments',
      'iot:Publish',
      topic('kaizen/line-1/dev/surface-inspection/opinions'),
      {},
      false,
    ],
  ])('%s', async (_, action, resource, context, allowed) => {
    expect(await answer.allows(action, resource, context)).toBe(allowed);
  });
});

describe('[S10] a device', () => {
  const [policy] = app.resources('AWS::IoT::Policy');
  const may = (action: string, resource: string) =>
    isAllowed(
      policy?.Properties.PolicyDocument.Statement,
      action,
      `arn:aws:iot:${region}:${account}:${resource}`,
      {
        thingName: 'line-1',
      },
    );
  const ask = (thing: string) => `topic/kaizen/${thing}/prod/surface-inspection/questions`;

  test('case 35: asks for itself and for nobody else', () => {
    expect(may('iot:Publish', ask('line-1'))).toBe(true);
    expect(may('iot:Publish', ask('line-2'))).toBe(false);
    expect(may('iot:Receive', ask('line-2'))).toBe(false);
    expect(may('iot:Subscribe', ask('+').replace('topic/', 'topicfilter/'))).toBe(false);
  });

  test('case 35: hears its own answers and nobody else’s', () => {
    const hear = (thing: string) => `kaizen/${thing}/prod/surface-inspection/opinions`;
    expect(may('iot:Subscribe', `topicfilter/${hear('line-1')}`)).toBe(true);
    expect(may('iot:Receive', `topic/${hear('line-1')}`)).toBe(true);
    expect(may('iot:Subscribe', `topicfilter/${hear('+')}`)).toBe(false);
    expect(may('iot:Receive', `topic/${hear('line-2')}`)).toBe(false);
    expect(may('iot:Publish', `topic/${hear('line-2')}`)).toBe(false);
  });

  test('AWS IoT takes its policy: it has at most 2,048 characters', () => {
    expect(JSON.stringify(policy?.Properties.PolicyDocument).length).toBeLessThanOrEqual(2_048);
  });

  test('case 35: puts images below its own prefix only, and reads none', () => {
    const granted = identityStatements(app)
      .filter(({ where }) => where.includes('TokenExchange'))
      .map(({ statement }) => statement);
    const resources = (action: string) =>
      granted
        .filter(({ Action }) => listOf(Action).includes(action))
        .flatMap(({ Resource }) => listOf(Resource))
        .map((resource) => JSON.stringify(resource))
        .filter((resource) => resource.includes('questions'));
    expect(resources('s3:PutObject')).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      expect.stringContaining('/questions/surface-inspection/${credentials-iot:ThingName}/*'),
    ]);
    expect(resources('s3:GetObject')).toEqual([]);
  });
});

test('[S10] images of questions are gone after a day', () => {
  const rules = app
    .resources('AWS::S3::Bucket')
    .flatMap(({ Properties }) => Properties.LifecycleConfiguration?.Rules ?? []);
  expect(rules).toContainEqual(expect.objectContaining({ Prefix: 'questions/', ExpirationInDays: 1 }));
});

test('[S10] money: questions stop before retraining, and somebody is told', () => {
  const [budget] = app.resources('AWS::Budgets::Budget');
  const told = budget?.Properties.NotificationsWithSubscribers.map(
    ({ Notification }: { Notification: { Threshold: number } }) => Notification.Threshold,
  );
  expect(told).toEqual([50, 80]);
});

test('[S10] everything of it belongs to telemetry', () => {
  expect(nounOf('Operations/SecondOpinions/AnswerQuestion')).toBe('telemetry');
});

test('[S10] without it in the configuration there is nothing of it', () => {
  const without = synthesizedApp('prod');
  const text = JSON.stringify([...without.templates.values()].map((template) => template.toJSON()));
  expect(text).not.toMatch(/kaizen_prod_questions|answer-question|SECOND_OPINION|opinions/);
});

describe('[S10] a configuration is refused', () => {
  const problemsOf = (change: (config: AppConfig) => object): string => {
    try {
      const config = withSecondOpinions(prod);
      parseConfig({ ...config, ...change(config) }, 'prod');
    } catch (error) {
      if (error instanceof ContractError) return error.message;
      throw error;
    }
    return '';
  };

  test.each<[string, (config: AppConfig) => object, RegExp]>([
    [
      'without a network that answers',
      ({ training: { cloudVariant, ...training } }) => ({ training }),
      /secondOpinion: needs training.cloudVariant/,
    ],
    [
      'where no pixel may leave a device',
      ({ device }) => ({ device: { ...device, upload: { ...device.upload, privacy: 'never' } } }),
      /secondOpinion: must be left out where device.upload.privacy is never/,
    ],
    [
      'whose devices may each ask more than all together',
      ({ secondOpinion }) => ({
        secondOpinion: { ...secondOpinion, dailyBudget: { environment: 1, device: 2 } },
      }),
      /dailyBudget.device: must not be above secondOpinion.dailyBudget.environment \(1\), got 2/,
    ],
    [
      'whose money does not stop it',
      ({ budget }) => ({ budget: { ...budget, secondOpinionsStopAtPercent: undefined } }),
      /secondOpinionsStopAtPercent: must be/,
    ],
    [
      'that stops after retraining',
      ({ budget }) => ({ budget: { ...budget, secondOpinionsStopAtPercent: 90 } }),
      /below budget.retrainingStopsAtPercent \(80\), got 90/,
    ],
    [
      'that stops what is not there',
      () => ({ secondOpinion: undefined }),
      /secondOpinionsStopAtPercent: must be left out without secondOpinion/,
    ],
  ])('%s', (_, change, problem) => {
    expect(problemsOf(change)).toMatch(problem);
  });
});
