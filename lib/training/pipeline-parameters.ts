/** What an execution of the training pipeline may be given, and what its jobs make of it. */
import { PIPELINE_PARAMETERS as NAMES } from '../../lambda/training/names';
import type { AppConfig } from '../shared/app-config';
import { type Expression, Parameter, textOf } from './sagemaker-pipeline/expression';
import type { TuningConfig } from './tuning-config';

/** `ChampionModelUri` and `ChampionCloudModelUri` where a training starts from nothing. */
export const NO_CHAMPION = 'none';
const PROBABILITY = { minimum: 0, maximum: 1 };

/** @param noChampion `ChampionModelUri` and `ChampionCloudModelUri` of an execution that is not given any */
export function parametersOf({ training }: Pick<AppConfig, 'training'>, noChampion = NO_CHAMPION) {
  return {
    datasetManifestUri: new Parameter(NAMES.datasetManifestUri, 'String'),
    epochs: new Parameter(NAMES.epochs, 'Integer', training.epochs, { minimum: 1, maximum: 1000 }),
    learningRate: new Parameter(NAMES.learningRate, 'Float', training.learningRate, {
      minimum: 0,
      maximum: 1,
    }),
    widthMultiplier: new Parameter(NAMES.widthMultiplier, 'Float', training.widthMultiplier, {
      minimum: 0.1,
      maximum: 2,
    }),
    seed: new Parameter(NAMES.seed, 'Integer', training.seed, { minimum: 0, maximum: 2 ** 32 - 1 }),
    championModelUri: new Parameter(NAMES.championModelUri, 'String', noChampion),
    // Without a cloud variant, too: an execution whose parameters were fixed before it was taken out is started all the same.
    championCloudModelUri: new Parameter(NAMES.championCloudModelUri, 'String', noChampion),
    minimumAccuracy: new Parameter(NAMES.minimumAccuracy, 'Float', training.minimumAccuracy, PROBABILITY),
    maximumRecallDrop: new Parameter(
      NAMES.maximumRecallDrop,
      'Float',
      training.maximumRecallDrop,
      PROBABILITY,
    ),
    maximumInt8Drop: new Parameter(NAMES.maximumInt8Drop, 'Float', training.maximumInt8Drop, PROBABILITY),
  };
}

export type PipelineParameters = ReturnType<typeof parametersOf>;

/** Hyperparameter of the script -> the parameter that an execution gives it by. */
export const hyperparametersOf = (parameters: PipelineParameters): Record<string, Parameter> => ({
  epochs: parameters.epochs,
  learning_rate: parameters.learningRate,
  width_multiplier: parameters.widthMultiplier,
  seed: parameters.seed,
  champion_uri: parameters.championModelUri,
});

/** What a job gets, as text; where a search chooses the value there is no parameter, and its default goes. */
export function textsOf(
  hyperparameters: Readonly<Record<string, Parameter>>,
  tuning?: TuningConfig,
): Record<string, string | Expression> {
  const text = (name: string, parameter: Parameter): string | Expression => {
    if (tuning && name in tuning.ranges) return String(parameter.defaultValue);
    return parameter.type === 'String' ? parameter : textOf(parameter);
  };
  return Object.fromEntries(
    Object.entries(hyperparameters).map(([name, parameter]) => [name, text(name, parameter)]),
  );
}
