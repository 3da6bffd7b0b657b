import { type Command, Option } from 'commander';
import type { AnswerOptions } from '../shared/answer';
import { withPage } from '../shared/command-page';
import type { AddCommands } from '../shared/commands';
import { destroyEnvironment } from './destroy-environment';
import { type Choices, HOLDINGS } from './holdings';

/** What each choice is about. */
const DESCRIPTIONS: Readonly<Record<keyof typeof HOLDINGS, string>> = {
  devices: 'things, certificates and core devices',
  dataset: 'images, manifests and labels',
  models: 'model packages, releases, their files and the key that signs them',
  telemetry: 'results, captures, sketches, inventory and episodes',
  components: 'versions of the components in Greengrass',
  logs: 'log groups of functions and rollouts',
};

type DestroyCommandOptions = Choices &
  AnswerOptions & { readonly exportTo?: string; readonly execute?: boolean };

export const addTeardownCommands: AddCommands = (program, ports, open) => {
  const destroy = program
    .command('destroy')
    .description('takes an environment down; shows the plan unless --execute is given');
  for (const [holding, choices] of Object.entries(HOLDINGS)) {
    const description = DESCRIPTIONS[holding as keyof typeof HOLDINGS];
    destroy.addOption(new Option(`--${holding} <choice>`, description).choices(choices));
  }
  destroy
    .option('--export-to <folder>', 'folder of this machine for what is exported')
    .option('--execute', 'take the steps; run again with the same choices to finish a run that was cut off');
  withPage(destroy, {
    examples: [
      {
        line: 'destroy --env dev --devices delete --dataset export --models keep --telemetry delete --components delete --logs delete --export-to ./kept',
        what: 'the plan; --execute takes it',
      },
    ],
    json: {
      fields: {
        environment: 'that goes',
        steps: 'what and why of each, in order',
        kept: 'holdings that stay',
        done: 'whether the steps were taken',
      },
    },
    exits: { 2: 'something has to be decided first: it says what is there, and which choices there are' },
    seeAlso: 'docs/teardown-and-cost.md',
  }).action(async ({ exportTo, execute, json, ...choices }: DestroyCommandOptions, command: Command) => {
    const { clients, environment } = await open(command);
    const options = { choices, exportFolder: exportTo, dryRun: !execute };
    // Each step is said as it is taken: who is cut off must see how far it came.
    const say = json ? () => undefined : ports.write;
    const outcome = await destroyEnvironment(clients, environment, options, say);
    if (json) ports.write(JSON.stringify(outcome, null, 2));
  });
};
