/** docs/training-scripts.md says which hyperparameters the pipeline gives; training/tests holds the rest of the page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { local } from '../../config/local';
import { hyperparameterProblems } from '../../lib/training/free-hyperparameters';
import { hyperparametersOf, parametersOf } from '../../lib/training/pipeline-parameters';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'training-scripts.md'), 'utf8');

/** First cells of the table below a head, in code. */
function namesBelow(head: string): string[] {
  const [, table = ''] = page.split(`\n${head}\n`);
  const [rows = ''] = table.split('\n\n');
  return rows.split('\n').flatMap((row) => /^\| `([a-z_]+)` \|/.exec(row)?.[1] ?? []);
}

test('[S1] the page lists the hyperparameters that the pipeline gives, and no other', () => {
  const given = Object.keys(hyperparametersOf(parametersOf(local)));
  expect(namesBelow('| hyperparameter | comes from | one execution: `kaizen train` |').sort()).toEqual(
    given.sort(),
  );
});

test('[S1] the values of the hyperparameters for the adapter are those that the configuration takes', () => {
  const names = namesBelow('| hyperparameter | values |');
  expect(names).toEqual(['entry_style', 'hyperparameter_types']);
  for (const name of names) {
    const [row = ''] = new RegExp(`^\\| \`${name}\` \\|.*$`, 'm').exec(page) ?? [];
    const [problem = ''] = hyperparameterProblems({ hyperparameters: { [name]: 'x' } });
    const [, allowed = ''] = /must be one of (.*), got/.exec(problem) ?? [];
    for (const value of allowed.split(', ')) expect(row).toContain(`\`${value}\``);
  }
});

test('[S1] its example of hyperparameters is taken by the configuration', () => {
  const [, object = ''] = /hyperparameters: \{ (.*) \}/.exec(page) ?? [];
  const names = [...object.matchAll(/(\w+):/g)].map(([, name = '']) => name);
  expect(names).toEqual(['optimizer', 'dropout', 'nesterov']);
  expect(
    hyperparameterProblems({ hyperparameters: Object.fromEntries(names.map((name) => [name, 1])) }),
  ).toEqual([]);
});
