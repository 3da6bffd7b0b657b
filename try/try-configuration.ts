/** The configuration that a try is deployed with: the local environment, for the user's own use case. Pure. */

import type { AppConfig } from '../contracts';
import { type CompleteImagePolicy, DEFAULT_IMAGE_POLICY } from '../contracts/image-policy';
import { ownValue } from '../contracts/own-value';
import { hyperparameterValue } from './hyperparameter-value';
import { SCRIPTS_OF_TRY } from './own-script';

const LONGEST_NAME = 40;

/** The nearest name of a use case to what a folder is called: `Rad 7 (neu)` is `rad-7-neu`. */
export function useCaseNameOf(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+/g, '')
    .slice(0, LONGEST_NAME)
    .replaceAll(/^-+|-+$/g, '');
  return plain === '' ? 'own-parts' : plain;
}

/**
 * A training sees about so many images, whatever the size of the set: what a small set lacks in images it gets in passes. Of
 * 1,600 images to train with these are the local environment's own 12 epochs.
 */
const IMAGES_SEEN = 19_200;
const EPOCHS = { least: 12, most: 60 } as const;

/** @param trainingItems images of the training split, above 0 */
export const epochsFor = (trainingItems: number): number =>
  Math.min(EPOCHS.most, Math.max(EPOCHS.least, Math.round(IMAGES_SEEN / trainingItems)));

/** Sizes of inputs that the networks are tried with, in steps that they halve evenly. */
const SMALLEST_INPUT = 64;
const INPUT_STEP = 32;

/**
 * The environment's own input, and a smaller one where no image has more pixels a side: it costs less and loses nothing.
 * @param sizes of the data set's images, at least one
 */
export function imagePolicyFor(
  sizes: readonly { readonly width: number; readonly height: number }[],
): CompleteImagePolicy {
  const longest = Math.max(...sizes.flatMap(({ width, height }) => [width, height]));
  const side = Math.max(SMALLEST_INPUT, Math.ceil(longest / INPUT_STEP) * INPUT_STEP);
  const { width, height } = DEFAULT_IMAGE_POLICY;
  return side < Math.min(width, height)
    ? { ...DEFAULT_IMAGE_POLICY, width: side, height: side }
    : DEFAULT_IMAGE_POLICY;
}

/**
 * The yield that a try assumes: the set's own, for the devices are shown what the set is made of. With the yield of a factory
 * hardly any answer of a small set would be sure enough to take a part out.
 * @param counts class -> images of the set; some of them
 */
export function goodShareOf(
  counts: Readonly<Record<string, number>>,
  passClasses: readonly string[],
): number {
  const sum = (names: readonly string[]): number =>
    names.reduce((total, name) => total + (ownValue(counts, name) ?? 0), 0);
  // One image more of each kind: no set says that there is never the other.
  return (sum(passClasses) + 1) / (sum(Object.keys(counts)) + 2);
}

export interface TrySettings {
  readonly useCase: string;
  /** The classes that may pass. */
  readonly passClasses: readonly string[];
  /** Of the parts that are shown, between 0 and 1. */
  readonly goodShare: number;
  readonly imagePolicy: CompleteImagePolicy;
  readonly epochs: number;
  /** Name of the user's own script among those of training/scripts. @default - the project's own */
  readonly ownScript?: string | undefined;
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly minimumAccuracy?: number | undefined;
  readonly escapeLimit?: number | undefined;
  readonly falseRejectLimit?: number | undefined;
}

/** @param base the configuration of the local environment */
export function tryConfiguration(base: AppConfig, settings: TrySettings): AppConfig {
  const { useCase, passClasses, goodShare, imagePolicy, epochs, ownScript, hyperparameters } = settings;
  const minimumAccuracy = settings.minimumAccuracy ?? base.training.minimumAccuracy;
  const { limits } = base.dispositionPolicy;
  return {
    ...base,
    useCase,
    imagePolicy,
    dispositionPolicy: {
      ...base.dispositionPolicy,
      classes: Object.fromEntries(passClasses.map((name) => [name, 'pass'])),
      otherwise: 'reject',
      goodShare,
      limits: {
        escapeRate: settings.escapeLimit ?? limits.escapeRate,
        falseRejectRate: settings.falseRejectLimit ?? limits.falseRejectRate,
      },
    },
    training: {
      ...base.training,
      epochs,
      minimumAccuracy,
      ...(ownScript !== undefined && { script: `${SCRIPTS_OF_TRY}/${ownScript}` }),
      ...(Object.keys(hyperparameters).length > 0 && {
        hyperparameters: Object.fromEntries(
          Object.entries(hyperparameters).map(([name, text]) => [name, hyperparameterValue(text)]),
        ),
      }),
    },
    // Every held-out image is to be decided on: the camera waits for the device, instead of the newest frame replacing another.
    device: { ...base.device, frames: { policy: 'every', queueLength: 4 } },
    monitoring: {
      ...base.monitoring,
      minimumAccuracy: Math.min(base.monitoring.minimumAccuracy, minimumAccuracy),
    },
  };
}

/** The text of `config/<name>.ts` with this configuration: to be deployed, and to begin an environment of one's own with. */
export const configurationText = (config: AppConfig): string =>
  `/** Written by \`npm run try\`. */\nexport const ${config.environmentName.replaceAll('-', '_')} = ${JSON.stringify(config, undefined, 2)};\n`;
