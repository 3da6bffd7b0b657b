/** Our pipeline, checked by the service that runs it locally: schema, references, requests, gate. */
import { local } from '../../../config/local';
import { trainingPipelineDefinition } from '../../../lib/training/pipeline-definition';
import { createJob } from '../../../local/sagemaker/api/job-operations';
import { Tags } from '../../../local/sagemaker/api/tags';
import { Arns } from '../../../local/sagemaker/arn';
import type { JobRunner } from '../../../local/sagemaker/jobs/job-runner';
import type { Json, JsonObject } from '../../../local/sagemaker/json';
import { parsePipelineDefinition } from '../../../local/sagemaker/pipeline/definition';
import { flatten } from '../../../local/sagemaker/pipeline/plan';
import { PipelineService } from '../../../local/sagemaker/pipeline-service';

const ROLE = 'arn:aws:iam::000000000000:role/r';
const MANIFEST = `s3://dataset/manifests/accepted/${'a'.repeat(64)}.jsonl`;

const definition = trainingPipelineDefinition({
  config: local,
  datasetBucketName: 'dataset',
  modelBucketName: 'models',
  modelPackageGroupName: 'kaizen-local-surface-inspection',
  sourceUri: 's3://assets/0123.gz',
  sourceSha256: 'b'.repeat(64),
  roleArn: ROLE,
  encryptionKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k',
});
const text = JSON.stringify(definition);

interface Quality {
  readonly accuracy: number;
  readonly recallDrop: number;
  readonly int8Drop: number;
}

/** Runs the definition with jobs that succeed at once and leave these numbers; requests are checked as AWS would. */
async function runWith({ accuracy, recallDrop, int8Drop }: Quality, parameters: Record<string, string> = {}) {
  const requests = new Map<string, JsonObject>();
  const packages: JsonObject[] = [];
  const anyName = { create: () => ({ arn: 'arn:aws:sagemaker:x' }) } as unknown as JobRunner;
  const service = new PipelineService({
    arns: new Arns('us-east-1', '000000000000'),
    clock: { now: () => new Date(0), sleep: async () => undefined },
    observer: { executionChanged: () => undefined, stepChanged: () => undefined },
    services: {
      createJob: async (kind, name, request) => {
        createJob(anyName, new Tags(), kind, { ...request, [`${kind}JobName`]: name });
        requests.set(name, request);
        return `arn:${name}`;
      },
      jobEnded: async () => ({ status: 'Completed' }),
      describeJob: (_kind, name) => ({
        ...requests.get(name),
        ModelArtifacts: { S3ModelArtifacts: `s3://models/${name}/model.tar.gz` },
      }),
      stopJob: () => undefined,
      registerModel: async (request) => {
        packages.push(request);
        return { ModelPackageArn: 'arn:package' };
      },
      readJson: async (uri): Promise<Json> =>
        uri.endsWith('/evaluation/evaluation.json')
          ? { accuracy, champion: { worstRecallDrop: recallDrop } }
          : { parity: { int8AccuracyDrop: int8Drop } },
    },
  });
  service.create('p', { roleArn: ROLE, definitionText: text });
  const execution = service.start({
    pipelineName: 'p',
    parameters: { DatasetManifestUri: MANIFEST, ...parameters },
  });
  await execution.ended;
  return { execution, requests: [...requests.values()], packages };
}

const GOOD: Quality = { accuracy: 0.95, recallDrop: 0.02, int8Drop: 0.001 };

test('has the steps of docs/architecture.md, section 4, in their order', () => {
  const plan = flatten(parsePipelineDefinition(text));
  expect(plan.map(({ step }) => `${step.Name}: ${step.Type}`)).toEqual([
    'Prepare: Processing',
    'Train: Training',
    'Evaluate: Processing',
    'Export: Processing',
    'CheckQuality: Condition',
    'Register: RegisterModel',
    'FailQuality: Fail',
  ]);
  expect(definition.Parameters).toEqual([
    { Name: 'DatasetManifestUri', Type: 'String' },
    { Name: 'Epochs', Type: 'Integer', DefaultValue: local.training.epochs },
    { Name: 'LearningRate', Type: 'Float', DefaultValue: local.training.learningRate },
    { Name: 'WidthMultiplier', Type: 'Float', DefaultValue: local.training.widthMultiplier },
    { Name: 'Seed', Type: 'Integer', DefaultValue: local.training.seed },
    { Name: 'ChampionModelUri', Type: 'String', DefaultValue: 'none' },
    { Name: 'MinimumAccuracy', Type: 'Float', DefaultValue: local.training.minimumAccuracy },
    { Name: 'MaximumRecallDrop', Type: 'Float', DefaultValue: local.training.maximumRecallDrop },
    { Name: 'MaximumInt8Drop', Type: 'Float', DefaultValue: local.training.maximumInt8Drop },
  ]);
});

test('a good model is registered with its lineage, and waits for approval', async () => {
  const { execution, packages } = await runWith(GOOD);
  expect(execution.status).toBe('Succeeded');
  expect(packages).toHaveLength(1);
  expect(packages[0]).toMatchObject({
    ModelPackageGroupName: 'kaizen-local-surface-inspection',
    ModelApprovalStatus: 'PendingManualApproval',
    MetadataProperties: { GeneratedBy: execution.arn },
    InferenceSpecification: {
      Containers: [
        { Image: local.training.image, ModelDataUrl: expect.stringMatching(/-Train-.*model.tar.gz$/) },
      ],
    },
    CustomerMetadataProperties: {
      useCase: 'surface-inspection',
      exportUri: `s3://models/pipelines/${execution.id}/export/`,
      datasetManifestUri: MANIFEST,
      pipelineExecutionId: execution.id,
      accuracy: '0.95',
      codeSha256: 'b'.repeat(64),
    },
  });
});

test.each<[string, Quality, string]>([
  ['accuracy', { ...GOOD, accuracy: 0.5 }, 'accuracy 0.5 (required: at least 0.8)'],
  ['recall of a class', { ...GOOD, recallDrop: 0.3 }, 'against the champion 0.3 (allowed: at most 0.1)'],
  ['int8', { ...GOOD, int8Drop: 0.2 }, 'fall in accuracy by int8 0.2 (allowed: at most 0.03)'],
])(
  'a model that is not good enough in %s ends in a message with the numbers',
  async (_name, quality, message) => {
    const { execution, packages } = await runWith(quality);
    expect(execution.status).toBe('Failed');
    expect(packages).toEqual([]);
    expect(execution.steps.get('FailQuality')?.failureReason).toContain(message);
  },
);

test('the gate moves with its parameters', async () => {
  const { execution } = await runWith(GOOD, { MinimumAccuracy: '0.96' });
  expect(execution.status).toBe('Failed');
});

test('jobs get their parameters as arguments, never inside the shell text', async () => {
  const hostile = 's3://models/$(touch /tmp/x)/model.tar.gz';
  const { requests } = await runWith(GOOD, { ChampionModelUri: hostile, Epochs: '3' });
  const [prepare, train, evaluate] = requests as [JsonObject, JsonObject, JsonObject];
  const specification = evaluate.AppSpecification as {
    ContainerEntrypoint: string[];
    ContainerArguments: string[];
  };
  expect(specification.ContainerEntrypoint.join(' ')).not.toContain('touch');
  expect(specification.ContainerArguments).toEqual([
    ...['--model', '/opt/ml/processing/input/model'],
    ...['--prepared', '/opt/ml/processing/input/prepared'],
    ...['--champion-uri', hostile],
    ...['--dataset-manifest-uri', MANIFEST],
    ...['--output', '/opt/ml/processing/output/evaluation'],
    ...['--use-case', 'surface-inspection'],
  ]);
  expect(train.HyperParameters).toEqual({
    sagemaker_program: 'kaizen_training/entry_point.py',
    sagemaker_submit_directory: 's3://assets/0123.gz',
    script: 'scripts/pytorch/inspect_surface.py',
    epochs: '3',
    learning_rate: String(local.training.learningRate),
    width_multiplier: String(local.training.widthMultiplier),
    seed: String(local.training.seed),
    champion_uri: hostile,
  });
  expect(prepare.ProcessingInputs).toContainEqual({
    InputName: 'manifest',
    S3Input: expect.objectContaining({ S3Uri: MANIFEST, LocalPath: '/opt/ml/processing/input/manifest' }),
  });
});
