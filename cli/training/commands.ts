import { type Command, InvalidArgumentError } from 'commander';
import { type AddCommands, integerFrom } from '../shared/commands';
import { followTraining } from './follow-training';
import { collectHyperparameter } from './hyperparameter-option';
import { startTraining, type TrainingRequest } from './start-training';

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

function acceptedManifest(text: string): string {
  if (!/^s3:\/\/[^/]+\/.+\.jsonl$/.test(text)) {
    throw new InvalidArgumentError(
      'It must be the S3 URI of an accepted manifest, s3://<bucket>/<key>.jsonl.',
    );
  }
  return text;
}

interface Options extends Omit<TrainingRequest, 'manifestUri' | 'hyperparameters'> {
  readonly hyperparameter?: Readonly<Record<string, string>>;
  readonly manifest?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export const addTrainingCommands: AddCommands = (program, ports, open) => {
  program
    .command('train')
    .description(
      'starts a training with the dataset in force, and compares the model with the release in service',
    )
    .option('--manifest <uri>', 'S3 URI of another accepted manifest', acceptedManifest)
    .option('--no-champion', 'begin from nothing, and compare with nothing')
    .option('--epochs <n>', "passes over the images; the environment's own without it", integerFrom(1))
    .option('--learning-rate <x>', 'the largest step of the optimizer', positiveNumber)
    .option('--width-multiplier <x>', 'size of the network', positiveNumber)
    .option('--seed <n>', 'of everything that is drawn', integerFrom(0))
    .option(
      '--hyperparameter <name=value>',
      'another value for one of training.hyperparameters; may come several times',
      collectHyperparameter,
    )
    .option('--follow', 'wait until it has ended, and say what the gate says')
    .option('--json', 'as JSON, once')
    .addHelpText('after', '\nExample: kaizen train --env dev --epochs 20 --follow')
    .action(async ({ manifest, hyperparameter, follow, json, ...request }: Options, command: Command) => {
      const { clients, environment } = await open(command);
      const say = json ? () => undefined : ports.write;
      const started = await startTraining(clients, environment, {
        ...request,
        manifestUri: manifest,
        hyperparameters: hyperparameter,
      });
      say(`Training ${started.executionArn.split('/').at(-1)} of ${started.manifestUri}`);
      say(started.championId ? `Compared with ${started.championId}` : 'Compared with nothing');
      if (!follow) {
        if (json) ports.write(JSON.stringify(started, null, 2));
        return;
      }
      const outcome = await followTraining(
        { clients, sleep: ports.sleep, onStep: (sentence) => say(`  ${sentence}`) },
        environment,
        started.executionArn,
      );
      if (json) ports.write(JSON.stringify({ ...started, ...outcome }, null, 2));
      if (!outcome.succeeded) throw new Error(outcome.sentence);
      say(outcome.sentence);
      const { modelPackageVersion: version } = outcome;
      say(
        `Model package ${version} waits for a person: \`kaizen lineage ${version}\`, then \`kaizen approve ${version}\` or \`kaizen reject ${version}\``,
      );
    });
};
