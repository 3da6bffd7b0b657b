/** The training pipeline: Prepare -> Train (or Tune) -> Evaluate -> Export -> CheckQuality -> Register or FailQuality. */
import { s3Uri } from '../../contracts/s3-address';
import type { AppConfig } from '../shared/app-config';
import {
  atMost,
  ConditionStep,
  definePipeline,
  type Expression,
  executionVariable,
  FailStep,
  join,
  Parameter,
  ProcessingStep,
  RegisterModelStep,
  type RenderedPipeline,
  type RetryPolicy,
  TrainingStep,
  TuningStep,
  textOf,
  type Value,
} from './sagemaker-pipeline/define';
import type { TuningConfig } from './tuning-config';

const INPUT = '/opt/ml/processing/input';
const OUTPUT = '/opt/ml/processing/output';
const CODE = '/opt/ml/processing/code';
/** Same manifest, same code: same result. Longer than any weekly retraining, shorter than most life-cycle rules. */
const CACHE_FOR = 'P30D';
/** Part of the names of its jobs, by which the pipeline's role knows them. */
export const TUNING_STEP_NAME = 'Tune';
const ENTRY_POINT = 'kaizen_training/entry_point.py';
/** Hyperparameters that change the network itself: a trial with another one cannot start from the champion's weights. */
const STRUCTURAL_HYPERPARAMETERS = ['width_multiplier'];
const NO_CHAMPION = 'none';
/** Of configurations without `training.script`; the schema states the same default. */
const DEFAULT_SCRIPT = 'scripts/pytorch/inspect_surface.py';

export interface TrainingPipelineScope {
  readonly config: Pick<AppConfig, 'useCase' | 'training'>;
  readonly datasetBucketName: string;
  readonly modelBucketName: string;
  readonly modelPackageGroupName: string;
  /** S3 URI of sourcedir.tar.gz; its object's name ends in `.gz` (CDK keeps the last extension only). */
  readonly sourceUri: string;
  /** SHA-256 of sourcedir.tar.gz. */
  readonly sourceSha256: string;
  readonly roleArn: string;
  readonly encryptionKeyArn: string;
}

/** The job's own code is unpacked and what the image lacks is installed; then the step gets its arguments as they are. */
function entryPoint(module: string): string[] {
  const script = [
    `mkdir -p ${CODE}`,
    `tar -xzf ${INPUT}/code/*.gz -C ${CODE}`,
    `cd ${CODE}`,
    'python3 -m kaizen_training.bootstrap',
    `exec python3 -m kaizen_training.${module} "$@"`,
  ];
  return ['/bin/bash', '-c', script.join(' && '), module];
}

/** `{name: value}` -> `--name value`; an option with several values is repeated. */
const commandLine = (options: Readonly<Record<string, Value>>): Value[] =>
  Object.entries(options).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one: Value) => [`--${name}`, one]),
  );

function s3Input(name: string, uri: Value, localPath = `${INPUT}/${name}`): Value {
  return {
    InputName: name,
    S3Input: { S3Uri: uri, LocalPath: localPath, S3DataType: 'S3Prefix', S3InputMode: 'File' },
  };
}

function retryOf({ retry }: AppConfig['training']): { step: RetryPolicy; job: RetryPolicy } {
  return {
    step: { exceptionTypes: ['Step.SERVICE_FAULT', 'Step.THROTTLING'], ...retry },
    job: {
      exceptionTypes: [
        'SageMaker.JOB_INTERNAL_ERROR',
        'SageMaker.CAPACITY_ERROR',
        'SageMaker.RESOURCE_LIMIT',
      ],
      ...retry,
    },
  };
}

const PROBABILITY = { minimum: 0, maximum: 1 };

function parametersOf({ training }: TrainingPipelineScope['config']) {
  return {
    datasetManifestUri: new Parameter('DatasetManifestUri', 'String'),
    epochs: new Parameter('Epochs', 'Integer', training.epochs, { minimum: 1, maximum: 1000 }),
    learningRate: new Parameter('LearningRate', 'Float', training.learningRate, { minimum: 0, maximum: 1 }),
    widthMultiplier: new Parameter('WidthMultiplier', 'Float', training.widthMultiplier, {
      minimum: 0.1,
      maximum: 2,
    }),
    seed: new Parameter('Seed', 'Integer', training.seed, { minimum: 0, maximum: 2 ** 32 - 1 }),
    championModelUri: new Parameter('ChampionModelUri', 'String', NO_CHAMPION),
    minimumAccuracy: new Parameter('MinimumAccuracy', 'Float', training.minimumAccuracy, PROBABILITY),
    maximumRecallDrop: new Parameter('MaximumRecallDrop', 'Float', training.maximumRecallDrop, PROBABILITY),
    maximumInt8Drop: new Parameter('MaximumInt8Drop', 'Float', training.maximumInt8Drop, PROBABILITY),
  };
}

interface ProcessingOptions<Output extends string, File extends string> {
  readonly module: string;
  readonly description: string;
  readonly inputs: readonly Value[];
  readonly options: Readonly<Record<string, Value>>;
  readonly output: Output;
  readonly files?: Readonly<Record<File, { readonly output: Output; readonly path: string }>>;
  readonly cacheFor?: string;
}

/** Steps of one scope: what they share is said once. */
class StepFactory {
  private readonly retry;

  constructor(private readonly scope: TrainingPipelineScope) {
    this.retry = retryOf(scope.config.training);
  }

  /** Where a step of this execution puts what it makes. */
  private uri(folder: string): Expression {
    return join(
      '',
      s3Uri(this.scope.modelBucketName, 'pipelines/'),
      executionVariable('PipelineExecutionId'),
      folder,
    );
  }

  /** A processing step with one output, named as its folder. */
  processing<Output extends string, File extends string = never>(
    name: string,
    options: ProcessingOptions<Output, File>,
  ): ProcessingStep<Output, File> {
    const { training, useCase } = this.scope.config;
    const localPath = `${OUTPUT}/${options.output}`;
    const outputs = { [options.output]: { localPath, uri: this.uri(`/${options.output}`) } };
    return new ProcessingStep<Output, File>(name, {
      description: options.description,
      ...(options.cacheFor !== undefined && { cacheFor: options.cacheFor }),
      retry: [this.retry.step, this.retry.job],
      ...(options.files && { files: options.files }),
      outputs: outputs as Record<Output, { localPath: string; uri: Value }>,
      outputKmsKeyId: this.scope.encryptionKeyArn,
      arguments: {
        RoleArn: this.scope.roleArn,
        AppSpecification: {
          ImageUri: training.image,
          ContainerEntrypoint: entryPoint(options.module),
          ContainerArguments: commandLine({ ...options.options, output: localPath, 'use-case': useCase }),
        },
        ProcessingInputs: [s3Input('code', this.scope.sourceUri), ...options.inputs],
        ProcessingResources: {
          ClusterConfig: {
            InstanceCount: 1,
            InstanceType: training.instanceType,
            VolumeSizeInGB: training.volumeGigabytes,
          },
        },
        StoppingCondition: { MaxRuntimeInSeconds: training.timeoutMinutes * 60 },
      },
    });
  }

  /** The training toolkit starts the entry point, and that the user's script. */
  private trainingJob(prepared: Expression, hyperparameters: Readonly<Record<string, Value>>) {
    const { training } = this.scope.config;
    const channel = (channelName: string): Value => ({
      ChannelName: channelName,
      DataSource: {
        S3DataSource: {
          S3DataType: 'S3Prefix',
          S3Uri: prepared,
          S3DataDistributionType: 'FullyReplicated',
        },
      },
    });
    return {
      RoleArn: this.scope.roleArn,
      AlgorithmSpecification: { TrainingImage: training.image, TrainingInputMode: 'File' },
      HyperParameters: {
        sagemaker_program: ENTRY_POINT,
        sagemaker_submit_directory: this.scope.sourceUri,
        script: training.script ?? DEFAULT_SCRIPT,
        ...hyperparameters,
      },
      InputDataConfig: [channel('train'), channel('validation')],
      OutputDataConfig: { S3OutputPath: this.uri('/model'), KmsKeyId: this.scope.encryptionKeyArn },
      ResourceConfig: {
        InstanceCount: training.instanceCount,
        InstanceType: training.instanceType,
        VolumeSizeInGB: training.volumeGigabytes,
      },
      StoppingCondition: { MaxRuntimeInSeconds: training.timeoutMinutes * 60 },
      EnableInterContainerTrafficEncryption: training.instanceCount > 1,
    };
  }

  training(
    name: string,
    prepared: Expression,
    hyperparameters: Readonly<Record<string, Value>>,
  ): TrainingStep {
    return new TrainingStep(name, {
      description: 'Trains the model with the script of the use case',
      cacheFor: CACHE_FOR,
      retry: [this.retry.step, this.retry.job],
      arguments: { ...this.trainingJob(prepared, hyperparameters), ...this.spot(name) },
    });
  }

  /** Hyperparameters that are searched lose the value that they have here. */
  tuning(
    name: string,
    tuning: TuningConfig,
    prepared: Expression,
    hyperparameters: Readonly<Record<string, Value>>,
  ): TuningStep {
    const fixed = Object.entries(hyperparameters).filter(([key]) => !Object.hasOwn(tuning.ranges, key));
    const changesNetwork = STRUCTURAL_HYPERPARAMETERS.some((key) => Object.hasOwn(tuning.ranges, key));
    return new TuningStep(name, {
      ...tuning,
      description: 'Searches the hyperparameters; the best trial goes on',
      cacheFor: CACHE_FOR,
      retry: [this.retry.step, this.retry.job],
      randomSeed: this.scope.config.training.seed,
      trainingJob: this.trainingJob(prepared, {
        ...Object.fromEntries(fixed),
        ...(changesNetwork && { champion_uri: NO_CHAMPION }),
      }),
    });
  }

  /**
   * Nothing on demand. On spot, with a checkpoint folder of the step's own, so that a job that is retried within an
   * execution goes on as well.
   */
  private spot(stepName: string): Readonly<Record<string, Value>> {
    const { timeoutMinutes, spot } = this.scope.config.training;
    if (!spot) return {};
    const runtime = { MaxRuntimeInSeconds: timeoutMinutes * 60 };
    return {
      StoppingCondition: { ...runtime, MaxWaitTimeInSeconds: spot.maximumWaitMinutes * 60 },
      EnableManagedSpotTraining: true,
      CheckpointConfig: { S3Uri: this.uri(`/checkpoints/${stepName}`) },
    };
  }

  register(
    name: string,
    modelDataUrl: Expression,
    evaluationUri: Expression,
    metadata: Readonly<Record<string, Value>>,
  ): RegisterModelStep {
    const { useCase, training } = this.scope.config;
    return new RegisterModelStep(name, {
      description: 'Registers the model; a person approves it before anything is released',
      retry: [this.retry.step],
      arguments: {
        ModelPackageGroupName: this.scope.modelPackageGroupName,
        ModelPackageDescription: `Model of ${useCase}`,
        ModelApprovalStatus: 'PendingManualApproval',
        InferenceSpecification: {
          Containers: [{ Image: training.image, ModelDataUrl: modelDataUrl }],
          SupportedContentTypes: ['image/jpeg', 'image/png'],
          SupportedResponseMIMETypes: ['application/json'],
        },
        ModelMetrics: {
          ModelQuality: {
            Statistics: {
              ContentType: 'application/json',
              S3Uri: join('/', evaluationUri, 'evaluation.json'),
            },
          },
        },
        CustomerMetadataProperties: {
          useCase,
          exportUri: this.uri('/export/'),
          pipelineExecutionId: executionVariable('PipelineExecutionId'),
          codeSha256: this.scope.sourceSha256,
          ...metadata,
        },
      },
    });
  }
}

/** Hyperparameter of the script -> the parameter that an execution gives it by. */
const hyperparametersOf = (parameters: ReturnType<typeof parametersOf>): Record<string, Parameter> => ({
  epochs: parameters.epochs,
  learning_rate: parameters.learningRate,
  width_multiplier: parameters.widthMultiplier,
  seed: parameters.seed,
  champion_uri: parameters.championModelUri,
});

/** What a job gets, as text; where a search chooses the value there is no parameter, and its default goes. */
function textsOf(
  hyperparameters: Readonly<Record<string, Parameter>>,
  tuning?: TuningConfig,
): Record<string, Value> {
  const text = (name: string, parameter: Parameter): Value => {
    if (tuning && name in tuning.ranges) return String(parameter.defaultValue);
    return parameter.type === 'String' ? parameter : textOf(parameter);
  };
  return Object.fromEntries(
    Object.entries(hyperparameters).map(([name, parameter]) => [name, text(name, parameter)]),
  );
}

/** The model of the one training job, or of the best of a search. */
function trainedModel(
  steps: StepFactory,
  tuning: TuningConfig | undefined,
  hyperparameters: Readonly<Record<string, Parameter>>,
  prepared: Expression,
): Expression {
  const texts = textsOf(hyperparameters);
  if (tuning === undefined) {
    return steps.training('Train', prepared, texts).property('ModelArtifacts.S3ModelArtifacts');
  }
  return steps.tuning(TUNING_STEP_NAME, tuning, prepared, texts).bestModel();
}

/** The definition, ready for `PipelineDefinitionBody`; CDK tokens in the scope stay tokens. */
export function trainingPipelineDefinition(scope: TrainingPipelineScope): RenderedPipeline {
  const parameters = parametersOf(scope.config);
  const steps = new StepFactory(scope);
  const dataset = s3Uri(scope.datasetBucketName, 'images/');

  const prepare = steps.processing('Prepare', {
    module: 'prepare',
    description: 'Decodes the images of the manifest into one archive per split',
    cacheFor: CACHE_FOR,
    inputs: [
      s3Input('dataset', dataset, `${INPUT}/dataset/images`),
      s3Input('manifest', parameters.datasetManifestUri),
    ],
    options: {
      'manifest-uri': parameters.datasetManifestUri,
      manifest: `${INPUT}/manifest`,
      input: `${INPUT}/dataset`,
    },
    output: 'prepared',
  });
  const hyperparameters = hyperparametersOf(parameters);
  const { tuning, cloudVariant } = scope.config.training;
  const model = trainedModel(steps, tuning, hyperparameters, prepare.output('prepared'));
  const trainCloud =
    cloudVariant &&
    steps.training('TrainCloudVariant', prepare.output('prepared'), {
      ...textsOf(hyperparameters, tuning),
      width_multiplier: String(cloudVariant.widthMultiplier),
      // The cloud's champion is not the devices': the larger network starts afresh every time.
      champion_uri: NO_CHAMPION,
    });
  const modelInputs = [s3Input('model', model), s3Input('prepared', prepare.output('prepared'))];
  const modelOptions = { model: `${INPUT}/model`, prepared: `${INPUT}/prepared` };

  const evaluate = steps.processing('Evaluate', {
    module: 'evaluate',
    description: 'Scores the untouched test split, beside the champion',
    inputs: modelInputs,
    options: {
      ...modelOptions,
      'champion-uri': parameters.championModelUri,
      'dataset-manifest-uri': parameters.datasetManifestUri,
    },
    output: 'evaluation',
  });
  const exportModel = steps.processing('Export', {
    module: 'export',
    description: 'Writes ONNX in fp32 and int8, checks parity, and holds every number to its limit',
    inputs: [
      ...modelInputs,
      s3Input('evaluation', evaluate.output('evaluation')),
      ...(trainCloud ? [s3Input('cloud-model', trainCloud.property('ModelArtifacts.S3ModelArtifacts'))] : []),
    ],
    options: {
      ...modelOptions,
      ...(trainCloud && { 'cloud-model': `${INPUT}/cloud-model` }),
      evaluation: `${INPUT}/evaluation`,
      'minimum-accuracy': textOf(parameters.minimumAccuracy),
      'maximum-recall-drop': textOf(parameters.maximumRecallDrop),
      'maximum-int8-drop': textOf(parameters.maximumInt8Drop),
      'hardware-class': Object.entries(scope.config.training.hardwareClasses).map(([name, hardwareClass]) =>
        JSON.stringify({ name, ...hardwareClass }),
      ),
    },
    output: 'export',
    files: { gate: { output: 'export', path: 'gate.json' } },
  });

  const accuracy = exportModel.jsonGet('gate', 'accuracy');
  const register = steps.register('Register', model, evaluate.output('evaluation'), {
    datasetManifestUri: parameters.datasetManifestUri,
    accuracy: textOf(accuracy),
  });
  const failQuality = new FailStep('FailQuality', {
    description: 'Says which numbers were not good enough, and by how much',
    message: textOf(exportModel.jsonGet('gate', 'message')),
  });
  // The Export step has compared every number with its limit and says so in words, which conditions cannot.
  const checkQuality = new ConditionStep('CheckQuality', {
    description:
      'The gate: good enough, no class lost, quantisation harmless, within the budget of the hardware',
    conditions: [atMost(exportModel.jsonGet('gate', 'failures'), 0)],
    ifTrue: [register],
    ifFalse: [failQuality],
  });
  // A value that the search chooses is nothing that an execution could give.
  const searched = Object.keys(tuning?.ranges ?? {}).map((name) => hyperparameters[name]);
  return definePipeline(
    [checkQuality],
    Object.values(parameters).filter((parameter) => !searched.includes(parameter)),
  );
}
