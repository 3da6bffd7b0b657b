/** The training pipeline: Prepare -> Train (or Tune) -> Evaluate -> Export -> CheckQuality -> Register or FailQuality. */
import { completeImagePolicy } from '../../contracts/image-policy';
import { ACCEPTED_PREFIX, OBJECT_LIST_SUFFIX } from '../../lambda/dataset/names';
import { EXECUTION_FOLDERS } from '../../lambda/training/names';
import type { AppConfig } from '../shared/app-config';
import { freeParametersOf } from './free-hyperparameters';
import { isIsolated } from './job-network';
import { hyperparametersOf, type PipelineParameters, parametersOf, textsOf } from './pipeline-parameters';
import { definePipeline, type RenderedPipeline } from './sagemaker-pipeline/define';
import { type Expression, join, type Parameter, textOf, type Value } from './sagemaker-pipeline/expression';
import { atMost, ConditionStep, FailStep, type RegisterModelStep } from './sagemaker-pipeline/steps';
import {
  CACHE_FOR,
  INPUT,
  type PreparedData,
  StepFactory,
  s3Input,
  type TrainingPipelineScope,
} from './step-factory';
import type { TuningConfig } from './tuning-config';

/** Part of the names of its jobs, by which the pipeline's role knows them. */
export const TUNING_STEP_NAME = 'Tune';

/** What the steps of one pipeline are made from. */
interface Plan {
  readonly scope: TrainingPipelineScope;
  readonly parameters: PipelineParameters;
  readonly steps: StepFactory;
}

function prepareStep({ scope, parameters, steps }: Plan) {
  const { imagePolicy } = scope.config;
  return steps.processing('Prepare', {
    module: 'prepare',
    description: 'Makes of the images of the manifest what networks see, by split',
    cacheFor: CACHE_FOR,
    // The manifest and its images, not everything that the bucket has ever been given.
    inputs: [s3Input('dataset', join('', parameters.datasetManifestUri, OBJECT_LIST_SUFFIX), 'ManifestFile')],
    options: {
      'manifest-uri': parameters.datasetManifestUri,
      manifest: `${INPUT}/dataset/${ACCEPTED_PREFIX}`,
      input: `${INPUT}/dataset`,
      ...(imagePolicy && { 'image-policy': JSON.stringify(completeImagePolicy(imagePolicy)) }),
    },
    output: EXECUTION_FOLDERS.prepared,
  });
}

/** The model of the one training job, or of the best of a search. */
function trainedModel(
  steps: StepFactory,
  tuning: TuningConfig | undefined,
  hyperparameters: Readonly<Record<string, Parameter>>,
  prepared: PreparedData,
): Expression {
  const texts = textsOf(hyperparameters);
  if (tuning === undefined) {
    return steps.training('Train', prepared, texts).property('ModelArtifacts.S3ModelArtifacts');
  }
  return steps.tuning(TUNING_STEP_NAME, tuning, prepared.uri, texts).bestModel();
}

/** The larger network that stays in the cloud, where one is configured; it starts from the champion's own. */
function cloudModel(
  { scope, parameters, steps }: Plan,
  hyperparameters: Readonly<Record<string, Parameter>>,
  prepared: PreparedData,
): Expression | undefined {
  const { cloudVariant, tuning } = scope.config.training;
  if (!cloudVariant) return undefined;
  const train = steps.training('TrainCloudVariant', prepared, {
    ...textsOf(hyperparameters, tuning),
    width_multiplier: String(cloudVariant.widthMultiplier),
    champion_uri: parameters.championCloudModelUri,
  });
  return train.property('ModelArtifacts.S3ModelArtifacts');
}

/** What the registry has to know of it, so that the next one can start from it. */
function cloudMetadata({ cloudVariant }: AppConfig['training'], cloudModelUri: Expression | undefined) {
  if (!cloudVariant || !cloudModelUri) return {};
  return { cloudModelUri, cloudWidthMultiplier: String(cloudVariant.widthMultiplier) };
}

/** What the jobs after the training read: the model, and the splits that it has not seen. */
interface Trained {
  readonly model: Expression;
  readonly prepared: Expression;
  readonly cloudModel: Expression | undefined;
}

const modelInputs = ({ model, prepared }: Trained): Value[] => [
  s3Input('model', model),
  s3Input('prepared', prepared),
];
const MODEL_OPTIONS = { model: `${INPUT}/model`, prepared: `${INPUT}/prepared` };

function evaluateStep({ scope, parameters, steps }: Plan, trained: Trained) {
  const champion = parameters.championModelUri;
  const isolated = isIsolated(scope.config.training);
  return steps.processing('Evaluate', {
    module: 'evaluate',
    description: 'Scores the untouched test split, beside the champion',
    inputs: [...modelInputs(trained), ...(isolated ? [s3Input('champion', champion)] : [])],
    options: {
      ...MODEL_OPTIONS,
      ...(isolated ? { champion: `${INPUT}/champion` } : { 'champion-uri': champion }),
      'dataset-manifest-uri': parameters.datasetManifestUri,
    },
    output: EXECUTION_FOLDERS.evaluation,
  });
}

function exportStep({ scope, parameters, steps }: Plan, trained: Trained, evaluation: Expression) {
  const cloud = trained.cloudModel;
  return steps.processing('Export', {
    module: 'export',
    description: 'Writes ONNX in fp32 and int8, checks parity, and holds every number to its limit',
    inputs: [
      ...modelInputs(trained),
      s3Input('evaluation', evaluation),
      ...(cloud ? [s3Input('cloud-model', cloud)] : []),
    ],
    options: {
      ...MODEL_OPTIONS,
      ...(cloud && { 'cloud-model': `${INPUT}/cloud-model` }),
      evaluation: `${INPUT}/evaluation`,
      'minimum-accuracy': textOf(parameters.minimumAccuracy),
      'maximum-recall-drop': textOf(parameters.maximumRecallDrop),
      'maximum-int8-drop': textOf(parameters.maximumInt8Drop),
      'disposition-policy': JSON.stringify(scope.config.dispositionPolicy),
      'hardware-class': Object.entries(scope.config.training.hardwareClasses).map(([name, hardwareClass]) =>
        JSON.stringify({ name, ...hardwareClass }),
      ),
    },
    output: EXECUTION_FOLDERS.exported,
    files: { gate: { output: EXECUTION_FOLDERS.exported, path: 'gate.json' } },
  });
}

/** The Export step has compared every number with its limit and says so in words, which conditions cannot. */
function qualityGate(exportModel: ReturnType<typeof exportStep>, register: RegisterModelStep): ConditionStep {
  const fail = new FailStep('FailQuality', {
    description: 'Says which numbers were not good enough, and by how much',
    message: textOf(exportModel.jsonGet('gate', 'message')),
  });
  return new ConditionStep('CheckQuality', {
    description:
      'The gate: good enough, no class lost, quantisation harmless, within the budget of the hardware',
    conditions: [atMost(exportModel.jsonGet('gate', 'failures'), 0)],
    ifTrue: [register],
    ifFalse: [fail],
  });
}

/** The definition, ready for `PipelineDefinitionBody`; CDK tokens in the scope stay tokens. */
export function trainingPipelineDefinition(scope: TrainingPipelineScope): RenderedPipeline {
  const plan: Plan = {
    scope,
    parameters: parametersOf(scope.config, scope.noChampionUri),
    steps: new StepFactory(scope),
  };
  const { parameters, steps } = plan;
  const { tuning } = scope.config.training;
  const free = freeParametersOf(scope.config.training.hyperparameters);
  const hyperparameters = { ...hyperparametersOf(parameters), ...free };
  const prepare = prepareStep(plan);
  const prepared = { uri: prepare.output(EXECUTION_FOLDERS.prepared), jobName: prepare.jobName };
  const model = trainedModel(steps, tuning, hyperparameters, prepared);
  const trained = { model, prepared: prepared.uri, cloudModel: cloudModel(plan, hyperparameters, prepared) };
  const evaluation = evaluateStep(plan, trained).output(EXECUTION_FOLDERS.evaluation);
  const exportModel = exportStep(plan, trained, evaluation);
  const register = steps.register('Register', model, evaluation, {
    datasetManifestUri: parameters.datasetManifestUri,
    accuracy: textOf(exportModel.jsonGet('gate', 'accuracy')),
    // Read when the package is made: signing refuses an export that has changed since.
    exportSha256: exportModel.jsonGet('gate', 'exportSha256'),
    ...cloudMetadata(scope.config.training, trained.cloudModel),
  });
  // A value that the search chooses is nothing that an execution could give.
  const searched = Object.keys(tuning?.ranges ?? {}).map((name) => hyperparameters[name]);
  return definePipeline(
    [qualityGate(exportModel, register)],
    Object.values({ ...parameters, ...free }).filter((parameter) => !searched.includes(parameter)),
  );
}
