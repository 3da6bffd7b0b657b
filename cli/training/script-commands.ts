import type { AddCommands } from '../shared/commands';
import { checkScript } from './check-script';
import { formatScriptCheck, wrongSteps } from './format-script-check';
import { collectHyperparameter } from './hyperparameter-option';

interface Options {
  readonly images?: string;
  readonly hyperparameter?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

const HELP = `
Examples:
  kaizen script check training/scripts/minimal/classify_images.py
  kaizen script check my.py --images ./parts --hyperparameter dropout=0.5

Exit code: 0 it keeps the contract, 1 it does not, 2 it cannot be checked.
The contract: docs/training-scripts.md`;

export const addScriptCommands: AddCommands = (program, ports) => {
  program
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
    .option('--json', 'as JSON, and nothing that the script prints')
    .addHelpText('after', HELP)
    .action(async (script: string, { images, hyperparameter = {}, json }: Options) => {
      const onLine = json ? () => undefined : ports.writeError;
      const report = await checkScript({ script, images, hyperparameters: hyperparameter }, onLine);
      ports.write(json ? JSON.stringify(report, null, 2) : formatScriptCheck(report));
      if (!report.passed) {
        throw new Error(`the script does not keep the contract: ${wrongSteps(report).join(', ')}`);
      }
      if (!json) ports.write('The script keeps the contract.');
    });
};
