import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AskedThresholds } from '../../contracts/operating-point';
import { WAVES, type Wave } from '../device/device-folder';
import { type AnswerOptions, answer } from '../shared/answer';
import { type CommandPage, withPage } from '../shared/command-page';
import { type AddCommands, integerFrom } from '../shared/commands';
import { InputError } from '../shared/errors';
import { formatCodes, readCodes } from './class-codes';
import { approveModelPackage, rejectModelPackage } from './decide-model-package';
import { brokenLinks, buildLineage, formatLineage } from './lineage';
import { formatModels, listModels } from './list-models';
import { writeModelReport } from './model-report';
import { formatMoved, formatPlan, makeMove, type PointTarget, planMove } from './operating-point';
import { readLineage } from './read-lineage';

const DECISIONS = [
  {
    name: 'approve',
    description: 'approves a model package: it is built, signed and rolled out',
    example: 'approve 3 --env dev --reason "recall of cracks is 0.99, looked at the gallery"',
    decide: approveModelPackage,
    status: 'Approved',
  },
  {
    name: 'reject',
    description: 'rejects a model package; a release that was made from it stays',
    example: 'reject 3 --env dev --reason "too few test images of cracks"',
    decide: rejectModelPackage,
    status: 'Rejected',
  },
] as const;

const addDecisions: AddCommands = (program, ports, open) => {
  for (const { name, description, example, decide, status } of DECISIONS) {
    const command = program
      .command(name)
      .description(description)
      .argument('<version>', 'version of the model package', integerFrom(1))
      .option('--reason <text>', 'kept with the model package: who reads it in two years wants to know');
    withPage(command, {
      examples: [{ line: example }],
      json: {
        fields: {
          version: 'of the model package',
          arn: 'of the model package',
          status: `${status}, as SageMaker has it`,
          previous: 'what it was before',
        },
      },
    }).action(
      async (version: number, { reason, json }: { reason?: string } & AnswerOptions, action: Command) => {
        const { clients, environment } = await open(action);
        const { arn, previous } = await decide(clients, environment, { version, reason });
        answer(ports, { json }, { version, arn, status, previous: previous ?? null }, `${status} ${arn}`);
      },
    );
  }
};

const addLineage: AddCommands = (program, ports, open) => {
  const command = program
    .command('lineage')
    .description('shows what a model package was made from, and whether every link holds')
    .argument('<version>', 'version of the model package', integerFrom(1));
  withPage(command, {
    examples: [{ line: 'lineage 3 --env dev' }],
    json: {
      fields: {
        modelPackage: 'arn, version, approval and metadata',
        'execution?': 'of the pipeline: status, parameters, steps',
        'codeSha256?': 'of the code that its jobs ran',
        'manifestUri?': 'of the dataset',
        'manifestSha256?': 'of the dataset',
        'dataset?': 'items by class, split and origin',
        'accuracy?': 'on the test split',
        champion: 'what it was compared with, and its accuracy',
        releases: 'that were made from it',
        checks: 'link, holds and detail of every link',
      },
    },
    exits: { 1: 'a link is broken, or it failed' },
  }).action(async (version: number, options: AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const lineage = buildLineage(await readLineage(clients, environment, version));
    answer(ports, options, lineage, formatLineage(lineage));
    const broken = brokenLinks(lineage).map(({ link }) => link);
    if (broken.length > 0) throw new Error(`lineage: broken: ${broken.join(', ')}`);
  });
};

const addCodes: AddCommands = (program, ports, open) => {
  const command = program
    .command('codes')
    .description(
      'shows the number of each class, for programs of controllers: a number never changes its class',
    );
  withPage(command, {
    examples: [{ line: 'codes --env dev' }],
    json: {
      isList: true,
      fields: {
        code: 'a number that never moves',
        className: 'of the class',
        'disposition?': 'pass, reject or review; absent where the release in service does not know the class',
      },
    },
    seeAlso: 'docs/controllers.md',
  }).action(async (options: AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const rows = await readCodes(clients, environment);
    answer(ports, options, rows, formatCodes(rows));
  });
};

interface OperatingPointOptions extends AnswerOptions {
  readonly useCase?: string;
  readonly device?: string;
  readonly group?: Wave;
  readonly all?: boolean;
  readonly threshold: AskedThresholds;
  readonly own?: boolean;
  readonly why: string;
  readonly last?: number;
  readonly yes?: boolean;
}

/** `good=0.93`, as often as there are classes to move. */
function thresholdOption(text: string, before: AskedThresholds): AskedThresholds {
  const [, name, digits] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const threshold = Number(digits);
  if (name === undefined || !(threshold <= 1)) {
    throw new InvalidArgumentError('It must be <class>=<threshold>, the threshold from 0 to 1.');
  }
  return [...before, { class: name, threshold }];
}

/** @throws InputError unless exactly one is named */
function targetOf({ device, group, all }: OperatingPointOptions): PointTarget {
  const named: PointTarget[] = [
    ...(device === undefined ? [] : [{ device }]),
    ...(group === undefined ? [] : [{ wave: group }]),
    ...(all ? ['all' as const] : []),
  ];
  const [target] = named;
  if (!target || named.length > 1) throw new InputError('name one of --device, --group and --all');
  return target;
}

const OPERATING_POINT: CommandPage = {
  examples: [
    {
      line: 'operating-point --all --threshold good=0.93 --why "dents seen at the customer" --env dev',
      what: 'what it would have cost; nothing is changed',
    },
    { line: 'operating-point --device line-1 --own --why "the lamp is new" --yes --env dev' },
    { line: 'operating-point --group canary --threshold good=0.93 --why "dents seen" --yes --env dev' },
  ],
  json: {
    fields: {
      releaseId: 'of the release whose thresholds they are',
      waves: 'in which devices are told',
      before: 'class -> threshold now',
      after: 'class -> threshold that was asked for',
      outcome: 'before and after: what became of the last labelled parts, and what it would have cost',
      'moved?': 'by whom, when and by which deployments; absent without --yes',
    },
  },
  seeAlso: 'docs/controllers.md',
};

const addOperatingPoint: AddCommands = (program, ports, open) => {
  const command = program
    .command('operating-point')
    .description('moves thresholds of passing classes on devices, within what their release was signed with')
    .option('--use-case <name>', 'that of the environment, to be sure which it is')
    .option('--device <thingName>', 'one device')
    .addOption(new Option('--group <wave>', 'the devices of a wave').choices(WAVES))
    .option('--all', 'all devices')
    .option(
      '--threshold <class=value>',
      'such as good=0.93; for several classes say it again',
      thresholdOption,
      [],
    )
    .option('--own', 'back to the thresholds of the release')
    .requiredOption('--why <text>', 'kept with your identity: who reads it in two years wants to know')
    .option('--last <parts>', 'so many of the last labelled parts tell the cost', integerFrom(1))
    .option('--yes', 'do it; without, what it would have cost is shown and nothing is changed');
  withPage(command, OPERATING_POINT).action(async (options: OperatingPointOptions, action: Command) => {
    if ((options.threshold.length === 0) === !options.own) {
      throw new InputError('say either --threshold <class>=<value> or --own');
    }
    const target = targetOf(options);
    const { clients, environment } = await open(action);
    if (options.useCase !== undefined && options.useCase !== environment.useCase) {
      throw new InputError(`--use-case: must be '${environment.useCase}', got '${options.useCase}'`);
    }
    const { threshold: thresholds, why, last } = options;
    const plan = await planMove(clients, environment, { target, thresholds, why, ...(last && { last }) });
    if (!options.json) ports.write(formatPlan(plan));
    const moved = options.yes ? await makeMove(clients, environment, plan, ports.now()) : undefined;
    const { release, waves, before, after, outcome } = plan;
    const document = { releaseId: release.releaseId, waves, before, after, outcome, ...(moved && { moved }) };
    answer(
      ports,
      options,
      document,
      moved ? formatMoved(moved) : 'Nothing was changed: say it again with --yes.',
    );
  });
};

const addModels: AddCommands = (program, ports, open) => {
  const command = program
    .command('models')
    .description('lists model packages, what became of them, and which of them wait for a person');
  withPage(command, {
    examples: [{ line: 'models --env dev' }],
    json: {
      isList: true,
      fields: {
        version: 'of the model package',
        approvalStatus: 'PendingManualApproval, Approved or Rejected',
        'createdAt?': 'ISO time',
        releases: 'counter and status of each that was made from it',
      },
    },
  }).action(async (options: AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const models = await listModels(clients, environment);
    answer(ports, options, models, formatModels(models));
  });
};

const addReport: AddCommands = (program, ports, open) => {
  const command = program
    .command('report')
    .description('writes the report of a model package, to be read before it is approved')
    .argument('<version>', 'version of the model package', integerFrom(1))
    .option('--out <file>', 'where to; default: model-<version>.html');
  withPage(command, {
    examples: [{ line: 'report 3 --env dev', what: 'then open model-3.html' }],
    json: { fields: { version: 'of the model package', file: 'that was written' } },
  }).action(async (version: number, { out, json }: { out?: string } & AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const file = out ?? `model-${version}.html`;
    await writeModelReport(clients, environment, version, file);
    answer(ports, { json }, { version, file }, `Report of model package ${version}: ${file}`);
  });
};

export const addRegistryCommands: AddCommands = (...to) => {
  addModels(...to);
  addReport(...to);
  addDecisions(...to);
  addLineage(...to);
  addCodes(...to);
  addOperatingPoint(...to);
};
