/** The local SageMaker, driven by the ordinary SDK clients against a real S3, EventBridge and SQS. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateModelPackageGroupCommand,
  CreatePipelineCommand,
  CreateProcessingJobCommand,
  type CreateProcessingJobCommandInput,
  CreateTrainingJobCommand,
  type CreateTrainingJobCommandInput,
  DeletePipelineCommand,
  DescribeHyperParameterTuningJobCommand,
  DescribeModelPackageCommand,
  DescribePipelineCommand,
  DescribePipelineExecutionCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListModelPackagesCommand,
  ListPipelineExecutionStepsCommand,
  ListTagsCommand,
  ListTrainingJobsCommand,
  ListTrainingJobsForHyperParameterTuningJobCommand,
  RetryPipelineExecutionCommand,
  SageMakerClient,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
  StopTrainingJobCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { rootAuthorization } from '../../iam/iam';
import type { Ministack } from '../../launcher/ministack';
import { archiveFolders } from '../../sagemaker/jobs/archive';
import { type SageMakerProgress, startSageMaker, systemClock } from '../../sagemaker/start-sagemaker';
import type { RunningService } from '../../shared/running-service';
import { canCutOff } from '../can-cut-off';
import { startTestMinistack } from '../greengrass/running-ministack';
import { PYTHON } from '../python';
import { readModelFile, readObject } from '../sagemaker/model-archive';
import { createServiceRole } from '../service-role';

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const BUCKET = 'jobs';
const IMAGE = 'example/pytorch:1';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/pipeline`;
const PIPELINE = 'tiny';
const GROUP = 'tiny-models';
const TUNED_GROUP = 'tuned-models';
/** Only ends a test that hangs. */
const PATIENCE_MILLISECONDS = 240_000;
/** The clock's only limit that is over when a test says so. */
const TOLD_SECONDS = 3600;

/** Counts the lines of its input; the quality is a parameter. */
const PREPARE = `
import pathlib, sys
source, target, quality = map(pathlib.Path, sys.argv[1:3] + sys.argv[3:4])
lines = [line for file in sorted(source.rglob("*.txt")) for line in file.read_text().splitlines()]
target.joinpath("lines.txt").write_text("\\n".join(lines))
target.joinpath("report.json").write_text('{"lines": %d, "quality": {"value": %s}}' % (len(lines), quality))
print("prepared", len(lines), "lines")
`;

/** Behaves as its hyperparameter says. */
const TRAIN = `
import json, os, pathlib, signal, sys, time
hyperparameters = json.loads(os.environ["SM_HPS"])
print("hosts", os.environ["SM_HOSTS"], "arguments", sys.argv[1:], flush=True)
data = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "lines.txt").read_text()
behaviour = hyperparameters["behaviour"]
if behaviour == "raise":
    raise ValueError("the loss is not a number")
if behaviour == "sleep":
    time.sleep(600)
if behaviour == "spot":
    kept = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints", "step.txt")
    step = int(kept.read_text()) if kept.exists() else 0
    def stop(*_):
        kept.write_text(str(step + 1))
        os._exit(143)
    signal.signal(signal.SIGTERM, stop)
    print("step", step, "disk", sorted(os.listdir(os.environ["SM_OUTPUT_DIR"])), flush=True)
    pathlib.Path(os.environ["SM_OUTPUT_DIR"], "left-behind").touch()
    if step < 2:
        time.sleep(600)
    data = str(step)
pathlib.Path(os.environ["SM_MODEL_DIR"], os.environ["SM_CURRENT_HOST"] + ".txt").write_text(data)
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "log.json").write_text(json.dumps(hyperparameters))
`;

/** Meets its peer, if it has one, says which variables of AWS it has, and then tries to leave its network. */
const ISOLATED = `
import json, os, pathlib, socket, sys
from urllib.parse import urlparse
meeting = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if os.environ["WORLD_SIZE"] == "1":
    greeting = "alone"
elif os.environ["RANK"] == "0":
    peer, _ = socket.create_server(meeting).accept()
    greeting = peer.recv(5).decode()
else:
    while True:
        try:
            socket.create_connection(meeting).sendall(b"hello")
            break
        except ConnectionRefusedError:
            pass
    greeting = "sent"
pathlib.Path(os.environ["SM_MODEL_DIR"], os.environ["SM_CURRENT_HOST"] + ".txt").write_text(greeting)
print("knows", sorted(name for name in os.environ if name.startswith("AWS_")), flush=True)
address = urlparse(json.loads(os.environ["SM_HPS"]).get("leaves_for", ""))
if address.hostname:
    socket.create_connection((address.hostname, address.port), timeout=30)
`;

/** Best at rate 0.1; reports twice, and leaves a model that says what it was made with. */
const TUNED = `
import json, math, os, pathlib
hyperparameters = json.loads(os.environ["SM_HPS"])
quality = 1 - abs(math.log10(hyperparameters["rate"]) + 1) / 4
for epoch, share in enumerate((0.5, 1), start=1):
    print("PROGRESS", json.dumps({"epoch": epoch, "accuracy": quality * share}), flush=True)
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps(hyperparameters))
`;

const get = (path: string) => ({ Get: path });
const output = (path: string) => ({
  'Std:Join': { On: '/', Values: [`s3://${BUCKET}/runs`, get('Execution.PipelineExecutionId'), path] },
});

function definition(prepareTarget: unknown = output('prepared')) {
  return {
    Version: '2020-12-01',
    Parameters: [
      { Name: 'Behaviour', Type: 'String', DefaultValue: 'good', EnumValues: ['good', 'raise', 'sleep'] },
      { Name: 'Quality', Type: 'Float', DefaultValue: 0.9 },
      { Name: 'DataUri', Type: 'String', DefaultValue: `s3://${BUCKET}/data/` },
    ],
    Steps: [
      {
        Name: 'Train',
        Type: 'Training',
        Arguments: {
          AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
          HyperParameters: {
            sagemaker_program: 'train.py',
            sagemaker_submit_directory: `s3://${BUCKET}/code/sourcedir.tar.gz`,
            behaviour: get('Parameters.Behaviour'),
          },
          InputDataConfig: [
            {
              ChannelName: 'train',
              DataSource: {
                S3DataSource: {
                  S3DataType: 'S3Prefix',
                  S3Uri: get("Steps.Prepare.ProcessingOutputConfig.Outputs['prepared'].S3Output.S3Uri"),
                },
              },
            },
          ],
          OutputDataConfig: { S3OutputPath: output('model') },
          ResourceConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
          StoppingCondition: { MaxRuntimeInSeconds: 600 },
        },
      },
      {
        Name: 'Check',
        Type: 'Condition',
        DependsOn: ['Train'],
        Arguments: {
          Conditions: [
            {
              Type: 'GreaterThanOrEqualTo',
              LeftValue: {
                'Std:JsonGet': {
                  PropertyFile: get('Steps.Prepare.PropertyFiles.report'),
                  Path: 'quality.value',
                },
              },
              RightValue: 0.8,
            },
          ],
          IfSteps: [
            {
              Name: 'Register',
              Type: 'RegisterModel',
              Arguments: {
                ModelPackageGroupName: GROUP,
                InferenceSpecification: {
                  Containers: [
                    { Image: IMAGE, ModelDataUrl: get('Steps.Train.ModelArtifacts.S3ModelArtifacts') },
                  ],
                },
                CustomerMetadataProperties: { execution: get('Execution.PipelineExecutionId') },
              },
            },
          ],
          ElseSteps: [
            {
              Name: 'TooBad',
              Type: 'Fail',
              Arguments: {
                ErrorMessage: {
                  'Std:Join': { On: ' ', Values: ['quality', get('Parameters.Quality'), 'is below 0.8'] },
                },
              },
            },
          ],
        },
      },
      // Last in the text, first to run: the order follows from the references.
      {
        Name: 'Prepare',
        Type: 'Processing',
        CacheConfig: { Enabled: true, ExpireAfter: 'P1D' },
        PropertyFiles: [{ PropertyFileName: 'report', OutputName: 'prepared', FilePath: 'report.json' }],
        Arguments: {
          AppSpecification: {
            ImageUri: IMAGE,
            ContainerEntrypoint: [
              '/bin/bash',
              '-c',
              'exec python3 /opt/ml/processing/input/code/prepare.py "$@"',
              'prepare',
            ],
            ContainerArguments: [
              '/opt/ml/processing/input/data',
              '/opt/ml/processing/output/prepared',
              { 'Std:Join': { On: '', Values: [get('Parameters.Quality')] } },
            ],
          },
          ProcessingInputs: [
            {
              InputName: 'code',
              S3Input: {
                S3Uri: `s3://${BUCKET}/code/prepare.py`,
                LocalPath: '/opt/ml/processing/input/code',
                S3DataType: 'S3Prefix',
              },
            },
            {
              InputName: 'data',
              S3Input: {
                S3Uri: get('Parameters.DataUri'),
                LocalPath: '/opt/ml/processing/input/data',
                S3DataType: 'S3Prefix',
              },
            },
          ],
          ProcessingOutputConfig: {
            Outputs: [
              {
                OutputName: 'prepared',
                S3Output: {
                  S3Uri: prepareTarget,
                  LocalPath: '/opt/ml/processing/output/prepared',
                  S3UploadMode: 'EndOfJob',
                },
              },
            ],
          },
          ProcessingResources: {
            ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
          },
        },
      },
    ],
  };
}

/** One Tuning step, whose best trial is registered. */
function tuningDefinition() {
  return {
    Version: '2020-12-01',
    Parameters: [],
    Steps: [
      {
        Name: 'Tune',
        Type: 'Tuning',
        CacheConfig: { Enabled: true, ExpireAfter: 'P1D' },
        Arguments: {
          HyperParameterTuningJobConfig: {
            Strategy: 'Bayesian',
            HyperParameterTuningJobObjective: { Type: 'Maximize', MetricName: 'accuracy' },
            ResourceLimits: { MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 2 },
            ParameterRanges: {
              ContinuousParameterRanges: [
                { Name: 'rate', MinValue: '0.001', MaxValue: '1', ScalingType: 'Logarithmic' },
              ],
              IntegerParameterRanges: [
                { Name: 'depth', MinValue: '2', MaxValue: '5', ScalingType: 'Linear' },
              ],
              CategoricalParameterRanges: [{ Name: 'block', Values: ['mobile', 'shuffle'] }],
            },
            TrainingJobEarlyStoppingType: 'Off',
            RandomSeed: 7,
          },
          TrainingJobDefinition: {
            RoleArn: ROLE,
            AlgorithmSpecification: {
              TrainingImage: IMAGE,
              TrainingInputMode: 'File',
              MetricDefinitions: [{ Name: 'accuracy', Regex: 'PROGRESS .*"accuracy": ([0-9.]+)' }],
            },
            StaticHyperParameters: {
              sagemaker_program: 'tuned.py',
              sagemaker_submit_directory: `s3://${BUCKET}/code/sourcedir.tar.gz`,
              fixed: 'yes',
            },
            OutputDataConfig: { S3OutputPath: output('model') },
            ResourceConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
            StoppingCondition: { MaxRuntimeInSeconds: 600 },
          },
        },
      },
      {
        Name: 'Register',
        Type: 'RegisterModel',
        Arguments: {
          ModelPackageGroupName: TUNED_GROUP,
          InferenceSpecification: {
            Containers: [
              {
                Image: IMAGE,
                ModelDataUrl: {
                  'Std:Join': {
                    On: '/',
                    // The job's own output path: a result from the cache lies where the earlier execution put it.
                    Values: [
                      get('Steps.Tune.TrainingJobDefinition.OutputDataConfig.S3OutputPath'),
                      get('Steps.Tune.BestTrainingJob.TrainingJobName'),
                      'output/model.tar.gz',
                    ],
                  },
                },
              },
            ],
          },
        },
      },
    ],
  };
}

/** The archive of a job's scripts. */
async function sourceArchive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = join(work, 'source');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const archive = join(work, 'sourcedir.tar.gz');
  await archiveFolders([folder], archive);
  return readFileSync(archive);
}

const work = mkdtempSync(join(tmpdir(), 'sagemaker-test-'));
const progress: SageMakerProgress[] = [];
let tell: () => void = () => {};
const told = new Promise<void>((resolve) => {
  tell = resolve;
});
let ministack: Ministack;
let service: RunningService;
let sagemaker: SageMakerClient;
let s3: S3Client;
let sqs: SQSClient;
let queueUrl: string;

async function eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  while (Date.now() < deadline) {
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`);
}

beforeAll(async () => {
  ministack = await startTestMinistack();
  const endpoint = ministack.url;
  const client = { endpoint, region: REGION, credentials: CREDENTIALS };
  s3 = new S3Client({ ...client, forcePathStyle: true });
  sqs = new SQSClient(client);
  service = await startSageMaker({
    stateDirectory: join(work, 'sagemaker'),
    awsEndpointUrl: endpoint,
    region: REGION,
    accountId: ACCOUNT,
    credentials: CREDENTIALS,
    interpreters: [{ imagePattern: /pytorch/, pythonPath: PYTHON }],
    searchPython: PYTHON,
    onProgress: (event) => progress.push(event),
    maximumParallelJobs: 2,
    // Enough for a script that keeps a checkpoint on a busy machine.
    stopGraceMilliseconds: 60_000,
    clock: {
      ...systemClock,
      sleep: (milliseconds, signal) =>
        milliseconds === TOLD_SECONDS * 1000 ? told : systemClock.sleep(milliseconds, signal),
    },
  });
  sagemaker = new SageMakerClient({ ...client, endpoint: service.url, maxAttempts: 1 });

  const iam = new IAMClient(client);
  const named = (type: string) => `arn:aws:sagemaker:${REGION}:${ACCOUNT}:${type}/*`;
  await createServiceRole(iam, {
    name: 'pipeline',
    service: 'sagemaker.amazonaws.com',
    condition: {
      StringEquals: { 'aws:SourceAccount': ACCOUNT },
      ArnLike: { 'aws:SourceArn': `arn:aws:sagemaker:${REGION}:${ACCOUNT}:*` },
    },
    allow: [
      [
        ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
        [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`],
      ],
      [
        ['sagemaker:Create*', 'sagemaker:Describe*', 'sagemaker:AddTags'],
        ['training-job', 'processing-job', 'hyper-parameter-tuning-job', 'model-package'].map(named),
      ],
      ['iam:PassRole', ROLE],
    ],
  });
  iam.destroy();
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const put = (Key: string, Body: string | Buffer) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  await put('code/prepare.py', PREPARE);
  await put(
    'code/sourcedir.tar.gz',
    await sourceArchive({ 'train.py': TRAIN, 'tuned.py': TUNED, 'isolated.py': ISOLATED }),
  );
  await put('data/a.txt', 'one\ntwo');
  await put('data/deep/b.txt', 'three');
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: GROUP }));
  await sagemaker.send(
    new CreatePipelineCommand({
      PipelineName: PIPELINE,
      RoleArn: ROLE,
      PipelineDefinition: JSON.stringify(definition()),
      Tags: [{ Key: 'application', Value: 'test' }],
    }),
  );

  queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'events' }))).QueueUrl ?? '';
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const QueueArn = Attributes?.QueueArn ?? '';
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: QueueArn,
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
  const events = new EventBridgeClient(client);
  await events.send(
    new PutRuleCommand({ Name: 'all', EventPattern: JSON.stringify({ source: ['aws.sagemaker'] }) }),
  );
  await events.send(new PutTargetsCommand({ Rule: 'all', Targets: [{ Id: 'queue', Arn: QueueArn }] }));
  events.destroy();
});

afterAll(async () => {
  await service?.stop();
  await ministack?.stop();
  for (const client of [sagemaker, s3, sqs]) client?.destroy();
  rmSync(work, { recursive: true, force: true });
});

async function start(
  parameters: Record<string, string>,
  ClientRequestToken?: string,
  PipelineName = PIPELINE,
): Promise<string> {
  const { PipelineExecutionArn } = await sagemaker.send(
    new StartPipelineExecutionCommand({
      PipelineName,
      ClientRequestToken,
      PipelineParameters: Object.entries(parameters).map(([Name, Value]) => ({ Name, Value })),
    }),
  );
  return PipelineExecutionArn ?? '';
}

const describeExecution = (PipelineExecutionArn: string) =>
  sagemaker.send(new DescribePipelineExecutionCommand({ PipelineExecutionArn }));

const ended = (arn: string) =>
  eventually(`the end of ${arn}`, async () => {
    const { PipelineExecutionStatus: status } = await describeExecution(arn);
    return ['Succeeded', 'Failed', 'Stopped'].includes(status ?? '') ? status : undefined;
  });

async function stepsOf(PipelineExecutionArn: string) {
  const { PipelineExecutionSteps } = await sagemaker.send(
    new ListPipelineExecutionStepsCommand({ PipelineExecutionArn, SortOrder: 'Ascending' }),
  );
  return Object.fromEntries((PipelineExecutionSteps ?? []).map((step) => [step.StepName ?? '', step]));
}

interface Event {
  readonly 'detail-type': string;
  readonly detail: Record<string, unknown>;
}

/** Every event that has come so far and has not been taken. */
async function takeEvents(): Promise<Event[]> {
  const found: Event[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return found;
    for (const { Body, ReceiptHandle } of Messages) {
      found.push(JSON.parse(Body ?? '') as Event);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }
}

async function eventsUntil(done: (events: Event[]) => boolean): Promise<Event[]> {
  const events: Event[] = [];
  await eventually('the events', async () => {
    events.push(...(await takeEvents()));
    return done(events) || undefined;
  });
  return events;
}

const readText = async (key: string): Promise<string> =>
  (await readObject(s3, `s3://${BUCKET}/${key}`)).toString('utf8');

/** The text of one file of a model.tar.gz. */
const readModel = async (uri: string, file: string): Promise<string> =>
  (await readModelFile(s3, uri, file)).toString('utf8');

test('a pipeline runs its scripts, registers the model, and tells about it twice', async () => {
  const arn = await start({});
  expect(await ended(arn)).toBe('Succeeded');
  const id = arn.split('/').at(-1) ?? '';

  const steps = await stepsOf(arn);
  expect(Object.keys(steps)).toEqual(['Prepare', 'Train', 'Check', 'Register']);
  expect(steps.Check?.Metadata?.Condition?.Outcome).toBe('True');
  expect(await readText(`runs/${id}/prepared/lines.txt`)).toBe('one\ntwo\nthree');

  const { ModelPackageSummaryList } = await sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: GROUP }),
  );
  const [summary] = ModelPackageSummaryList ?? [];
  const model = await sagemaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: summary?.ModelPackageArn ?? '' }),
  );
  expect(model).toMatchObject({
    ModelPackageVersion: 1,
    ModelApprovalStatus: 'PendingManualApproval',
    CustomerMetadataProperties: { execution: id },
    MetadataProperties: { GeneratedBy: arn },
  });
  expect(model.CreationTime).toBeInstanceOf(Date);

  const modelUri = model.InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? '';
  expect(await readModel(modelUri, 'algo-1.txt')).toBe('one\ntwo\nthree');

  const isEnd = ({ detail }: Event) => detail.currentPipelineExecutionStatus === 'Succeeded';
  const events = await eventsUntil((all) => all.filter(isEnd).length === 2);
  expect(events.filter(isEnd)[0]).toMatchObject({
    'detail-type': 'SageMaker Model Building Pipeline Execution Status Change',
    detail: { pipelineExecutionArn: arn, previousPipelineExecutionStatus: 'Executing' },
  });
  const named = (type: string) => events.filter((event) => event['detail-type'] === type);
  const registered = named('SageMaker Model Package State Change');
  expect(registered).toHaveLength(2);
  expect(registered[0]?.detail).toMatchObject({ ModelPackageGroupName: GROUP, ModelPackageVersion: 1 });
  const trained = named('SageMaker Training Job State Change').filter(
    ({ detail }) => detail.TrainingJobStatus === 'Completed',
  );
  expect(trained).toHaveLength(2);
  expect(named('SageMaker Processing Job State Change').length).toBeGreaterThan(0);
  const steps2 = named('SageMaker Model Building Pipeline Execution Step Status Change').filter(
    ({ detail }) => detail.stepName === 'Train' && detail.currentStepStatus === 'Succeeded',
  );
  expect(steps2).toHaveLength(2);
  expect(steps2[0]?.detail.metadata).toHaveProperty('trainingJob.arn');
  const lines = progress.flatMap((event) => (event.kind === 'log' ? [event.line] : []));
  expect(lines).toContain('prepared 3 lines');
  expect(lines.find((line) => line.startsWith('hosts'))).toContain("arguments ['--behaviour', 'good']");
});

test('approving twice changes nothing the second time but is told both times', async () => {
  await takeEvents();
  const { ModelPackageSummaryList } = await sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: GROUP }),
  );
  const ModelPackageArn = ModelPackageSummaryList?.[0]?.ModelPackageArn;
  for (let time = 0; time < 2; time++) {
    await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' }));
  }
  const events = await eventsUntil((all) => all.length >= 4);
  expect(events).toHaveLength(4);
  for (const { detail } of events) {
    expect(detail).toMatchObject({
      ModelApprovalStatus: 'Approved',
      UpdatedModelPackageFields: ['ModelApprovalStatus'],
    });
  }
});

test('the same request token starts one execution, and a result with the same arguments is reused', async () => {
  const token = 'episode-1'.padEnd(32, '-');
  const arn = await start({}, token);
  expect(await start({}, token)).toBe(arn);
  expect(await ended(arn)).toBe('Succeeded');
  const { Prepare, Train } = await stepsOf(arn);
  expect(Prepare?.CacheHitResult?.SourcePipelineExecutionArn).toMatch(
    /:pipeline\/tiny\/execution\/[a-z0-9]{12}$/,
  );
  expect(Prepare?.CacheHitResult?.SourcePipelineExecutionArn).not.toBe(arn);
  expect(Train?.CacheHitResult).toBeUndefined();
});

test('a quality below the gate ends in the Fail step, whose message names the number', async () => {
  const arn = await start({ Quality: '0.5' });
  expect(await ended(arn)).toBe('Failed');
  const { TooBad, Register } = await stepsOf(arn);
  expect(TooBad?.FailureReason).toBe('quality 0.5 is below 0.8');
  expect(TooBad?.Metadata?.Fail?.ErrorMessage).toBe('quality 0.5 is below 0.8');
  expect(Register).toBeUndefined();
  expect((await describeExecution(arn)).FailureReason).toBe('Step failure: One or multiple steps failed.');
});

test('parameters that are unknown, of the wrong type or out of range are refused, all at once', async () => {
  const refused = start({ Quality: 'high', Behaviour: 'dance', Epochs: '3' });
  await expect(refused).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringMatching(
      /^3 validation errors detected: .*no parameter 'Epochs'.*'Behaviour': must be one of good, raise, sleep, got 'dance'.*'Quality': must be a number, got 'high'/,
    ),
  });
});

test('a script that raises fails its step with the last line of the traceback', async () => {
  const arn = await start({ Behaviour: 'raise' });
  expect(await ended(arn)).toBe('Failed');
  const { Train } = await stepsOf(arn);
  expect(Train).toMatchObject({
    StepStatus: 'Failed',
    FailureReason: expect.stringMatching(
      /^AlgorithmError: [\s\S]*ValueError: the loss is not a number, exit code: 1$/,
    ),
  });
  const name = Train?.Metadata?.TrainingJob?.Arn?.split('/').at(-1) ?? '';
  const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
  expect(job.TrainingJobStatus).toBe('Failed');
  expect(readFileSync(join(work, 'sagemaker', 'logs', `${job.TrainingJobName}.log`), 'utf8')).toContain(
    'Traceback',
  );
});

test('data that is not there fails the job with the missing address', async () => {
  const arn = await start({ DataUri: `s3://${BUCKET}/nowhere/` });
  expect(await ended(arn)).toBe('Failed');
  expect((await stepsOf(arn)).Prepare?.FailureReason).toBe(
    `ClientError: Data download failed: no S3 objects found under 's3://${BUCKET}/nowhere/'`,
  );
});

test('a stopped execution leaves no process, and retrying it keeps what had succeeded', async () => {
  const arn = await start({ Behaviour: 'sleep' });
  const logged = () =>
    progress.findLast((event) => event.kind === 'log' && event.line.includes("'--behaviour', 'sleep'"));
  await eventually('the sleeping script', async () => logged());
  const before = await stepsOf(arn);
  const conflicting = sagemaker.send(
    new DeletePipelineCommand({ PipelineName: PIPELINE, ClientRequestToken: 'x'.repeat(32) }),
  );
  await expect(conflicting).rejects.toMatchObject({ name: 'ConflictException' });
  await sagemaker.send(new StopPipelineExecutionCommand({ PipelineExecutionArn: arn }));
  expect(await ended(arn)).toBe('Stopped');
  const { Train } = await stepsOf(arn);
  expect(Train?.StepStatus).toBe('Stopped');
  const jobs = join(work, 'sagemaker', 'jobs');
  await eventually('clean directories', async () => (readdirSync(jobs).length === 0 ? true : undefined));

  await sagemaker.send(new RetryPipelineExecutionCommand({ PipelineExecutionArn: arn }));
  const again = await eventually('the second attempt', async () => {
    const { Train: second } = await stepsOf(arn);
    return second?.StepStatus === 'Executing' ? await stepsOf(arn) : undefined;
  });
  expect(again.Prepare?.Metadata?.ProcessingJob?.Arn).toBe(before.Prepare?.Metadata?.ProcessingJob?.Arn);
  await sagemaker.send(new StopPipelineExecutionCommand({ PipelineExecutionArn: arn }));
  expect(await ended(arn)).toBe('Stopped');
  await expect(
    sagemaker.send(new StopPipelineExecutionCommand({ PipelineExecutionArn: arn })),
  ).rejects.toMatchObject({ name: 'ConflictException' });
});

async function lastModelOf(ModelPackageGroupName: string): Promise<string> {
  const { ModelPackageSummaryList } = await sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName }),
  );
  const model = await sagemaker.send(
    new DescribeModelPackageCommand({
      ModelPackageName: ModelPackageSummaryList?.[0]?.ModelPackageArn ?? '',
    }),
  );
  return model.InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? '';
}

test('[S6] a Tuning step searches with four trials, and the best one is registered', async () => {
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: TUNED_GROUP }));
  await sagemaker.send(
    new CreatePipelineCommand({
      PipelineName: 'tuned',
      RoleArn: ROLE,
      PipelineDefinition: JSON.stringify(tuningDefinition()),
    }),
  );
  const arn = await start({}, undefined, 'tuned');
  expect(await ended(arn)).toBe('Succeeded');
  const { Tune } = await stepsOf(arn);
  const HyperParameterTuningJobName = Tune?.Metadata?.TuningJob?.Arn?.split('/').at(-1) ?? '';
  const job = await sagemaker.send(
    new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName }),
  );
  expect(job).toMatchObject({
    HyperParameterTuningJobStatus: 'Completed',
    TrainingJobStatusCounters: { Completed: 4, InProgress: 0, Stopped: 0 },
    ObjectiveStatusCounters: { Succeeded: 4, Pending: 0, Failed: 0 },
  });

  // Every trial, read again: its model, and from that what it must have reached.
  const { TrainingJobSummaries = [] } = await sagemaker.send(
    new ListTrainingJobsForHyperParameterTuningJobCommand({ HyperParameterTuningJobName }),
  );
  const trials = await Promise.all(
    TrainingJobSummaries.map(async ({ TrainingJobName, TunedHyperParameters, ...summary }) => {
      const { ModelArtifacts, FinalMetricDataList } = await sagemaker.send(
        new DescribeTrainingJobCommand({ TrainingJobName }),
      );
      const uri = ModelArtifacts?.S3ModelArtifacts ?? '';
      const model = JSON.parse(await readModel(uri, 'model.json')) as Record<string, unknown>;
      expect(model).toMatchObject({ fixed: 'yes', rate: Number(TunedHyperParameters?.rate) });
      expect(FinalMetricDataList?.[0]?.Value).toBe(
        summary.FinalHyperParameterTuningJobObjectiveMetric?.Value,
      );
      return { uri, model, quality: 1 - Math.abs(Math.log10(Number(model.rate)) + 1) / 4 };
    }),
  );
  expect(trials).toHaveLength(4);
  expect(new Set(trials.map(({ model }) => model.rate)).size).toBe(4);
  for (const { model } of trials) {
    expect(model.rate).toBeGreaterThanOrEqual(0.001);
    expect(model.rate).toBeLessThanOrEqual(1);
    expect([2, 3, 4, 5]).toContain(model.depth);
    expect(['mobile', 'shuffle']).toContain(model.block);
  }
  const best = trials.reduce((a, b) => (b.quality > a.quality ? b : a));
  expect(await lastModelOf(TUNED_GROUP)).toBe(best.uri);

  // The same search again is not run again, and its model lies where the first execution put it.
  const again = await start({}, undefined, 'tuned');
  expect(await ended(again)).toBe('Succeeded');
  expect((await stepsOf(again)).Tune?.CacheHitResult?.SourcePipelineExecutionArn).toBe(arn);
  expect(await lastModelOf(TUNED_GROUP)).toBe(best.uri);
});

function trainingJob(name: string, changes: Partial<CreateTrainingJobCommandInput> = {}) {
  return new CreateTrainingJobCommand({
    TrainingJobName: name,
    RoleArn: ROLE,
    AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
    HyperParameters: {
      sagemaker_program: '"train.py"',
      sagemaker_submit_directory: `"s3://${BUCKET}/code/sourcedir.tar.gz"`,
      behaviour: '"good"',
    },
    InputDataConfig: [
      {
        ChannelName: 'train',
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/lines/` } },
      },
    ],
    OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/direct` },
    ResourceConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
    StoppingCondition: { MaxRuntimeInSeconds: 600 },
    ...changes,
  });
}

const jobEnded = (TrainingJobName: string) =>
  eventually(`the end of ${TrainingJobName}`, async () => {
    const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }));
    return ['Completed', 'Failed', 'Stopped'].includes(job.TrainingJobStatus ?? '') ? job : undefined;
  });

test('[S4] two hosts are two processes, and their models come together in one archive', async () => {
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'lines/lines.txt', Body: 'data' }));
  await sagemaker.send(
    trainingJob('two-hosts', {
      ResourceConfig: { InstanceCount: 2, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
    }),
  );
  const job = await jobEnded('two-hosts');
  expect(job.TrainingJobStatus).toBe('Completed');
  expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
    'Starting',
    'Downloading',
    'Training',
    'Uploading',
    'Completed',
  ]);
  for (const host of ['algo-1', 'algo-2']) {
    const uri = `s3://${BUCKET}/direct/two-hosts/output/model.tar.gz`;
    expect((await readModelFile(s3, uri, `${host}.txt`)).length).toBe(4);
  }
});

/** Requests that no client of AWS's can make. */
async function interrupt(TrainingJobName: string): Promise<Response> {
  return fetch(service.url, {
    method: 'POST',
    headers: {
      ...rootAuthorization(CREDENTIALS.accessKeyId),
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': 'SageMaker.InterruptTrainingJob',
    },
    body: JSON.stringify({ TrainingJobName }),
  });
}

/** The line of a job, once it has printed it. */
const said = (name: string, text: string) =>
  eventually(`'${text}' of ${name}`, async () =>
    progress.some((event) => event.kind === 'log' && event.job === name && event.line === text)
      ? true
      : undefined,
  );

const SPOT = {
  HyperParameters: {
    sagemaker_program: 'train.py',
    sagemaker_submit_directory: `s3://${BUCKET}/code/sourcedir.tar.gz`,
    behaviour: 'spot',
  },
  EnableManagedSpotTraining: true,
  CheckpointConfig: { S3Uri: `s3://${BUCKET}/checkpoints/spot` },
};

test('[S1] a spot job that is interrupted twice goes on from its checkpoints, on an empty disk', async () => {
  const name = 'spot';
  await sagemaker.send(
    trainingJob(name, {
      ...SPOT,
      StoppingCondition: { MaxRuntimeInSeconds: 600, MaxWaitTimeInSeconds: 600 },
    }),
  );
  for (const step of [0, 1]) {
    await said(name, `step ${step} disk ['data', 'intermediate']`);
    expect((await interrupt(name)).status).toBe(200);
  }
  const job = await jobEnded(name);
  expect(job).toMatchObject({ TrainingJobStatus: 'Completed', EnableManagedSpotTraining: true });
  const attempt = ['Starting', 'Downloading', 'Training'];
  expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
    ...[...attempt, 'Interrupted'],
    ...[...attempt, 'Interrupted'],
    ...[...attempt, 'Uploading', 'Completed'],
  ]);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'checkpoints/spot/step.txt' }));
  expect(await Body?.transformToString()).toBe('2');
  expect((await interrupt(name)).status).toBe(400);
});

test('[S1] a spot job over its waiting limit is stopped, and leaves its checkpoints', async () => {
  const name = 'waited-too-long';
  await sagemaker.send(
    trainingJob(name, {
      ...SPOT,
      CheckpointConfig: { S3Uri: `s3://${BUCKET}/checkpoints/${name}/`, LocalPath: '/opt/ml/checkpoints' },
      StoppingCondition: { MaxRuntimeInSeconds: 600, MaxWaitTimeInSeconds: TOLD_SECONDS },
    }),
  );
  await said(name, "step 0 disk ['data', 'intermediate']");
  tell();
  const job = await jobEnded(name);
  expect(job).toMatchObject({
    TrainingJobStatus: 'Stopped',
    SecondaryStatus: 'MaxWaitTimeExceeded',
    FailureReason: 'ClientError: the job exceeded MaxWaitTimeInSeconds (3600)',
  });
  const { KeyCount } = await s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `checkpoints/${name}/` }),
  );
  expect(KeyCount).toBe(1);
});

test('a job over its time limit is stopped', async () => {
  await sagemaker.send(
    trainingJob('too-long', {
      HyperParameters: {
        sagemaker_program: 'train.py',
        sagemaker_submit_directory: `s3://${BUCKET}/code/sourcedir.tar.gz`,
        behaviour: 'sleep',
      },
      StoppingCondition: { MaxRuntimeInSeconds: 2 },
    }),
  );
  const job = await jobEnded('too-long');
  expect(job).toMatchObject({
    TrainingJobStatus: 'Stopped',
    SecondaryStatus: 'MaxRuntimeExceeded',
    FailureReason: 'ClientError: the job exceeded MaxRuntimeInSeconds (2)',
  });
});

test('jobs have unique names, can be stopped, and are listed page by page', async () => {
  await expect(sagemaker.send(trainingJob('two-hosts'))).rejects.toMatchObject({ name: 'ResourceInUse' });
  const sleeping = { sagemaker_program: 'train.py', behaviour: 'sleep' };
  await sagemaker.send(
    trainingJob('to-stop', {
      HyperParameters: { ...sleeping, sagemaker_submit_directory: `s3://${BUCKET}/code/sourcedir.tar.gz` },
    }),
  );
  await sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: 'to-stop' }));
  expect((await jobEnded('to-stop')).TrainingJobStatus).toBe('Stopped');
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await sagemaker.send(
      new ListTrainingJobsCommand({ NameContains: 'to', MaxResults: 1, NextToken }),
    );
    names.push(...(page.TrainingJobSummaries ?? []).map(({ TrainingJobName }) => TrainingJobName ?? ''));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  expect(names).toEqual(expect.arrayContaining(['too-long', 'to-stop']));
});

function processingJob(name: string, script: string): CreateProcessingJobCommandInput {
  return {
    ProcessingJobName: name,
    RoleArn: ROLE,
    AppSpecification: { ImageUri: IMAGE, ContainerEntrypoint: ['/bin/bash', '-c', script] },
    ProcessingResources: {
      ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
    },
  };
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

const processingEnded = (ProcessingJobName: string) =>
  eventually(`the end of ${ProcessingJobName}`, async () => {
    const found = await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName }));
    return found.ProcessingJobStatus === 'InProgress' ? undefined : found;
  });

test('a processing job says how it ended, and its grandchildren end with it', async () => {
  const script =
    'mkdir -p /opt/ml/output && echo "nothing to do" > /opt/ml/output/message; (sleep 600; echo late) & echo $! ; exit 3';
  await sagemaker.send(new CreateProcessingJobCommand(processingJob('speaks', script)));
  const job = await processingEnded('speaks');
  expect(job).toMatchObject({ ProcessingJobStatus: 'Failed', ExitMessage: 'nothing to do\n' });
  const grandchild = Number(/AlgorithmError: (\d+), exit code: 3/.exec(job.FailureReason ?? '')?.[1]);
  expect(grandchild).toBeGreaterThan(0);
  await eventually('the end of the grandchild', async () => (isRunning(grandchild) ? undefined : true));
});

/** Two hosts with their code in a channel, and where they go when they have met. */
function peers(name: string, changes: Partial<CreateTrainingJobCommandInput>, leavesFor?: string) {
  const code = { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/code/sourcedir.tar.gz` } as const;
  return trainingJob(name, {
    HyperParameters: {
      sagemaker_program: 'isolated.py',
      sagemaker_submit_directory: '/opt/ml/input/data/code/sourcedir.tar.gz',
      ...(leavesFor !== undefined && { leaves_for: leavesFor }),
    },
    InputDataConfig: [{ ChannelName: 'code', DataSource: { S3DataSource: code } }],
    ResourceConfig: { InstanceCount: 2, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
    ...changes,
  });
}

if (canCutOff()) {
  test('[C14] hosts without a network meet each other, have no credentials, and leave their model', async () => {
    await sagemaker.send(peers('isolated', { EnableNetworkIsolation: true }));
    expect(await jobEnded('isolated')).toMatchObject({
      TrainingJobStatus: 'Completed',
      EnableNetworkIsolation: true,
    });
    const model = `s3://${BUCKET}/direct/isolated/output/model.tar.gz`;
    expect(await readModel(model, 'algo-1.txt')).toBe('hello');
    expect(await readModel(model, 'algo-2.txt')).toBe('sent');
    await said('isolated', "knows ['AWS_DEFAULT_REGION', 'AWS_REGION']");
  });

  test('[C14] a script that opens a connection fails without a network, and with one it does not', async () => {
    const alone = {
      ResourceConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
    } as const;
    await sagemaker.send(peers('connects', alone, service.url));
    expect(await jobEnded('connects')).toMatchObject({ TrainingJobStatus: 'Completed' });
    await sagemaker.send(peers('cut-off', { ...alone, EnableNetworkIsolation: true }, service.url));
    const job = await jobEnded('cut-off');
    expect(job.TrainingJobStatus).toBe('Failed');
    expect(job.FailureReason).toMatch(/^AlgorithmError: .*Connection refused, exit code: 1$/s);
  });

  test('[C14] a processing job without a network reads its input, leaves its output, and reaches nobody', async () => {
    const connect = `python3 -c "import socket; socket.create_connection(('192.0.2.1', 80), timeout=30)"`;
    const isolated = { NetworkConfig: { EnableNetworkIsolation: true } };
    await sagemaker.send(
      new CreateProcessingJobCommand({ ...processingJob('cut-off', connect), ...isolated }),
    );
    const job = await processingEnded('cut-off');
    expect(job.ProcessingJobStatus).toBe('Failed');
    expect(job.FailureReason).toContain('Network is unreachable');
    const quiet = { ...processingJob('quiet', 'true'), ...isolated };
    await sagemaker.send(new CreateProcessingJobCommand(quiet));
    expect(await processingEnded('quiet')).toMatchObject({ ProcessingJobStatus: 'Completed' });
  });

  test('[C14] the toolkit in a container without a network cannot download the code', async () => {
    const submitted = `s3://${BUCKET}/code/sourcedir.tar.gz`;
    await sagemaker.send(
      peers('no-code', {
        EnableNetworkIsolation: true,
        HyperParameters: { sagemaker_program: 'isolated.py', sagemaker_submit_directory: submitted },
      }),
    );
    expect((await jobEnded('no-code')).FailureReason).toBe(
      `AlgorithmError: sagemaker_submit_directory '${submitted}' cannot be downloaded, for the container has no network: give the code as a channel`,
    );
  });
} else {
  test('[C14] a job without a network is refused by a machine that cannot cut it off', async () => {
    await sagemaker.send(peers('isolated', { EnableNetworkIsolation: true }));
    const job = await jobEnded('isolated');
    expect(job.TrainingJobStatus).toBe('Failed');
    expect(job.FailureReason).toMatch(/^ClientError: EnableNetworkIsolation cannot be kept on this machine/);
  });
}

test('requests are checked as AWS checks them', async () => {
  const { Tags } = await sagemaker.send(
    new ListTagsCommand({ ResourceArn: `arn:aws:sagemaker:${REGION}:${ACCOUNT}:pipeline/${PIPELINE}` }),
  );
  expect(Tags).toEqual([{ Key: 'application', Value: 'test' }]);
  const create = (PipelineName: string, value: unknown) =>
    sagemaker.send(
      new CreatePipelineCommand({ PipelineName, RoleArn: ROLE, PipelineDefinition: JSON.stringify(value) }),
    );
  await expect(create(PIPELINE, definition())).rejects.toThrow(
    'Pipeline names must be unique within an AWS account and region',
  );
  await expect(create('dangling', definition(get('Steps.Nobody.X')))).rejects.toThrow(
    "step 'Prepare': refers to the unknown step 'Nobody'",
  );
  await expect(
    create('circle', definition(get('Steps.Train.ModelArtifacts.S3ModelArtifacts'))),
  ).rejects.toThrow('wait for each other');
  await expect(sagemaker.send(new DescribePipelineCommand({ PipelineName: 'nobody' }))).rejects.toMatchObject(
    { name: 'ResourceNotFound' },
  );
  const unknown = await fetch(service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'SageMaker.CreateUnicorn' },
    body: '{}',
  });
  expect(unknown.status).toBe(400);
  expect(await unknown.json()).toMatchObject({
    __type: 'UnknownOperationException',
    message: expect.stringContaining("does not have the operation 'SageMaker.CreateUnicorn'"),
  });
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'direct/' }));
  expect(Contents?.map(({ Key }) => Key)).toContain('direct/two-hosts/output/output.tar.gz');
});
