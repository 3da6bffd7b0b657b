import { type Command, InvalidArgumentError } from 'commander';
import { decisionOn } from '../registry/list-models';
import { type AnswerOptions, answer } from '../shared/answer';
import { withPage } from '../shared/command-page';
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

interface Options extends AnswerOptions, Omit<TrainingRequest, 'manifestUri' | 'hyperparameters'> {
  readonly hyperparameter?: Readonly<Record<string, string>>;
  readonly manifest?: string;
  readonly follow?: boolean;
}

export const addTrainingCommands: AddCommands = (program, ports, open) => {
  const command = program
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
    .option('--follow', 'wait until it has ended, and say what the gate says; steps on the error output');
  withPage(command, {
    examples: [
      { line: 'train --env dev --follow' },
      { line: 'train --env dev --epochs 20 --seed 7 --no-champion' },
    ],
    json: {
      fields: {
        executionArn: 'of the pipeline',
        manifestUri: 'of the dataset',
        'championId?': 'the release that it is compared with',
        'succeeded?': 'with --follow',
        'sentence?': "with --follow: the gate's, or why it failed",
        'modelPackageVersion?': 'with --follow: what waits for a person',
      },
    },
    exits: { 0: 'started; with --follow: a model waits for a person' },
  }).action(async ({ manifest, hyperparameter, follow, json, ...request }: Options, action: Command) => {
    const { clients, environment } = await open(action);
    const started = await startTraining(clients, environment, {
      ...request,
      manifestUri: manifest,
      hyperparameters: hyperparameter,
    });
    const head = [
      `Training ${started.executionArn.split('/').at(-1)} of ${started.manifestUri}`,
      started.championId ? `Compared with ${started.championId}` : 'Compared with nothing',
    ].join('\n');
    if (!follow) return answer(ports, { json }, started, head);
    if (!json) ports.write(head);
    const onStep = (sentence: string) =>
      json ? ports.showProgress?.(sentence) : ports.writeError(`  ${sentence}`);
    const outcome = await followTraining(
      { clients, sleep: ports.sleep, onStep },
      environment,
      started.executionArn,
    );
    const { succeeded, sentence, modelPackageVersion: version } = outcome;
    if (json) ports.write(JSON.stringify({ ...started, ...outcome }, null, 2));
    if (!succeeded) throw new Error(sentence);
    if (json) return;
    ports.write(sentence);
    const decision = version === undefined ? '`kaizen models`' : decisionOn(version);
    ports.write(`Model package ${version ?? '(not named)'} waits for a person: ${decision}`);
  });
};
