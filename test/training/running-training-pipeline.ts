/** The project's own training pipeline in the local SageMaker, with a small dataset, for integration tests. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
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
import {
  LOCAL_ACCOUNT_ID,
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  type SageMakerProgress,
  startLocalAws,
} from '@kaizen-edge/local-aws';
import { local } from '../../config/local';
import {
  type AppConfig,
  type EvaluationReport,
  type ExportedModel,
  parseContractJson,
} from '../../contracts';
import { waitFor } from '../../demo/waiting';
import { objectList } from '../../lambda/dataset/accepted-manifest';
import { acceptedKey, OBJECT_LIST_SUFFIX } from '../../lambda/dataset/names';
import { executionPrefix } from '../../lambda/training/names';
import { trainingPipelineDefinition } from '../../lib/training/pipeline-definition';
import { deterministicArchive, trainingSourceFiles } from '../../scripts/build-training-source';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../scripts/repository';
import { readModelFile, readObject } from './model-archive';

const BUCKET = 'training';
const ROLE = `arn:aws:iam::${LOCAL_ACCOUNT_ID}:role/pipeline`;
const MODEL_PACKAGE_GROUP = 'models';
const PIPELINE = 'training';
const NO_CHAMPION_KEY = 'code/no-champion.none';
const PATIENCE = { timeoutSeconds: 900, pollMilliseconds: 250 };

export interface TrainingPipelineOptions {
  /** Changes to the local configuration; its gate lets every model pass. */
  readonly training: Partial<AppConfig['training']>;
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
  /** evaluation.json of the last execution. */
  evaluation(): Promise<EvaluationReport>;
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
  const progress: SageMakerProgress[] = [];
  const aws = await startLocalAws({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: work,
    onCrash: (message) => {
      throw new Error(message);
    },
    onTrainingProgress: (event) => progress.push(event),
  });
  const client = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const s3 = new S3Client({ ...client, endpoint: aws.endpointUrl, forcePathStyle: true });
  const sagemaker = new SageMakerClient({
    ...client,
    endpoint: String(aws.environment.AWS_ENDPOINT_URL_SAGEMAKER),
  });
  const ended = new AbortController();
  const stop = async () => {
    ended.abort();
    s3.destroy();
    sagemaker.destroy();
    await aws.stop();
    rmSync(work, { recursive: true, force: true });
  };
  try {
    const manifestUri = await putInputs(s3, join(work, 'dataset'), options.datasetItems);
    await createRole(aws.endpointUrl);
    await createPipeline(sagemaker, options.training);
    return { ...running(s3, sagemaker, manifestUri, ended.signal), sagemaker, progress, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function running(s3: S3Client, sagemaker: SageMakerClient, manifestUri: string, signal: AbortSignal) {
  let last = '';
  const readJson = async (file: string) =>
    (await readObject(s3, `s3://${BUCKET}/${executionPrefix(last)}${file}`)).toString('utf8');
  return {
    modelPackageGroup: MODEL_PACKAGE_GROUP,
    async execute(parameters: Readonly<Record<string, string>>) {
      const given = Object.entries({ DatasetManifestUri: manifestUri, ...parameters });
      const { PipelineExecutionArn = '' } = await sagemaker.send(
        new StartPipelineExecutionCommand({
          PipelineName: PIPELINE,
          PipelineParameters: given.map(([Name, Value]) => ({ Name, Value })),
        }),
      );
      last = PipelineExecutionArn.split('/').at(-1) ?? '';
      return finished(sagemaker, PipelineExecutionArn, signal);
    },
    trained: (name: string) => trained(sagemaker, name, signal),
    readModel: (uri: string, file: string) => readModelFile(s3, uri, file),
    exported: async () =>
      parseContractJson('exported-model', await readJson('export/export.json'), 'export.json'),
    evaluation: async () =>
      parseContractJson('evaluation-report', await readJson('evaluation/evaluation.json'), 'evaluation.json'),
  };
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
  await put(NO_CHAMPION_KEY, Buffer.from('nobody'));
  const manifest = readFileSync(join(folder, 'manifest.jsonl'));
  const key = acceptedKey(createHash('sha256').update(manifest).digest('hex'));
  await put(key, manifest);
  const listed = manifest
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  await put(`${key}${OBJECT_LIST_SUFFIX}`, Buffer.from(objectList(BUCKET, key, listed)));
  return `s3://${BUCKET}/${key}`;
}

/** What the stacks give the pipeline's role is judged where they are deployed; here it may do its work. */
async function createRole(endpoint: string): Promise<void> {
  const iam = new IAMClient({ region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, endpoint });
  const RoleName = ROLE.split('/').at(-1);
  const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const trusted = { Service: 'sagemaker.amazonaws.com' };
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({ Effect: 'Allow', Principal: trusted, Action: 'sts:AssumeRole' }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'work',
      PolicyDocument: document(
        { Effect: 'Allow', Action: 's3:*', Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`] },
        { Effect: 'Allow', Action: 'sagemaker:*', Resource: '*' },
        { Effect: 'Allow', Action: 'iam:PassRole', Resource: ROLE },
      ),
    }),
  );
  iam.destroy();
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
    ...(training.network?.isolation && { noChampionUri: `s3://${BUCKET}/${NO_CHAMPION_KEY}` }),
    jobRoleArns: { prepare: ROLE, train: ROLE, evaluate: ROLE, export: ROLE },
    encryptionKeyArn: `arn:aws:kms:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:key/test`,
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

function trained(
  sagemaker: SageMakerClient,
  TrainingJobName: string,
  signal: AbortSignal,
): Promise<DescribeTrainingJobCommandOutput> {
  return waitFor({ what: TrainingJobName, ...PATIENCE, signal }, async () => {
    const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }));
    if (job.TrainingJobStatus === 'InProgress') return undefined;
    if (job.TrainingJobStatus === 'Completed') return job;
    throw new Error(`${TrainingJobName}: ${job.FailureReason}`);
  });
}

async function finished(
  sagemaker: SageMakerClient,
  PipelineExecutionArn: string,
  signal: AbortSignal,
): Promise<FinishedExecution> {
  const status = await waitFor({ what: PipelineExecutionArn, ...PATIENCE, signal }, async () => {
    const { PipelineExecutionStatus: found = '' } = await sagemaker.send(
      new DescribePipelineExecutionCommand({ PipelineExecutionArn }),
    );
    return found === 'Executing' || found === 'Stopping' ? undefined : found;
  });
  const { PipelineExecutionSteps: steps = [] } = await sagemaker.send(
    new ListPipelineExecutionStepsCommand({ PipelineExecutionArn }),
  );
  return {
    status,
    steps: Object.fromEntries(steps.map((step) => [step.StepName ?? '', step])),
    reasons: steps.flatMap(({ FailureReason }) => FailureReason ?? []),
  };
}
