import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AnswerOptions, answer } from '../shared/answer';
import { withPage } from '../shared/command-page';
import { type AddCommands, integerFrom } from '../shared/commands';
import { InputError } from '../shared/errors';
import { estimateCost } from './estimate-cost';
import { formatCost } from './format-cost';
import { isPricedRegion, PRICED_REGIONS } from './prices';
import { readAssembly } from './read-assembly';
import { readCostFacts } from './read-facts';
import { DEFAULT_USAGE, type Usage } from './usage';

interface CostOptions extends Usage, AnswerOptions {
  readonly templates: string;
  readonly region?: string;
}

function above0(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

export const addCostCommands: AddCommands = (program, ports) => {
  const command = program
    .command('cost')
    .description("what an environment costs a month, by noun; by the templates of 'cdk synth', without AWS")
    .requiredOption('--devices <number>', 'devices in the field', integerFrom(0))
    .requiredOption('--fps <number>', 'frames that each decides in a second', above0)
    .option('--hours-per-day <number>', 'that the line runs', above0, DEFAULT_USAGE.hoursPerDay)
    .option('--trainings <number>', 'executions of the pipeline', integerFrom(0), DEFAULT_USAGE.trainings)
    .option('--training-minutes <number>', 'of a training job', above0, DEFAULT_USAGE.trainingMinutes)
    .option(
      '--months-before <number>',
      'of operation: data piles up',
      integerFrom(0),
      DEFAULT_USAGE.monthsBefore,
    )
    .option('--templates <folder>', "output of 'cdk synth'", 'cdk.out')
    .addOption(
      new Option('--region <name>', "for its prices; the templates' own by default").choices(PRICED_REGIONS),
    );
  withPage(command, {
    examples: [
      { line: 'cost --env dev --devices 2 --fps 5', what: "after npx cdk synth '**' -c env=dev -q" },
      { line: 'cost --env dev --devices 200 --fps 5 --hours-per-day 16 --region eu-central-1' },
    ],
    json: {
      fields: {
        environment: 'whose templates were read',
        usage: 'devices, fps and the rest of what was assumed',
        region: 'of the prices',
        usd: 'a month, before tax and without free tiers',
        trainingAtMostUsd: 'a month of trainings, every job to its time limit',
        lines: 'noun, what, quantity, usd and price of each',
      },
    },
    seeAlso: 'docs/teardown-and-cost.md',
  }).action(({ templates: folder, region: wanted, json, ...usage }: CostOptions, action: Command) => {
    const { env } = action.optsWithGlobals<{ env: string }>();
    const { region: own, templates } = readAssembly(folder, env);
    const region = wanted ?? own;
    if (!isPricedRegion(region)) {
      throw new InputError(`region: must be one of ${PRICED_REGIONS.join(', ')}, got '${region}'`);
    }
    const estimate = estimateCost(readCostFacts(templates), usage, region);
    answer(ports, { json }, { environment: env, usage, ...estimate }, formatCost(env, usage, estimate));
  });
};
