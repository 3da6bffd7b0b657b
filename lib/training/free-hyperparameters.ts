/** Hyperparameters of a script's own, from `training.hyperparameters`: their rules, and how they reach the job. Pure. */

import type { AppConfig } from '../../contracts';
import { ownValue } from '../../contracts/own-value';
import { hyperparameterParameter } from '../../lambda/training/names';
import { Parameter } from './sagemaker-pipeline/expression';

type Training = Pick<AppConfig['training'], 'hyperparameters' | 'spot'>;
export type FreeHyperparameters = NonNullable<AppConfig['training']['hyperparameters']>;

/** Hyperparameter that the pipeline gives itself -> the field that sets it. */
const BUILT_IN: Readonly<Record<string, string>> = {
  script: 'is set by training.script',
  epochs: 'is set by training.epochs',
  learning_rate: 'is set by training.learningRate',
  width_multiplier: 'is set by training.widthMultiplier',
  seed: 'is set by training.seed',
  champion_uri: 'is the release in service, and given by the pipeline',
};
const RESERVED_PREFIX = 'sagemaker_';
const FOLDER_NAME = /^(?!\.+$)[A-Za-z0-9._=,+-]+$/;
/** The rest of the address, with the built-in ones, has about 300. */
const LONGEST_FOLDERS = 500;

/** Hyperparameters that are for the adapter (training/kaizen_training/training_job.py): what they may be. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  entry_style: ['function', 'program'],
  hyperparameter_types: ['decoded', 'text'],
};

function problemOf(name: string, value: FreeHyperparameters[string]): string | undefined {
  const field = `training.hyperparameters.${name}`;
  if (Object.hasOwn(BUILT_IN, name)) return `${field}: ${BUILT_IN[name]}, got ${JSON.stringify(value)}`;
  if (name.startsWith(RESERVED_PREFIX)) {
    return `${field}: names that begin with ${RESERVED_PREFIX} belong to SageMaker, got ${JSON.stringify(name)}`;
  }
  const allowed = ownValue(CHOICES, name);
  if (!allowed || allowed.some((choice) => choice === value)) return undefined;
  return `${field}: must be one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`;
}

/** Every problem, as field, rule and value. */
export function hyperparameterProblems({ hyperparameters = {}, spot }: Training): string[] {
  return [
    ...Object.entries(hyperparameters).flatMap(([name, value]) => problemOf(name, value) ?? []),
    ...(spot ? folderProblems(hyperparameters) : []),
  ];
}

/** Of spot trainings: the values are part of the name of the checkpoint folder, an S3 URI of at most 1,024 characters. */
function folderProblems(hyperparameters: FreeHyperparameters): string[] {
  const texts = Object.entries(hyperparameters).map(
    ([name, value]) => [name, hyperparameterText(value)] as const,
  );
  const length = texts.reduce((sum, [, text]) => sum + text.length + 1, 0);
  return [
    ...texts
      .filter(([, text]) => !FOLDER_NAME.test(text))
      .map(
        ([name, text]) =>
          `training.hyperparameters.${name}: with training.spot it names a folder, and must be of letters, digits and . _ = , + - and more than dots, got ${JSON.stringify(text)}`,
      ),
    ...(length > LONGEST_FOLDERS
      ? [
          `training.hyperparameters: with training.spot their values must have at most ${LONGEST_FOLDERS} characters in all, one more counted for each, got ${length}`,
        ]
      : []),
  ];
}

/** Whether Python's reader of JSON takes a text for something else than a text; it knows NaN and Infinity too. */
function isJsonOfPython(text: string): boolean {
  if (/^\s*(NaN|-?Infinity)\s*$/.test(text)) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The text in CreateTrainingJob from which the training toolkit makes this value again: it reads each as JSON, and what
 * is none stays as it is. Only a text that would become something else is quoted: `adam` stays, `3` becomes `"3"`.
 */
export function hyperparameterText(value: FreeHyperparameters[string]): string {
  return typeof value === 'string' && !isJsonOfPython(value) ? value : JSON.stringify(value);
}

/** Hyperparameter -> the pipeline's parameter that gives it, with the configured value as its default. */
export function freeParametersOf(hyperparameters: FreeHyperparameters = {}): Record<string, Parameter> {
  return Object.fromEntries(
    Object.entries(hyperparameters).map(([name, value]) => [
      name,
      new Parameter(hyperparameterParameter(name), 'String', hyperparameterText(value)),
    ]),
  );
}
