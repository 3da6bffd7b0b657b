/** The command line: arguments in, text out. Every command is a function of another file. */
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readCaptures } from './captures/captures';
import { knownClasses } from './captures/known-classes';
import { type LabelRequest, labelCaptures, parseLabelFile } from './captures/label-captures';
import { type GroupRule, groupByExpression, groupByPrefix } from './dataset/group-rule';
import { importDataset } from './dataset/import-dataset';
import { type DatasetUploadItem, readDatasetSource } from './dataset/read-source';
import { uploadDataset } from './dataset/upload-dataset';
import { decommissionDevice } from './device/decommission-device';
import { WAVES, type Wave } from './device/device-folder';
import { provisionDevice } from './device/provision-device';
import { redriveQueue } from './redrive-queue';
import { approveModelPackage, rejectModelPackage } from './registry/decide-model-package';
import { brokenLinks, buildLineage, formatLineage } from './registry/lineage';
import { readLineage } from './registry/read-lineage';
import type { Clients } from './shared/clients';
import {
  describeEnvironment,
  ENVIRONMENT_NAMES,
  type EnvironmentName,
  type KaizenEnvironment,
} from './shared/environment';
import { InputError } from './shared/errors';
import { formatTable } from './shared/table';
import { formatStatus, readStatus } from './status';

/** What the program needs of the world. */
export interface ProgramPorts {
  /** Made on first use: `--help` needs no credentials. */
  readonly clients: () => Clients;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly now: () => Date;
  /** Name of the person at the keyboard. */
  readonly userName: () => string;
}

interface Context {
  readonly clients: Clients;
  readonly environment: KaizenEnvironment;
}

function integerFrom(minimum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${minimum}.`);
    }
    return value;
  };
}

type Open = (command: Command) => Promise<Context>;

function addStatus(program: Command, ports: ProgramPorts, open: Open): void {
  program
    .command('status')
    .description('releases, waves, devices and episodes')
    .action(async (_options: object, command: Command) => {
      const { clients, environment } = await open(command);
      ports.write(formatStatus(await readStatus(clients, environment), ports.now()));
    });
}

function addDecisions(program: Command, ports: ProgramPorts, open: Open): void {
  const decisions = [
    ['approve', 'approves a model package: it is built, signed and rolled out', approveModelPackage],
    ['reject', 'rejects a model package', rejectModelPackage],
  ] as const;
  for (const [name, description, decide] of decisions) {
    program
      .command(name)
      .description(description)
      .argument('<version>', 'version of the model package', integerFrom(1))
      .option('--reason <text>', 'kept with the model package')
      .action(async (version: number, options: { reason?: string }, command: Command) => {
        const { clients, environment } = await open(command);
        const { arn } = await decide(clients, environment, { version, reason: options.reason });
        ports.write(`${name === 'approve' ? 'Approved' : 'Rejected'} ${arn}`);
      });
  }
}

function addLineage(program: Command, ports: ProgramPorts, open: Open): void {
  program
    .command('lineage')
    .description('what a model package was made from, and whether every link holds')
    .argument('<version>', 'version of the model package', integerFrom(1))
    .option('--json', 'as JSON')
    .action(async (version: number, options: { json?: boolean }, command: Command) => {
      const { clients, environment } = await open(command);
      const lineage = buildLineage(await readLineage(clients, environment, version));
      ports.write(options.json ? JSON.stringify(lineage, null, 2) : formatLineage(lineage));
      const broken = brokenLinks(lineage).map(({ link }) => link);
      if (broken.length > 0) throw new Error(`lineage: broken: ${broken.join(', ')}`);
    });
}

interface LabelOptions {
  readonly file?: string;
  readonly newClass?: boolean;
  readonly by?: string;
}

async function labelRequests(
  captureId: string | undefined,
  label: string | undefined,
  file: string | undefined,
): Promise<LabelRequest[]> {
  if (file !== undefined && captureId === undefined) {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw new InputError(`--file: '${file}' cannot be read: ${error.message}`);
    });
    return parseLabelFile(text, file);
  }
  if (file !== undefined || captureId === undefined || label === undefined) {
    throw new InputError('label: give either <captureId> <class> or --file <labels.csv>');
  }
  return [{ captureId, label }];
}

function addLabels(program: Command, ports: ProgramPorts, open: Open): void {
  program
    .command('label')
    .description('writes the true class of captures')
    .argument('[captureId]', 'one capture')
    .argument('[class]', 'its true class')
    .option('--file <path>', 'lines captureId,class or captureId,class,deviceId')
    .option('--new-class', 'allow classes that the release in service does not know')
    .option('--by <name>', 'who says so; default: your user name')
    .action(
      async (
        captureId: string | undefined,
        label: string | undefined,
        options: LabelOptions,
        command: Command,
      ) => {
        const labels = await labelRequests(captureId, label, options.file);
        const { clients, environment } = await open(command);
        const written = await labelCaptures(clients, environment, {
          labels,
          labelledBy: options.by ?? ports.userName(),
          now: ports.now,
          knownClasses: options.newClass ? undefined : await knownClasses(clients, environment),
        });
        ports.write(`Labelled ${written.length} capture${written.length === 1 ? '' : 's'}`);
      },
    );
}

function addCaptures(program: Command, ports: ProgramPorts, open: Open): void {
  program
    .command('captures')
    .description('uploaded images')
    .option('--unlabelled', 'only those without a label')
    .option('--limit <number>', 'at most so many', integerFrom(1))
    .action(async (options: { unlabelled?: boolean; limit?: number }, command: Command) => {
      const { clients, environment } = await open(command);
      const captures = await readCaptures(clients, environment, {
        unlabelledOnly: options.unlabelled ?? false,
        limit: options.limit,
      });
      const rows = captures.map((capture) => [
        capture.captureId,
        capture.deviceId,
        capture.capturedAt,
        capture.predictedClass ?? 'none',
        capture.confidence?.toFixed(3) ?? '',
        capture.reasons.join(','),
      ]);
      ports.write(formatTable(['capture', 'device', 'captured', 'class', 'confidence', 'reasons'], rows));
    });
}

function addDevices(program: Command, ports: ProgramPorts, open: Open): void {
  const device = program.command('device').description('devices of the fleet');
  device
    .command('provision')
    .description('makes a device known and writes its keys; run it again to finish a run that was cut off')
    .argument('<thingName>', '1 to 124 letters, digits, _ or -')
    .addOption(new Option('--group <wave>', 'wave of the rollout').choices(WAVES).makeOptionMandatory())
    .requiredOption('--out <folder>', "folder for the device's files")
    .action(async (thingName: string, options: { group: Wave; out: string }, command: Command) => {
      const { clients, environment } = await open(command);
      const thing = await provisionDevice(clients, environment, {
        thingName,
        wave: options.group,
        folder: options.out,
      });
      ports.write(`Provisioned ${thing.thingName} in ${thing.thingGroup}; its files are in ${options.out}`);
    });
  device
    .command('decommission')
    .description('deletes certificates, thing and core device; telemetry stays')
    .argument('<thingName>', 'name of the thing')
    .action(async (thingName: string, _options: object, command: Command) => {
      const { clients, environment } = await open(command);
      await decommissionDevice(clients, environment, { thingName });
      ports.write(`Decommissioned ${thingName}`);
    });
}

interface ImportOptions {
  readonly groupBy?: string;
  readonly groupByPrefix?: string;
  readonly groupDuplicates?: boolean;
  readonly classes?: readonly string[];
  readonly skipCorrupt?: boolean;
  readonly dryRun?: boolean;
  readonly report?: string;
}

function groupRule(options: ImportOptions): GroupRule | undefined {
  if (options.groupBy !== undefined) return groupByExpression(options.groupBy);
  return options.groupByPrefix === undefined ? undefined : groupByPrefix(options.groupByPrefix);
}

async function runImport(
  source: string,
  options: ImportOptions,
  ports: ProgramPorts,
  open: () => Promise<Context>,
): Promise<void> {
  const items = await readDatasetSource(source, {
    groupRule: groupRule(options),
    s3: () => ports.clients().s3,
  });
  const upload = async (checked: readonly DatasetUploadItem[]) => {
    const { clients, environment } = await open();
    return uploadDataset(clients, environment, { items: checked, now: ports.now });
  };
  const accepted = await importDataset(
    { write: ports.write, upload },
    {
      items,
      declaredClasses: options.classes,
      groupDuplicates: options.groupDuplicates ?? false,
      skipCorrupt: options.skipCorrupt ?? false,
      reportFile: options.report,
      dryRun: options.dryRun ?? false,
    },
  );
  ports.write(
    accepted
      ? `Accepted ${accepted.items} items of ${accepted.classes.join(', ')}: ${accepted.key}`
      : 'Nothing was uploaded (--dry-run)',
  );
}

function addDatasets(program: Command, ports: ProgramPorts, open: Open): void {
  program
    .command('dataset')
    .description('the dataset')
    .command('import')
    .alias('upload')
    .description("reports on images, uploads them with their manifest, and waits for the gate's answer")
    .argument(
      '<source>',
      'folder with one subfolder per class, table .csv (path,label[,id][,groupId][,capturedAt]) or manifest .jsonl; local or s3://',
    )
    .addOption(
      new Option(
        '--group-by <expression>',
        'regular expression on the path; what its first group matches names the physical part',
      ).conflicts('groupByPrefix'),
    )
    .option('--group-by-prefix <separator>', "the file's name up to the separator names the physical part")
    .option('--group-duplicates', 'give images that look alike one group, and so one split')
    .option('--classes <names>', 'the classes there must be, separated by commas', (names) =>
      names.split(',').map((name) => name.trim()),
    )
    .option('--skip-corrupt', 'leave corrupt images out')
    .option('--dry-run', 'report only; needs no environment')
    .option('--report <file>', 'also write the report as JSON (contract dataset-report)')
    .action((source: string, options: ImportOptions, command: Command) =>
      runImport(source, options, ports, () => open(command)),
    );
}

function addRedrive(program: Command, ports: ProgramPorts, open: Open): void {
  program
    .command('redrive')
    .description('sends the messages of a dead-letter queue back to their queue')
    .argument('<queue>', "such as 'results'")
    .action(async (queue: string, _options: object, command: Command) => {
      const { clients, environment } = await open(command);
      const { messages, how } = await redriveQueue(clients, environment, queue);
      ports.write(`About ${messages} messages of '${queue}' go back (${how})`);
    });
}

/** Builds the program; parse it with {@link runProgram}. */
export function buildProgram(ports: ProgramPorts): Command {
  const program = new Command('kaizen')
    .description('Operates a Kaizen Edge environment')
    .addOption(new Option('--env <name>', 'environment').choices(ENVIRONMENT_NAMES).default('local'))
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => ports.write(text.trimEnd()),
      writeErr: (text) => ports.writeError(text.trimEnd()),
    })
    .exitOverride();
  const open: Open = async (command) => {
    const clients = ports.clients();
    const { env } = command.optsWithGlobals<{ env: EnvironmentName }>();
    return { clients, environment: await describeEnvironment(clients, env) };
  };
  for (const add of [
    addStatus,
    addDecisions,
    addLineage,
    addLabels,
    addCaptures,
    addDevices,
    addDatasets,
    addRedrive,
  ]) {
    add(program, ports, open);
  }
  return program;
}
