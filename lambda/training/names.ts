/** Names of training: its pipeline, and where its jobs write in the model bucket. */
import { type NameScope, useCasePrefix } from '../shared/names';

export const TRAINING_VARIABLES = {
  pipelineName: 'PIPELINE_NAME',
  /** Width of the larger network that it trains. Default none: it trains none. */
  cloudWidthMultiplier: 'CLOUD_WIDTH_MULTIPLIER',
} as const;

export const pipelineName = (scope: NameScope): string => `${useCasePrefix(scope)}-training`;

/** Parameters of the pipeline that who starts an execution may give. */
export const PIPELINE_PARAMETERS = {
  datasetManifestUri: 'DatasetManifestUri',
  championModelUri: 'ChampionModelUri',
  championCloudModelUri: 'ChampionCloudModelUri',
  epochs: 'Epochs',
  learningRate: 'LearningRate',
  widthMultiplier: 'WidthMultiplier',
  seed: 'Seed',
  minimumAccuracy: 'MinimumAccuracy',
  maximumRecallDrop: 'MaximumRecallDrop',
  maximumInt8Drop: 'MaximumInt8Drop',
} as const;

/** Parameter of the pipeline by which an execution is given a hyperparameter of the configuration's own. */
export const hyperparameterParameter = (name: string): string => `Hyperparameter_${name}`;

/** Everything that jobs write is below, by execution. */
export const PIPELINE_PREFIX = 'pipelines/';

/** Where an execution writes. */
export const executionPrefix = (executionId: string): string => `${PIPELINE_PREFIX}${executionId}/`;

/** Folders of an execution, by what lies there. */
export const EXECUTION_FOLDERS = {
  prepared: 'prepared',
  model: 'model',
  checkpoints: 'checkpoints',
  evaluation: 'evaluation',
  exported: 'export',
} as const;
export type ExecutionFolder = (typeof EXECUTION_FOLDERS)[keyof typeof EXECUTION_FOLDERS];

/**
 * Id of the pipeline execution that wrote an export, `s3://<model bucket>/pipelines/<execution id>/export/`. Where the
 * files lie says more than a model package's metadata, which a copy made by hand repeats.
 */
export function trainingExecutionId(exportUri: string): string | undefined {
  const [, rest] = exportUri.split(`/${PIPELINE_PREFIX}`);
  return /^([^/]+)\//.exec(rest ?? '')?.[1];
}
