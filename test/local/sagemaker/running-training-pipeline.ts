/** The project's own training pipeline in the local SageMaker, with a small dataset, for integration tests. */
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateModelPackageGroupCommand,
  CreatePipelineCommand,
  DescribePipelineExecutionCommand,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobCommandOutput,
  ListPipelineExecutionStepsCommand,
  type PipelineExecutionStep,
  SageMakerClient,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import { local } from '../../../config/local';
import { type AppConfig, type ExportedModel, parseContractJson } from '../../../contracts';
import { trainingPipelineDefinition } from '../../../lib/training/pipeline-definition';
import { extractArchive } from '../../../local/sagemaker/jobs/archive';
import {
  type Interpreter,
  type SageMakerProgress,
  startSageMaker,
} from '../../../local/sagemaker/start-sagemaker';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../../local/shared/repository';
import { deterministicArchive, trainingSourceFiles } from '../../../scripts/build-training-source';
import { startTestMinistack } from '../greengrass/running-ministack';

const BUCKET = 'training';
const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const ROLE = `arn:aws:iam::${ACCOUNT}:role/pipeline`;
const MODEL_PACKAGE_GROUP = 'models';
const PIPELINE = 'training';
const POLL_MILLISECONDS = 250;

export interface TrainingPipelineOptions {
  /** Changes to the local configuration; its gate lets every model pass. */
  readonly training: Partial<AppConfig['training']>;
  readonly interpreter: Interpreter;
  readonly datasetItems: number;
}

export interface FinishedExecution {
  readonly status: string;
  readonly steps: Readonly<Record<string, PipelineExecutionStep>>;
  readonly reasons: readonly (string | undefined)[];
}

export interface RunningTrainingPipeline {
  readonly sagemaker: SageMakerClient;
  readonly progress: readonly SageMakerProgress[];
  readonly modelPackageGroup: string;
  /** Runs an execution to its end. */
  execute(parameters: Readonly<Record<string, string>>): Promise<FinishedExecution>;
  /** A training job that has ended well. */
  trained(trainingJobName: string): Promise<DescribeTrainingJobCommandOutput>;
  /** The content of one file of a model.tar.gz. */
  readModel(uri: string, file: string): Promise<Buffer>;
  /** export.json of the last execution. */
  exported(): Promise<ExportedModel>;
  stop(): Promise<void>;
}

/** Nothing about the model is judged: a network that has seen eighty images once knows little. */
const LENIENT_GATE: Partial<AppConfig['training']> = {
  minimumAccuracy: 0,
  maximumRecallDrop: 1,
  maximumInt8Drop: 1,
  hardwareClasses: {
    any: {
      architectures: ['linux-x64', 'linux-arm64'],
      precisions: ['fp32', 'int8'],
      maximumModelBytes: 100_000_000,
      maximumMultiplyAccumulates: 10_000_000_000,
      maximumLatencyRatio: 10_000,
    },
  },
};

/** @throws Error when a part does not start; none is left running then */
export async function startTrainingPipeline(
  options: TrainingPipelineOptions,
): Promise<RunningTrainingPipeline> {
  const work = mkdtempSync(join(tmpdir(), 'training-pipeline-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(work, { recursive: true, force: true })];
  const stop = async () => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart();
  };
  try {
    return { ...(await startParts(options, work, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: TrainingPipelineOptions,
  work: string,
  stops: (() => Promise<void>)[],
): Promise<Omit<RunningTrainingPipeline, 'stop'>> {
  const ministack = await startTestMinistack();
  stops.push(() => ministack.stop());
  const progress: SageMakerProgress[] = [];
  const service = await startSageMaker({
    stateDirectory: join(work, 'sagemaker'),
    awsEndpointUrl: ministack.url,
    region: REGION,
    accountId: ACCOUNT,
    credentials: CREDENTIALS,
    interpreters: [options.interpreter],
    onProgress: (event) => progress.push(event),
  });
  stops.push(() => service.stop());
  const client = { region: REGION, credentials: CREDENTIALS };
  const s3 = new S3Client({ ...client, endpoint: ministack.url, forcePathStyle: true });
  const sagemaker = new SageMakerClient({ ...client, endpoint: service.url });
  stops.push(async () => {
    s3.destroy();
    sagemaker.destroy();
  });
  const datasetManifestUri = await putInputs(s3, join(work, 'dataset'), options.datasetItems);
  await createPipeline(sagemaker, options.training);

  let last = '';
  return {
    sagemaker,
    progress,
    modelPackageGroup: MODEL_PACKAGE_GROUP,
    async execute(parameters) {
      const given = Object.entries({ DatasetManifestUri: datasetManifestUri, ...parameters });
      const { PipelineExecutionArn = '' } = await sagemaker.send(
        new StartPipelineExecutionCommand({
          PipelineName: PIPELINE,
          PipelineParameters: given.map(([Name, Value]) => ({ Name, Value })),
        }),
      );
      last = PipelineExecutionArn.split('/').at(-1) ?? '';
      return finished(sagemaker, PipelineExecutionArn);
    },
    trained: (name) => trained(sagemaker, name),
    async readModel(uri, file) {
      const folder = join(work, randomUUID());
      writeFileSync(`${folder}.tar.gz`, await read(s3, uri.slice(`s3://${BUCKET}/`.length)));
      await extractArchive(`${folder}.tar.gz`, folder);
      return readFileSync(join(folder, file));
    },
    async exported() {
      const text = (await read(s3, `pipelines/${last}/export/export.json`)).toString('utf8');
      return parseContractJson('exported-model', text, 'export.json');
    },
  };
}

async function read(s3: S3Client, key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** Puts rendered images, their manifest and the code of the jobs; returns the manifest's address. */
async function putInputs(s3: S3Client, folder: string, items: number): Promise<string> {
  execFileSync(
    virtualEnvironmentPython(),
    ['-m', 'kaizen_training.surfaces', 'dataset', `--output=${folder}`, `--items=${items}`, '--seed=11'],
    { cwd: join(REPOSITORY_ROOT, 'training'), stdio: 'pipe' },
  );
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const put = (Key: string, Body: Buffer) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  for (const entry of readdirSync(join(folder, 'images'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) await put(relative(folder, path), readFileSync(path));
  }
  await put('code/sourcedir.tar.gz', await deterministicArchive(trainingSourceFiles()));
  const manifest = readFileSync(join(folder, 'manifest.jsonl'));
  const key = `manifests/accepted/${createHash('sha256').update(manifest).digest('hex')}.jsonl`;
  await put(key, manifest);
  return `s3://${BUCKET}/${key}`;
}

async function createPipeline(
  sagemaker: SageMakerClient,
  training: Partial<AppConfig['training']>,
): Promise<void> {
  const definition = trainingPipelineDefinition({
    config: { ...local, training: { ...local.training, ...LENIENT_GATE, ...training } },
    datasetBucketName: BUCKET,
    modelBucketName: BUCKET,
    modelPackageGroupName: MODEL_PACKAGE_GROUP,
    sourceUri: `s3://${BUCKET}/code/sourcedir.tar.gz`,
    sourceSha256: '0'.repeat(64),
    roleArn: ROLE,
    encryptionKeyArn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/test`,
  });
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: MODEL_PACKAGE_GROUP }));
  await sagemaker.send(
    new CreatePipelineCommand({
      PipelineName: PIPELINE,
      RoleArn: ROLE,
      PipelineDefinition: JSON.stringify(definition),
    }),
  );
}

async function trained(
  sagemaker: SageMakerClient,
  TrainingJobName: string,
): Promise<DescribeTrainingJobCommandOutput> {
  for (;;) {
    const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }));
    if (job.TrainingJobStatus === 'Completed') return job;
    if (job.TrainingJobStatus !== 'InProgress') throw new Error(`${TrainingJobName}: ${job.FailureReason}`);
    await sleep(POLL_MILLISECONDS);
  }
}

async function finished(
  sagemaker: SageMakerClient,
  PipelineExecutionArn: string,
): Promise<FinishedExecution> {
  for (;;) {
    const { PipelineExecutionStatus: status = '' } = await sagemaker.send(
      new DescribePipelineExecutionCommand({ PipelineExecutionArn }),
    );
    if (status !== 'Executing' && status !== 'Stopping') {
      const { PipelineExecutionSteps = [] } = await sagemaker.send(
        new ListPipelineExecutionStepsCommand({ PipelineExecutionArn }),
      );
      return {
        status,
        steps: Object.fromEntries(PipelineExecutionSteps.map((step) => [step.StepName ?? '', step])),
        reasons: PipelineExecutionSteps.flatMap(({ FailureReason }) => FailureReason ?? []),
      };
    }
    await sleep(POLL_MILLISECONDS);
  }
}
