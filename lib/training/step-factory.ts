/** Steps of the training pipeline as SageMaker takes them: images, instances, channels, keys and retries. */

import { createHash } from 'node:crypto';
import { s3Uri } from '../../contracts/s3-address';
import { EXECUTION_FOLDERS, type ExecutionFolder, PIPELINE_PREFIX } from '../../lambda/training/names';
import type { AppConfig } from '../shared/app-config';
import { costTags } from '../shared/stack-props';
import { isIsolated, processingNetwork, trainingNetwork, volumeOf } from './job-network';
import type { JobName, JobRoleArns } from './job-roles';
import { NO_CHAMPION } from './pipeline-parameters';
import { type Expression, executionVariable, join, type Value } from './sagemaker-pipeline/expression';
import {
  ProcessingStep,
  RegisterModelStep,
  type RetryPolicy,
  TrainingStep,
} from './sagemaker-pipeline/steps';
import { TuningStep } from './sagemaker-pipeline/tuning-step';
import type { TuningConfig } from './tuning-config';

export const INPUT = '/opt/ml/processing/input';
const OUTPUT = '/opt/ml/processing/output';
const CODE = '/opt/ml/processing/code';
/** Same manifest, same code: same result. Longer than any weekly retraining, shorter than most life-cycle rules. */
export const CACHE_FOR = 'P30D';
const ENTRY_POINT = 'kaizen_training/entry_point.py';
/** Hyperparameters that change the network itself: a trial with another one cannot start from the champion's weights. */
const STRUCTURAL_HYPERPARAMETERS = ['width_multiplier'];
/** Of configurations without `training.script`; the schema states the same default. */
const DEFAULT_SCRIPT = 'scripts/pytorch/inspect_surface.py';

export interface TrainingPipelineScope {
  readonly config: Pick<
    AppConfig,
    'environmentName' | 'useCase' | 'imagePolicy' | 'training' | 'dispositionPolicy'
  >;
  readonly datasetBucketName: string;
  readonly modelBucketName: string;
  readonly modelPackageGroupName: string;
  /** S3 URI of sourcedir.tar.gz; its object's name ends in `.gz` (CDK keeps the last extension only). */
  readonly sourceUri: string;
  /** SHA-256 of sourcedir.tar.gz. */
  readonly sourceSha256: string;
  /** S3 URI of what stands in the champion's place where there is none; with network isolation only. */
  readonly noChampionUri?: string;
  readonly jobRoleArns: JobRoleArns;
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

/** @param S3DataType `S3Prefix`: what lies there; `ManifestFile`: what the object there lists */
export function s3Input(
  name: string,
  uri: Value,
  S3DataType: 'S3Prefix' | 'ManifestFile' = 'S3Prefix',
): Value {
  return {
    InputName: name,
    S3Input: { S3Uri: uri, LocalPath: `${INPUT}/${name}`, S3DataType, S3InputMode: 'File' },
  };
}

const channel = (name: string, uri: Value): Value => ({
  ChannelName: name,
  DataSource: {
    S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' },
  },
});

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

interface ProcessingOptions<Output extends ExecutionFolder, File extends string> {
  /** Module of `kaizen_training`, and the name of its role. */
  readonly module: Exclude<JobName, 'train'>;
  readonly description: string;
  readonly inputs: readonly Value[];
  readonly options: Readonly<Record<string, Value>>;
  readonly output: Output;
  readonly files?: Readonly<Record<File, { readonly output: Output; readonly path: string }>>;
  readonly cacheFor?: string;
}

/** What the Prepare step has made. */
export interface PreparedData {
  readonly uri: Expression;
  /** Name of the job that made it; the same as long as the data is. */
  readonly jobName: Expression;
}

/** Steps of one scope: what they share is said once. */
export class StepFactory {
  private readonly retry;
  /** Nothing else carries the tags of the stack to the jobs, which are the largest item of the bill. */
  private readonly tags;

  constructor(private readonly scope: TrainingPipelineScope) {
    this.retry = retryOf(scope.config.training);
    this.tags = Object.entries(costTags(scope.config)).map(([Key, Value]) => ({ Key, Value }));
  }

  /** Where a step of this execution puts what it makes. */
  private uri(folder: ExecutionFolder, below = ''): Expression {
    return join(
      '',
      s3Uri(this.scope.modelBucketName, PIPELINE_PREFIX),
      executionVariable('PipelineExecutionId'),
      `/${folder}${below}`,
    );
  }

  /** A processing step with one output, named as its folder. */
  processing<Output extends ExecutionFolder, File extends string = never>(
    name: string,
    options: ProcessingOptions<Output, File>,
  ): ProcessingStep<Output, File> {
    const { training, useCase } = this.scope.config;
    const localPath = `${OUTPUT}/${options.output}`;
    const outputs = { [options.output]: { localPath, uri: this.uri(options.output) } };
    return new ProcessingStep<Output, File>(name, {
      description: options.description,
      ...(options.cacheFor !== undefined && { cacheFor: options.cacheFor }),
      retry: [this.retry.step, this.retry.job],
      ...(options.files && { files: options.files }),
      outputs: outputs as Record<Output, { localPath: string; uri: Value }>,
      outputKmsKeyId: this.scope.encryptionKeyArn,
      arguments: {
        RoleArn: this.scope.jobRoleArns[options.module],
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
            ...volumeOf(training),
          },
        },
        ...processingNetwork(training),
        StoppingCondition: { MaxRuntimeInSeconds: training.timeoutMinutes * 60 },
        Tags: this.tags,
      },
    });
  }

  /** The training toolkit starts the entry point, and that the user's script. */
  private trainingJob(prepared: Expression, hyperparameters: Readonly<Record<string, Value>>) {
    const { training } = this.scope.config;
    const data = [channel('train', prepared), channel('validation', prepared)];
    const {
      code,
      inputs,
      hyperparameters: own,
    } = isIsolated(training)
      ? this.offline(hyperparameters)
      : { code: this.scope.sourceUri, inputs: [], hyperparameters };
    return {
      RoleArn: this.scope.jobRoleArns.train,
      AlgorithmSpecification: { TrainingImage: training.image, TrainingInputMode: 'File' },
      HyperParameters: {
        sagemaker_program: ENTRY_POINT,
        sagemaker_submit_directory: code,
        script: training.script ?? DEFAULT_SCRIPT,
        ...own,
      },
      InputDataConfig: [...data, ...inputs],
      OutputDataConfig: {
        S3OutputPath: this.uri(EXECUTION_FOLDERS.model),
        KmsKeyId: this.scope.encryptionKeyArn,
      },
      ResourceConfig: {
        InstanceCount: training.instanceCount,
        InstanceType: training.instanceType,
        ...volumeOf(training),
      },
      StoppingCondition: { MaxRuntimeInSeconds: training.timeoutMinutes * 60 },
      ...trainingNetwork(training),
    };
  }

  /**
   * Of a job without a network: code and champion are channels, which SageMaker fills from outside of the container.
   * The toolkit takes an archive in a channel as it takes one in S3.
   */
  private offline({ champion_uri: champion, ...hyperparameters }: Readonly<Record<string, Value>>) {
    const { sourceUri } = this.scope;
    return {
      code: `/opt/ml/input/data/code/${sourceUri.split('/').at(-1)}`,
      inputs: [
        channel('code', sourceUri),
        ...(champion === undefined || champion === NO_CHAMPION ? [] : [channel('champion', champion)]),
      ],
      hyperparameters,
    };
  }

  training(
    name: string,
    prepared: PreparedData,
    hyperparameters: Readonly<Record<string, string | Expression>>,
  ): TrainingStep {
    return new TrainingStep(name, {
      description: 'Trains the model with the script of the use case',
      cacheFor: CACHE_FOR,
      retry: [this.retry.step, this.retry.job],
      arguments: {
        ...this.trainingJob(prepared.uri, hyperparameters),
        ...this.spot(this.checkpointFolder(name, prepared.jobName, hyperparameters)),
        Tags: this.tags,
      },
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
      tags: this.tags,
      trainingJob: this.trainingJob(prepared, {
        ...Object.fromEntries(fixed),
        ...(changesNetwork && { champion_uri: NO_CHAMPION }),
      }),
    });
  }

  /** Nothing on demand. */
  private spot(checkpointFolder: Expression): Readonly<Record<string, Value>> {
    const { timeoutMinutes, spot } = this.scope.config.training;
    if (!spot) return {};
    const runtime = { MaxRuntimeInSeconds: timeoutMinutes * 60 };
    return {
      StoppingCondition: { ...runtime, MaxWaitTimeInSeconds: spot.maximumWaitMinutes * 60 },
      EnableManagedSpotTraining: true,
      CheckpointConfig: { S3Uri: checkpointFolder },
    };
  }

  /**
   * A folder for what is trained and not for who asked: named by everything that the model depends on, it is the same for
   * the same training, in this execution or another. The step cache compares it, so an id of the execution in it would
   * keep spot trainings out of the cache; and another training's checkpoints must never be gone on from.
   */
  private checkpointFolder(
    stepName: string,
    dataJob: Expression,
    hyperparameters: Readonly<Record<string, string | Expression>>,
  ): Expression {
    const { image, script, instanceType, instanceCount, hyperparameters: free } = this.scope.config.training;
    // Their values are in the path below; the same value under another name is another training.
    const names = free && Object.keys(free);
    const code = { source: this.scope.sourceSha256, image, script, instanceType, instanceCount, names };
    const digest = createHash('sha256').update(JSON.stringify(code)).digest('hex').slice(0, 16);
    return join(
      '/',
      s3Uri(this.scope.modelBucketName, PIPELINE_PREFIX.slice(0, -1)),
      ...[dataJob, EXECUTION_FOLDERS.checkpoints, stepName, digest],
      ...Object.values(hyperparameters),
    );
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
          exportUri: this.uri(EXECUTION_FOLDERS.exported, '/'),
          pipelineExecutionId: executionVariable('PipelineExecutionId'),
          codeSha256: this.scope.sourceSha256,
          ...metadata,
        },
      },
    });
  }
}
