import type { Command } from 'commander';
import { type AddCommands, integerFrom } from '../shared/commands';
import { formatCodes, readCodes } from './class-codes';
import { approveModelPackage, rejectModelPackage } from './decide-model-package';
import { brokenLinks, buildLineage, formatLineage } from './lineage';
import { formatModels, listModels } from './list-models';
import { writeModelReport } from './model-report';
import { readLineage } from './read-lineage';

const addDecisions: AddCommands = (program, ports, open) => {
  const decisions = [
    ['approve', 'approves a model package: it is built, signed and rolled out', approveModelPackage],
    ['reject', 'rejects a model package; a release that was made from it stays', rejectModelPackage],
  ] as const;
  for (const [name, description, decide] of decisions) {
    program
      .command(name)
      .description(description)
      .argument('<version>', 'version of the model package', integerFrom(1))
      .option('--reason <text>', 'kept with the model package: who reads it in two years wants to know')
      .action(async (version: number, options: { reason?: string }, command: Command) => {
        const { clients, environment } = await open(command);
        const { arn } = await decide(clients, environment, { version, reason: options.reason });
        ports.write(`${name === 'approve' ? 'Approved' : 'Rejected'} ${arn}`);
      });
  }
};

const addLineage: AddCommands = (program, ports, open) => {
  program
    .command('lineage')
    .description('shows what a model package was made from, and whether every link holds')
    .argument('<version>', 'version of the model package', integerFrom(1))
    .option('--json', 'as JSON')
    .action(async (version: number, options: { json?: boolean }, command: Command) => {
      const { clients, environment } = await open(command);
      const lineage = buildLineage(await readLineage(clients, environment, version));
      ports.write(options.json ? JSON.stringify(lineage, null, 2) : formatLineage(lineage));
      const broken = brokenLinks(lineage).map(({ link }) => link);
      if (broken.length > 0) throw new Error(`lineage: broken: ${broken.join(', ')}`);
    });
};

const addCodes: AddCommands = (program, ports, open) => {
  program
    .command('codes')
    .description(
      'shows the number of each class, for programs of controllers: a number never changes its class',
    )
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { clients, environment } = await open(command);
      const rows = await readCodes(clients, environment);
      ports.write(options.json ? JSON.stringify(rows, null, 2) : formatCodes(rows));
    });
};

const addModels: AddCommands = (program, ports, open) => {
  program
    .command('models')
    .description('lists model packages, what became of them, and which of them wait for a person')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { clients, environment } = await open(command);
      const models = await listModels(clients, environment);
      ports.write(options.json ? JSON.stringify(models, null, 2) : formatModels(models));
    });
};

const addReport: AddCommands = (program, ports, open) => {
  program
    .command('report')
    .description('writes the report of a model package, to be read before it is approved')
    .argument('<version>', 'version of the model package', integerFrom(1))
    .option('--out <file>', 'where to; default: model-<version>.html')
    .addHelpText('after', '\nExample: kaizen report 3 --env dev && xdg-open model-3.html')
    .action(async (version: number, options: { out?: string }, command: Command) => {
      const { clients, environment } = await open(command);
      const file = options.out ?? `model-${version}.html`;
      await writeModelReport(clients, environment, version, file);
      ports.write(`Report of model package ${version}: ${file}`);
    });
};

export const addRegistryCommands: AddCommands = (...to) => {
  addModels(...to);
  addReport(...to);
  addDecisions(...to);
  addLineage(...to);
  addCodes(...to);
};
