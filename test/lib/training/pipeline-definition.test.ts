/** Our pipeline, checked by the service that runs it locally: schema, references, requests, gate. */
import {
  flatten,
  JobMetrics,
  type JsonObject,
  parsePipelineDefinition,
  rehearsePipeline,
} from '@kaizen-edge/local-aws';
import { local } from '../../../config/local';
import type { AppConfig } from '../../../contracts';
import { trainingPipelineDefinition } from '../../../lib/training/pipeline-definition';
import type { TrainingPipelineScope } from '../../../lib/training/step-factory';
import type { HyperparameterRange } from '../../../lib/training/tuning-config';

const roleOf = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const ROLES = {
  prepare: roleOf('prepare'),
  train: roleOf('train'),
  evaluate: roleOf('evaluate'),
  export: roleOf('export'),
};
const MANIFEST = `s3://dataset/manifests/accepted/${'a'.repeat(64)}.jsonl`;

const SCOPE: TrainingPipelineScope = {
  config: local,
  datasetBucketName: 'dataset',
  modelBucketName: 'models',
  modelPackageGroupName: 'kaizen-local--surface-inspection',
  sourceUri: 's3://assets/0123.gz',
  sourceSha256: 'b'.repeat(64),
  jobRoleArns: ROLES,
  encryptionKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k',
};
const TUNING = {
  strategy: 'Bayesian',
  maximumJobs: 4,
  parallelJobs: 2,
  earlyStopping: 'Auto',
  objective: {
    metric: 'validation:accuracy',
    regex: 'KAIZEN_PROGRESS .*"accuracy": ([0-9.]+)',
    goal: 'Maximize',
  },
  ranges: { learning_rate: { type: 'Continuous', minimum: 0.01, maximum: 0.3, scaling: 'Logarithmic' } },
} satisfies AppConfig['training']['tuning'];

const define = (tuning?: AppConfig['training']['tuning']) =>
  trainingPipelineDefinition({
    ...SCOPE,
    config: { ...local, training: { ...local.training, ...(tuning && { tuning }) } },
  });
const definition = define();
const text = JSON.stringify(definition);

/** What the Export step leaves in gate.json. */
interface Gate {
  readonly failures: number;
  readonly message: string;
  readonly accuracy: number;
  readonly exportSha256?: string;
}

/** Runs the definition with jobs that succeed at once and leave these findings; requests are checked as AWS would. */
function runWith(gate: Gate, parameters: Record<string, string> = {}, definitionText = text, executions = 1) {
  return rehearsePipeline({
    executions,
    definition: definitionText,
    parameters: { DatasetManifestUri: MANIFEST, ...parameters },
    readJson: (uri) => {
      if (!uri.endsWith('/export/gate.json')) throw new Error(`${uri} is not there`);
      return { ...gate };
    },
  });
}

const GOOD: Gate = {
  failures: 0,
  message: 'the model keeps all 8 limits',
  accuracy: 0.95,
  exportSha256: 'e'.repeat(64),
};

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
    { Name: 'ChampionCloudModelUri', Type: 'String', DefaultValue: 'none' },
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
    ModelPackageGroupName: 'kaizen-local--surface-inspection',
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
      exportSha256: 'e'.repeat(64),
    },
  });
});

test('a model that the gate refuses ends in the sentence of the gate, and is not registered', async () => {
  const message = 'the model is not good enough: accuracy 0.781 is below the required 0.800 by 0.019';
  const { execution, packages } = await runWith({ failures: 2, message, accuracy: 0.781 });
  expect(execution.status).toBe('Failed');
  expect(packages).toEqual([]);
  expect(execution.steps.get('FailQuality')?.failureReason).toContain(message);
});

const argumentsOf = (request: JsonObject | undefined): string[] =>
  (request?.AppSpecification as { ContainerArguments: string[] } | undefined)?.ContainerArguments ?? [];

/** Values of a repeated option. */
const valuesOf = (commandLine: string[], option: string): string[] =>
  commandLine.flatMap((part, index) => (commandLine[index - 1] === option ? [part] : []));

test('the gate moves with its parameters, and knows the hardware classes', async () => {
  const { requests } = await runWith(GOOD, { MinimumAccuracy: '0.96' });
  const commandLine = argumentsOf(requests.at(-1));
  expect(valuesOf(commandLine, '--minimum-accuracy')).toEqual(['0.96']);
  expect(valuesOf(commandLine, '--maximum-recall-drop')).toEqual([String(local.training.maximumRecallDrop)]);
  expect(valuesOf(commandLine, '--maximum-int8-drop')).toEqual([String(local.training.maximumInt8Drop)]);
  expect(valuesOf(commandLine, '--hardware-class').map((json) => JSON.parse(json))).toEqual(
    Object.entries(local.training.hardwareClasses).map(([name, values]) => ({ name, ...values })),
  );
});

test('[B27] Prepare is told what networks see, in full, where it is configured; elsewhere it has its defaults', async () => {
  const policyIn = async (imagePolicy: AppConfig['imagePolicy']) => {
    const config = { ...local, ...(imagePolicy && { imagePolicy }) };
    const { requests } = await runWith(
      GOOD,
      {},
      JSON.stringify(trainingPipelineDefinition({ ...SCOPE, config })),
    );
    return valuesOf(argumentsOf(requests[0]), '--image-policy').map((json) => JSON.parse(json));
  };
  expect(await policyIn(undefined)).toEqual([]);
  const region = { x: 0.25, y: 0, width: 0.5, height: 1 };
  expect(await policyIn({ width: 512, region })).toEqual([
    { width: 512, height: 128, fit: 'stretch', colour: 'rgb', region },
  ]);
});

test('[S10] a larger network for the cloud is trained beside the other one, and exported with it', async () => {
  const training = { ...local.training, cloudVariant: { widthMultiplier: 1 } };
  const withCloud = trainingPipelineDefinition({ ...SCOPE, config: { ...local, training } });
  const { execution, requests, packages } = await runWith(GOOD, {}, JSON.stringify(withCloud));
  expect(execution.status).toBe('Succeeded');
  expect(packages[0]?.CustomerMetadataProperties).toMatchObject({
    cloudModelUri: expect.stringMatching(/^s3:\/\/models\/.*-TrainCloudVariant-.*model.tar.gz$/),
    cloudWidthMultiplier: '1',
  });
  const widths = requests.flatMap(({ HyperParameters }) =>
    HyperParameters ? [(HyperParameters as { width_multiplier: string }).width_multiplier] : [],
  );
  expect(widths.sort()).toEqual([String(local.training.widthMultiplier), '1'].sort());
  expect(valuesOf(argumentsOf(requests.at(-1)), '--cloud-model')).toEqual([
    '/opt/ml/processing/input/cloud-model',
  ]);
  expect(requests.at(-1)?.ProcessingInputs).toContainEqual({
    InputName: 'cloud-model',
    S3Input: expect.objectContaining({ S3Uri: expect.stringMatching(/-TrainCloudVariant-.*model.tar.gz$/) }),
  });
});

test('[S10] each network starts from its own champion', async () => {
  const training = { ...local.training, cloudVariant: { widthMultiplier: 1 } };
  const withCloud = JSON.stringify(trainingPipelineDefinition({ ...SCOPE, config: { ...local, training } }));
  const startsOf = async (parameters: Record<string, string>) => {
    const { requests } = await runWith(GOOD, parameters, withCloud);
    return Object.fromEntries(
      requests.flatMap(({ HyperParameters }) => {
        const { width_multiplier: width, champion_uri: champion } = (HyperParameters ?? {}) as JsonObject;
        return width === undefined ? [] : [[String(width), champion]];
      }),
    );
  };
  const [device, cloud] = [
    's3://models/pipelines/1/model/d.tar.gz',
    's3://models/pipelines/1/model/c.tar.gz',
  ];
  expect(await startsOf({ ChampionModelUri: device, ChampionCloudModelUri: cloud })).toEqual({
    [String(local.training.widthMultiplier)]: device,
    1: cloud,
  });
  // A champion without one: from nothing.
  expect(await startsOf({ ChampionModelUri: device })).toMatchObject({ 1: 'none' });
});

test('without a larger network, nothing is said of one', async () => {
  const { packages } = await runWith(GOOD, { ChampionCloudModelUri: 's3://models/c.tar.gz' });
  expect(Object.keys(packages[0]?.CustomerMetadataProperties ?? {})).not.toContain('cloudModelUri');
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
    InputName: 'dataset',
    S3Input: expect.objectContaining({
      S3Uri: `${MANIFEST}.objects.json`,
      S3DataType: 'ManifestFile',
      LocalPath: '/opt/ml/processing/input/dataset',
    }),
  });
});

test('[S6] with a search configured the best trial goes on to evaluation, export and registry', async () => {
  const tuned = define(TUNING);
  expect(tuned.Steps.map(({ Name }) => Name)).toEqual([
    'Prepare',
    'Tune',
    'Evaluate',
    'Export',
    'CheckQuality',
  ]);
  const { execution, requests, packages } = await runWith(GOOD, {}, JSON.stringify(tuned));
  expect(execution.status).toBe('Succeeded');
  const [, tune, evaluate, exported] = requests as [JsonObject, JsonObject, JsonObject, JsonObject];
  const name = execution.steps.get('Tune')?.metadata.TuningJob;
  const tuningJobName = String((name as JsonObject).Arn).replace('arn:', '');
  expect(tuningJobName).toMatch(/^[a-z0-9]{12}-Tune-[a-z0-9]{10}$/);
  const best = `s3://models/pipelines/${execution.id}/model/${tuningJobName}-003-0a1b2c3d/output/model.tar.gz`;
  expect(packages[0]?.InferenceSpecification).toMatchObject({ Containers: [{ ModelDataUrl: best }] });
  for (const { ProcessingInputs } of [evaluate, exported]) {
    expect(ProcessingInputs).toContainEqual({
      InputName: 'model',
      S3Input: expect.objectContaining({ S3Uri: best }),
    });
  }
  expect(tune).toMatchObject({
    HyperParameterTuningJobConfig: { RandomSeed: local.training.seed },
    TrainingJobDefinition: {
      RoleArn: ROLES.train,
      StaticHyperParameters: {
        script: 'scripts/pytorch/inspect_surface.py',
        epochs: String(local.training.epochs),
        champion_uri: 'none',
      },
    },
  });
  expect(JSON.stringify(tune)).not.toMatch(/"learning_rate":/);
});

test('[S6] what is searched is no parameter, and a trial of another width does not start from the champion', async () => {
  const names = (pipeline: typeof definition) =>
    (pipeline.Parameters as { Name: string }[]).map((p) => p.Name);
  expect(names(definition)).toContain('LearningRate');
  expect(names(define(TUNING))).not.toContain('LearningRate');
  const staticOf = async (tuning: AppConfig['training']['tuning']) => {
    const { requests } = await runWith(
      GOOD,
      { ChampionModelUri: 's3://models/champion.tar.gz' },
      JSON.stringify(define(tuning)),
    );
    return ((requests[1]?.TrainingJobDefinition ?? {}) as JsonObject).StaticHyperParameters;
  };
  expect(await staticOf(TUNING)).toMatchObject({ champion_uri: 's3://models/champion.tar.gz' });
  const width: HyperparameterRange = { type: 'Categorical', values: ['0.35', '0.5'] };
  expect(await staticOf({ ...TUNING, ranges: { width_multiplier: width } })).toMatchObject({
    champion_uri: 'none',
  });
});

test("[S6] the configured pattern finds the accuracy in the script's own progress line", () => {
  const progress = { epoch: 1, epochs: 8, loss: 0.4321, accuracy: 0.9125, secondsLeft: 12.3 };
  // As Python's json.dumps writes it.
  const line = `KAIZEN_PROGRESS ${JSON.stringify(progress).replaceAll(':', ': ').replaceAll(',', ', ')}`;
  const metrics = new JobMetrics({
    MetricDefinitions: [{ Name: TUNING.objective.metric, Regex: TUNING.objective.regex }],
  });
  expect(metrics.observe(line, new Date(0))).toBe(true);
  expect(metrics.final).toMatchObject([{ MetricName: 'validation:accuracy', Value: 0.9125 }]);
});

test('[S1] [S5] the configuration names the training script', () => {
  const training = { ...local.training, script: 'scripts/mxnet-gluon/model_zoo.py' };
  const rendered = trainingPipelineDefinition({ ...SCOPE, config: { ...local, training } });
  const plan = flatten(parsePipelineDefinition(JSON.stringify(rendered)));
  const train = plan.find(({ step }) => step.Name === 'Train');
  expect(train?.step).toMatchObject({
    Arguments: { HyperParameters: { script: 'scripts/mxnet-gluon/model_zoo.py' } },
  });
});

describe('[S1] hyperparameters of the configuration', () => {
  const hyperparameters = { optimizer: 'adam', dropout: 0.5, nesterov: true, version: '3' };
  const withFree = (changes: Partial<AppConfig['training']> = {}) =>
    trainingPipelineDefinition({
      ...SCOPE,
      config: { ...local, training: { ...local.training, hyperparameters, ...changes } },
    });

  test('reach Train as text that the toolkit reads back as what they are, beside the built-in ones', async () => {
    const { requests } = await runWith(GOOD, {}, JSON.stringify(withFree()));
    expect(requests[1]?.HyperParameters).toMatchObject({
      epochs: String(local.training.epochs),
      optimizer: 'adam',
      dropout: '0.5',
      nesterov: 'true',
      version: '"3"',
    });
  });

  test('may have another value in an execution', async () => {
    const { requests } = await runWith(GOOD, { Hyperparameter_optimizer: 'sgd' }, JSON.stringify(withFree()));
    expect(requests[1]?.HyperParameters).toMatchObject({ optimizer: 'sgd', dropout: '0.5' });
  });

  test('reach the larger network of the cloud too', async () => {
    const rendered = withFree({ cloudVariant: { widthMultiplier: 1 } });
    const { requests } = await runWith(GOOD, {}, JSON.stringify(rendered));
    const trainings = requests.flatMap(({ HyperParameters }) => (HyperParameters ? [HyperParameters] : []));
    expect(trainings).toHaveLength(2);
    for (const training of trainings) expect(training).toMatchObject({ optimizer: 'adam' });
  });

  test('[S6] that are searched are left to the search', async () => {
    const optimizer: HyperparameterRange = { type: 'Categorical', values: ['adam', 'sgd'] };
    const rendered = withFree({ tuning: { ...TUNING, ranges: { optimizer } } });
    expect((rendered.Parameters as { Name: string }[]).map(({ Name }) => Name)).not.toContain(
      'Hyperparameter_optimizer',
    );
    const { requests } = await runWith(GOOD, {}, JSON.stringify(rendered));
    const { StaticHyperParameters } = (requests[1]?.TrainingJobDefinition ?? {}) as JsonObject;
    expect(StaticHyperParameters).toMatchObject({ dropout: '0.5' });
    expect(StaticHyperParameters).not.toHaveProperty('optimizer');
  });

  test('have checkpoints of their own: the same value under another name is another training', () => {
    const folderOf = (free: AppConfig['training']['hyperparameters']) => {
      const rendered = withFree({
        spot: { maximumWaitMinutes: 90 },
        ...(free && { hyperparameters: free }),
      });
      const plan = flatten(parsePipelineDefinition(JSON.stringify(rendered)));
      const step = plan.find(({ step: { Name } }) => Name === 'Train')?.step;
      const { CheckpointConfig } = (step?.Arguments ?? {}) as JsonObject;
      return JSON.stringify(CheckpointConfig).split('Hyperparameter_')[0];
    };
    expect(folderOf({ a: 1 })).not.toBe(folderOf({ b: 1 }));
    expect(folderOf({ a: 1 })).toBe(folderOf({ a: 2 }));
    expect(folderOf({ a: 1 })).toContain('checkpoints');
  });
});

describe('[S1] the capacity of the Train step', () => {
  const trainingStep = (training: Partial<AppConfig['training']>) => {
    const rendered = trainingPipelineDefinition({
      ...SCOPE,
      config: { ...local, training: { ...local.training, ...training } },
    });
    const plan = flatten(parsePipelineDefinition(JSON.stringify(rendered)));
    return plan.find(({ step }) => step.Name === 'Train')?.step.Arguments as JsonObject;
  };

  test('is on demand without training.spot', () => {
    const step = trainingStep({ timeoutMinutes: 30 });
    expect(step.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 1800 });
    expect(step).not.toHaveProperty('EnableManagedSpotTraining');
    expect(step).not.toHaveProperty('CheckpointConfig');
  });

  const spot = { timeoutMinutes: 30, spot: { maximumWaitMinutes: 90 } };

  test('is spot with it', () => {
    const step = trainingStep(spot);
    expect(step.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 1800, MaxWaitTimeInSeconds: 5400 });
    expect(step.EnableManagedSpotTraining).toBe(true);
  });

  test('[C14] keeps checkpoints by what is trained, so that the step cache knows a training again', () => {
    const { CheckpointConfig, HyperParameters } = trainingStep(spot) as Record<string, JsonObject>;
    const joined = JSON.stringify(CheckpointConfig?.S3Uri);
    expect(joined).not.toContain('Execution.');
    expect(joined).toMatch(
      /"s3:\/\/models\/pipelines",\{"Get":"Steps\.Prepare\.ProcessingJobName"\},"checkpoints","Train"/,
    );
    const { sagemaker_program, sagemaker_submit_directory, script, ...trained } =
      HyperParameters as JsonObject;
    for (const value of Object.values(trained)) expect(joined).toContain(JSON.stringify(value));
  });

  test.each([
    ['on demand', undefined],
    ['on spot', { maximumWaitMinutes: 90 }],
  ])('[C14] is not used twice for the same training, %s', async (_capacity, capacity) => {
    const training = { ...local.training, ...(capacity && { spot: capacity }) };
    const rendered = trainingPipelineDefinition({ ...SCOPE, config: { ...local, training } });
    const { execution } = await runWith(GOOD, {}, JSON.stringify(rendered), 2);
    expect(execution.status).toBe('Succeeded');
    const reused = [...execution.steps.values()].filter(({ cachedFrom }) => cachedFrom !== undefined);
    expect(reused.map(({ step }) => step.Name)).toEqual(['Prepare', 'Train']);
  });

  test.each<Partial<AppConfig['training']>>([
    { script: 'scripts/minimal/classify_images.py' },
    { image: local.training.image.replace('2.13', '2.14') },
    { instanceCount: 2 },
  ])('[C14] keeps the checkpoints of another training apart: %j', (other) => {
    expect(trainingStep({ ...spot, ...other }).CheckpointConfig).not.toEqual(
      trainingStep(spot).CheckpointConfig,
    );
  });
});

describe('[C14] where jobs run', () => {
  const NO_CHAMPION = 's3://assets/none.none';
  const VPC = { subnets: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
  const KEY = 'arn:aws:kms:us-east-1:000000000000:key/volumes';
  const requestsWith = async (
    training: Partial<AppConfig['training']>,
    parameters: Record<string, string> = {},
  ) => {
    const rendered = trainingPipelineDefinition({
      ...SCOPE,
      ...(training.network?.isolation && { noChampionUri: NO_CHAMPION }),
      config: { ...local, training: { ...local.training, ...training } },
    });
    const { execution, requests } = await runWith(GOOD, parameters, JSON.stringify(rendered));
    expect(execution.status).toBe('Succeeded');
    return requests;
  };
  const isolation = { python: '3.12' } as const;
  interface Channel {
    readonly ChannelName: string;
    readonly DataSource: { readonly S3DataSource: { readonly S3Uri: string } };
  }
  const urisOf = (train: JsonObject | undefined) =>
    Object.fromEntries(
      ((train?.InputDataConfig ?? []) as unknown as Channel[]).map(({ ChannelName, DataSource }) => [
        ChannelName,
        DataSource.S3DataSource.S3Uri,
      ]),
    );

  test('is not said without settings', async () => {
    for (const request of await requestsWith({})) {
      expect(JSON.stringify(request)).not.toMatch(
        /NetworkConfig|EnableNetworkIsolation|VpcConfig|VolumeKmsKeyId/,
      );
    }
  });

  test('is a VPC, with a key for the volumes, in every job', async () => {
    const [prepare, train, evaluate, exported] = await requestsWith({
      network: { vpc: VPC },
      volumeKeyArn: KEY,
    });
    const VpcConfig = { Subnets: VPC.subnets, SecurityGroupIds: VPC.securityGroupIds };
    expect(train).toMatchObject({ VpcConfig, ResourceConfig: { VolumeKmsKeyId: KEY } });
    expect(train).not.toHaveProperty('EnableNetworkIsolation');
    for (const processing of [prepare, evaluate, exported]) {
      expect(processing).toMatchObject({
        NetworkConfig: { VpcConfig },
        ProcessingResources: { ClusterConfig: { VolumeKmsKeyId: KEY } },
      });
    }
  });

  test('is no network: code and champion are inputs, and nothing is left to be downloaded', async () => {
    const [prepare, train, evaluate, exported] = await requestsWith(
      { network: { isolation } },
      { ChampionModelUri: 's3://models/champion/model.tar.gz' },
    );
    expect(train?.EnableNetworkIsolation).toBe(true);
    for (const processing of [prepare, evaluate, exported]) {
      expect(processing?.NetworkConfig).toEqual({ EnableNetworkIsolation: true });
    }
    expect(urisOf(train)).toMatchObject({
      code: 's3://assets/0123.gz',
      champion: 's3://models/champion/model.tar.gz',
    });
    expect(train?.HyperParameters).toMatchObject({
      sagemaker_submit_directory: '/opt/ml/input/data/code/0123.gz',
    });
    expect(JSON.stringify(train?.HyperParameters)).not.toContain('s3://');
    expect(valuesOf(argumentsOf(evaluate), '--champion')).toEqual(['/opt/ml/processing/input/champion']);
    expect(valuesOf(argumentsOf(evaluate), '--champion-uri')).toEqual([]);
    expect(evaluate?.ProcessingInputs).toContainEqual({
      InputName: 'champion',
      S3Input: expect.objectContaining({
        S3Uri: 's3://models/champion/model.tar.gz',
        LocalPath: '/opt/ml/processing/input/champion',
      }),
    });
  });

  test('is no network: the first execution has a file in the place of its champion', async () => {
    const [, train] = await requestsWith({ network: { isolation } });
    expect(urisOf(train).champion).toBe(NO_CHAMPION);
  });

  test.each([
    ['its own champion', { ChampionCloudModelUri: 's3://models/cloud.tar.gz' }, 's3://models/cloud.tar.gz'],
    ['a file where there is none', {}, NO_CHAMPION],
  ])('[S10] is no network: the larger network has a channel with %s', async (_, parameters, expected) => {
    const requests = await requestsWith(
      { network: { isolation }, cloudVariant: { widthMultiplier: 1 } },
      { ChampionModelUri: 's3://models/devices.tar.gz', ...parameters },
    );
    const [larger] = requests.filter(
      ({ HyperParameters }) => (HyperParameters as JsonObject | undefined)?.width_multiplier === '1',
    );
    expect(urisOf(larger).champion).toBe(expected);
  });

  test.each([
    [1, false],
    [2, true],
  ])('of %i hosts encrypts what they say to each other: %p', async (instanceCount, encrypted) => {
    const [, train] = await requestsWith({ instanceCount });
    expect(train?.EnableInterContainerTrafficEncryption).toBe(encrypted);
  });
});
