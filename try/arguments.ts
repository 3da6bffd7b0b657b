/** The command line of `npm run try`: the options of `kaizen dataset import`, and those of the loop. */
import { basename, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { addTakingOptions, type TakingOptions } from '../cli/dataset/commands';
import { integerFrom } from '../cli/shared/commands';
import { collectHyperparameter } from '../cli/training/hyperparameter-option';
import { useCaseNameOf } from './try-configuration';

export interface TryRequest {
  /** What is imported, as `kaizen dataset import` takes it. */
  readonly source: string;
  /** Of the use case and of the output folder. */
  readonly name: string;
  readonly taking: TakingOptions;
  /** @default - told by the classes' names */
  readonly passClasses?: readonly string[] | undefined;
  /** Path of a training script. @default - the project's own */
  readonly script?: string | undefined;
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly epochs?: number | undefined;
  /** 0..1. */
  readonly minimumAccuracy?: number | undefined;
  /** 0..1. */
  readonly escapeLimit?: number | undefined;
  /** 0..1. */
  readonly falseRejectLimit?: number | undefined;
  /** Absolute path. */
  readonly outputFolder: string;
  /** Leave the environment running until Ctrl-C. */
  readonly keep: boolean;
}

interface Options extends TakingOptions {
  readonly passClasses?: readonly string[];
  readonly script?: string;
  readonly hyperparameter?: Readonly<Record<string, string>>;
  readonly epochs?: number;
  readonly minimumAccuracy?: number;
  readonly escapeLimit?: number;
  readonly falseRejectLimit?: number;
  readonly output?: string;
  readonly keep?: boolean;
}

const HELP = `
Examples:
  npm run try -- ./parts                                    classes good, scratch, dent: what is called good may pass
  npm run try -- ./parts --map NG=scratch --map OK=good
  npm run try -- ./digits --pass-classes 0 --hyperparameter augmentation=exposure
  npm run try -- ./parts --script my.py --keep              then, in another shell: . out/try/parts/local.env

--image-policy is what the release is trained and signed with; 128 x 128 without it, less where no image is larger.
What may pass: --pass-classes, else the classes that are called good, ok, pass, normal and the like; on a terminal it asks.
The report: out/try/<name>/report.html. Everything runs on this machine and nothing of it is left, unless --keep is given.
Exit code: 0 the model is in service on the four devices; 1 it failed, or the gate or the rollout refused the model (the
report says why); 2 the images or the options are refused with reasons; 130 interrupted.
docs/try.md`;

const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('It must be a share from 0 to 1.');
  }
  return value;
};

const names = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The folder's name, or the file's without its suffix; of `s3://` the last part. */
const nameOf = (source: string): string =>
  useCaseNameOf(
    basename(source.startsWith('s3://') ? source.replace(/\/+$/, '') : resolve(source)).replace(
      /\.(csv|tsv|txt|json|jsonl)$/i,
      '',
    ),
  );

function requestOf(source: string, options: Options, root: string): TryRequest {
  const { passClasses, script, epochs, minimumAccuracy, escapeLimit, falseRejectLimit } = options;
  const name = nameOf(source);
  return {
    ...{ source, name, passClasses, script, epochs, minimumAccuracy, escapeLimit, falseRejectLimit },
    taking: options,
    hyperparameters: options.hyperparameter ?? {},
    outputFolder: resolve(options.output ?? join(root, 'out', 'try', name)),
    keep: options.keep ?? false,
  };
}

/**
 * The program; `run` gets what was asked for.
 * @param root where a relative output folder begins
 */
export function tryProgram(run: (request: TryRequest) => Promise<void>, root: string): Command {
  const command = new Command('npm run try --')
    .description(
      'takes your own images through the loop on a local AWS: import, training, gate, release, four simulated devices that are shown the held-out images, report',
    )
    .argument('<source>', "folder, table, annotations or manifest, as 'kaizen dataset import' takes it")
    .option('--pass-classes <names>', 'the classes that may pass, separated by commas', names)
    .option(
      '--script <script.py>',
      'your own training script, which keeps the contract of docs/training-scripts.md',
    )
    .option(
      '--hyperparameter <name=value>',
      'for the training script; may come several times',
      collectHyperparameter,
    )
    .option('--epochs <n>', 'passes over the images', integerFrom(1))
    .option('--minimum-accuracy <share>', "the gate's, on the held-out images", share)
    .option('--escape-limit <share>', 'the most defective parts that may pass, with 95 % confidence', share)
    .option('--false-reject-limit <share>', 'the most good parts that may be taken out', share)
    .option('--output <folder>', 'where report and logs go; out/try/<name> without it')
    .option('--keep', 'leave everything running after the report, until Ctrl-C');
  return addTakingOptions(command)
    .addHelpText('after', HELP)
    .showSuggestionAfterError(false)
    .exitOverride()
    .action((source: string, options: Options) => run(requestOf(source, options, root)));
}
