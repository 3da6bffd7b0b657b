import { type AnswerOptions, answer } from '../shared/answer';
import { withPage } from '../shared/command-page';
import type { AddCommands } from '../shared/commands';
import { checkScript } from './check-script';
import { formatScriptCheck, wrongSteps } from './format-script-check';
import { collectHyperparameter } from './hyperparameter-option';

interface Options extends AnswerOptions {
  readonly images?: string;
  readonly hyperparameter?: Readonly<Record<string, string>>;
}

export const addScriptCommands: AddCommands = (program, ports) => {
  const command = program
    .command('script')
    .description('training scripts')
    .command('check <script.py>')
    .description(
      'trains, serves and exports with a script on a few images here, and says what breaks the contract; nothing is left behind, no account is needed',
    )
    .option('--images <folder>', 'a folder with a folder for each class; rendered images without it')
    .option(
      '--hyperparameter <name=value>',
      'beside or instead of those that the pipeline gives; may come several times',
      collectHyperparameter,
    )
    .option('--json', 'print one JSON document, and nothing that the script prints');
  withPage(command, {
    examples: [
      { line: 'script check training/scripts/minimal/classify_images.py' },
      { line: 'script check my.py --images ./parts --hyperparameter dropout=0.5' },
    ],
    json: {
      contract: 'script-check',
      fields: {
        schemaVersion: '1',
        script: 'that was checked',
        passed: 'whether it keeps the contract',
        images: 'how many',
        imagesFrom: 'a folder, or `rendered`',
        classes: 'of the images',
        hyperparameters: 'that the script was given',
        steps: 'step, outcome, what was said, wanted and hinted',
      },
    },
    exits: { 0: 'it keeps the contract', 1: 'it does not', 2: 'it cannot be checked' },
    seeAlso: 'docs/training-scripts.md',
  }).action(async (script: string, { images, hyperparameter = {}, json }: Options) => {
    const onLine = json ? () => undefined : ports.writeError;
    const report = await checkScript({ script, images, hyperparameters: hyperparameter }, onLine);
    answer(ports, { json }, report, formatScriptCheck(report));
    if (!report.passed) {
      throw new Error(`the script does not keep the contract: ${wrongSteps(report).join(', ')}`);
    }
    if (!json) ports.write('The script keeps the contract.');
  });
};
