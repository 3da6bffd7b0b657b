/** `--hyperparameter <name>=<value>`, of several commands. Pure. */
import { InvalidArgumentError } from 'commander';
import { hyperparameterParameter } from '../../lambda/training/names';

/** Has an option of its own, or is given by the pipeline: what to do instead. */
const BUILT_IN: Readonly<Record<string, string>> = {
  epochs: 'has an option of its own, --epochs',
  learning_rate: 'has an option of its own, --learning-rate',
  width_multiplier: 'has an option of its own, --width-multiplier',
  seed: 'has an option of its own, --seed',
  champion_uri: 'is the release in service, or none with --no-champion',
  script: 'is training.script of the configuration',
};

/** Adds one to those that came before; the last value of a name counts. The value may hold `=`. */
export function collectHyperparameter(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]{0,127})=(.{1,1024})$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError(
      'It must be <name>=<value>, the name of letters, digits and _, the value of 1 to 1024 characters.',
    );
  }
  return { ...before, [name]: value };
}

/**
 * What is wrong with names for an execution of the deployed pipeline, one sentence each.
 * @param parameters names of the pipeline's parameters
 */
export function unknownHyperparameters(names: readonly string[], parameters: readonly string[]): string[] {
  const prefix = hyperparameterParameter('');
  const known = parameters.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return names
    .filter((name) => !known.includes(name))
    .map((name) =>
      Object.hasOwn(BUILT_IN, name)
        ? `${name}: ${BUILT_IN[name]}`
        : `${name}: must be one of training.hyperparameters as deployed (${known.join(', ') || 'there are none'}), got '${name}'`,
    );
}
