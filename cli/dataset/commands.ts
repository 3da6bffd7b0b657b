import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ContractError, type DatasetReport, parseContractJson } from '../../contracts';
import {
  type CompleteImagePolicy,
  completeImagePolicy,
  DEFAULT_IMAGE_POLICY,
  regionProblems,
} from '../../contracts/image-policy';
import type { CurrentDataset } from '../../lambda/dataset/current-dataset';
import type { AnswerOptions } from '../shared/answer';
import type { Clients } from '../shared/clients';
import { type CommandPage, withPage } from '../shared/command-page';
import { type AddCommands, type Context, integerFrom, type ProgramPorts } from '../shared/commands';
import { parseCsvRows } from '../shared/csv';
import { decodeText } from '../shared/decode-text';
import { InputError, refuse } from '../shared/errors';
import { progressOf } from '../shared/progress';
import { SPLITTINGS, type Splitting } from './assign-splits';
import { isClassName, parseClassMapping } from './class-names';
import { datasetInForce } from './dataset-in-force';
import { formatDatasetReport } from './format-dataset-report';
import { type GroupRule, groupByExpression, groupByPrefix } from './group-rule';
import { type ImportDatasetOptions, importDataset } from './import-dataset';
import { movedImages } from './moved-images';
import { readDatasetSource } from './read-source';
import { uploadDataset } from './upload-dataset';
import type { DatasetUploadItem } from './upload-item';

/** Of `kaizen dataset import`, as commander gives them. */
export interface ImportOptions extends TakingOptions, AnswerOptions {
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly html?: string;
}

/** How images are read and divided; `npm run try` has the same options. */
export interface TakingOptions {
  readonly groupBy?: string;
  readonly groupByPrefix?: string;
  readonly groupDuplicates?: boolean;
  readonly classes?: readonly string[];
  readonly map?: readonly (readonly [string, string])[];
  readonly mapFile?: string;
  readonly ignoreColumns?: readonly string[];
  readonly unannotated?: string;
  readonly split?: Splitting;
  readonly splitSeed?: number;
  readonly skipCorrupt?: boolean;
  readonly imagePolicy?: CompleteImagePolicy;
}

const PAGE: CommandPage = {
  examples: [
    {
      line: 'dataset import ./parts --dry-run --html report.html',
      what: 'look first: nothing is uploaded, no account is needed',
    },
    {
      line: 'dataset import ./parts --group-by-prefix _ --env dev',
      what: 'part7_left.jpg and part7_top.jpg show part7',
    },
    { line: 'dataset import ./parts --map NG=scratch --map OK=good --env dev' },
    { line: 'dataset import ./labels.csv --split stratified --env dev', what: 'every class in every split' },
    { line: 'dataset import ./annotations/instances.json --unannotated good --split stratified --env dev' },
    { line: 'dataset import s3://bucket/parts/ --env dev' },
  ],
  json: {
    fields: {
      report: 'contract dataset-report: what was found, warnings and errors',
      accepted: 'key, items and classes of what the gate has accepted, or null',
    },
  },
  exits: { 0: 'imported or, with --dry-run, nothing against it', 2: 'refused, with all reasons' },
  seeAlso: 'docs/tutorials/own-images.md',
};

const names = (text: string): string[] => text.split(',').map((name) => name.trim());

function groupRule(options: TakingOptions): GroupRule | undefined {
  if (options.groupBy !== undefined) return groupByExpression(options.groupBy);
  return options.groupByPrefix === undefined ? undefined : groupByPrefix(options.groupByPrefix);
}

function className(text: string): string {
  if (isClassName(text)) return text;
  throw new InvalidArgumentError('It must be the name of a class: lower-case letters, digits, _ and -.');
}

/** Commander gives an option that may be repeated what it had before. */
function oneMapping(text: string, before: readonly (readonly [string, string])[] = []) {
  return [...before, parseClassMapping(text)];
}

/** @throws InputError with every line that is no `from,to` */
async function mappingsIn(file: string): Promise<[string, string][]> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new InputError(`--map-file: '${file}' cannot be read: ${error.message}`);
  });
  const rows = parseCsvRows(decodeText(bytes).text);
  if (typeof rows === 'string') throw new InputError(`--map-file: '${file}': ${rows}`);
  const problems: string[] = [];
  const mappings = rows.flatMap(({ line, cells }): [string, string][] => {
    const [from = '', to = '', ...more] = cells;
    if (more.length > 0 || from === '' || !isClassName(to)) {
      problems.push(`line ${line}: must be <name in the source>,<class>, got '${cells.join(',')}'`);
      return [];
    }
    return [[from, to]];
  });
  refuse(`--map-file: '${file}'`, problems);
  return mappings;
}

async function classMap({ map = [], mapFile }: TakingOptions): Promise<ReadonlyMap<string, string>> {
  return new Map([...(mapFile === undefined ? [] : await mappingsIn(mapFile)), ...map]);
}

/** @throws InvalidArgumentError with every problem */
export function imagePolicyFrom(text: string): CompleteImagePolicy {
  try {
    const policy = parseContractJson('image-policy', text, '--image-policy');
    const problems = regionProblems(policy.region);
    if (problems.length > 0) throw new ContractError('image-policy', '--image-policy', problems);
    return completeImagePolicy(policy);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/**
 * Reads a source and decides, as the options say, how its images are to be divided.
 * @param s3 for a source at `s3://`
 * @throws InputError with every problem of the source
 */
export async function takeSource(
  source: string,
  options: TakingOptions,
  s3?: () => Clients['s3'],
): Promise<Omit<ImportDatasetOptions, 'reportFile' | 'htmlFile' | 'dryRun'>> {
  const { ignoreColumns, unannotated } = options;
  const read = await readDatasetSource(source, {
    ...{ groupRule: groupRule(options), map: await classMap(options), ignoreColumns, unannotated },
    ...(s3 && { s3 }),
  });
  return {
    source: read,
    name: source,
    declaredClasses: options.classes,
    groupDuplicates: options.groupDuplicates ?? false,
    splitting: options.split ?? (options.splitSeed === undefined ? undefined : 'stratified'),
    splitSeed: options.splitSeed ?? 0,
    skipCorrupt: options.skipCorrupt ?? false,
    imagePolicy: options.imagePolicy ?? DEFAULT_IMAGE_POLICY,
  };
}

async function runImport(
  source: string,
  options: ImportOptions,
  ports: ProgramPorts,
  open: () => Promise<Context>,
): Promise<void> {
  const taken = await takeSource(source, options, () => ports.clients().s3);
  const upload = async (checked: readonly DatasetUploadItem[]) => {
    const { clients, environment } = await open();
    const moved = movedImages(await datasetInForce(clients, environment), checked);
    if (moved) ports.writeError(`warning: ${moved}`);
    const onProgress = progressOf(ports, options, 'Uploading image');
    const onWait = progressOf(ports, options, 'Waiting for the gate: second');
    return uploadDataset(clients, environment, { items: checked, now: ports.now, onProgress, onWait });
  };
  let shown: DatasetReport | undefined;
  let accepted: CurrentDataset | undefined;
  const report = (found: DatasetReport) => {
    shown = found;
    if (options.json) return;
    ports.write(formatDatasetReport(found));
    if (options.html !== undefined) ports.write(`Pictures: ${options.html}`);
  };
  try {
    accepted = await importDataset(
      { report, upload, onProgress: progressOf(ports, options, 'Reading image') },
      {
        ...taken,
        reportFile: options.report,
        htmlFile: options.html,
        dryRun: options.dryRun ?? false,
      },
    );
  } finally {
    if (options.json && shown) {
      ports.write(JSON.stringify({ report: shown, accepted: accepted ?? null }, null, 2));
    }
  }
  if (options.json) return;
  ports.write(
    accepted
      ? `Accepted ${accepted.items} items of ${accepted.classes.join(', ')}: ${accepted.key}`
      : `Nothing was uploaded (--dry-run)${options.html === undefined ? '; --html <file> shows pictures' : ''}`,
  );
}

/** How images come into groups, classes and splits, and what is made of them. */
export function addTakingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--group-by <expression>',
        'regular expression on the path; what its first group matches names the physical part',
      ).conflicts('groupByPrefix'),
    )
    .option('--group-by-prefix <separator>', "the file's name up to the separator names the physical part")
    .option('--group-duplicates', 'give images that look alike one group, and so one split')
    .option('--classes <names>', 'the classes there must be, separated by commas', names)
    .option('--map <from=class>', 'what the source calls `from` is this class; may be repeated', oneMapping)
    .option('--map-file <file>', 'many of them, as a table: from,class')
    .option('--ignore-columns <names>', 'columns of a table that mean nothing here, by commas', names)
    .option(
      '--unannotated <class>',
      'class of the images that annotations of COCO name without one',
      className,
    )
    .addOption(
      new Option(
        '--split <how>',
        'given: as the source says; hash: by part; stratified: evenly by class, each class in every split',
      ).choices(SPLITTINGS),
    )
    .option('--split-seed <n>', 'another even division; stands for --split stratified', integerFrom(0))
    .option('--skip-corrupt', 'leave corrupt images out')
    .option(
      '--image-policy <json>',
      "imagePolicy of the environment's configuration, to warn of what it would do to these images; its defaults when left out",
      imagePolicyFrom,
    );
}

export const addDatasetCommands: AddCommands = (program, ports, open) => {
  const command = program
    .command('dataset')
    .description('imports images to train with')
    .command('import')
    .alias('upload')
    .description("reports on images, uploads them with their manifest, and waits for the gate's answer")
    .argument(
      '<source>',
      'folder with one subfolder per class (or train/val/test, MVTec AD, COCO), table .csv (path,label[,id][,groupId][,capturedAt][,split]), annotations .json or manifest .jsonl; on this machine or at s3://',
    );
  const complete = addTakingOptions(command)
    .option('--dry-run', 'report only; needs no environment')
    .option('--report <file>', 'also write the report as JSON (contract dataset-report)')
    .option('--html <file>', 'also write the report as a page with pictures');
  withPage(complete, PAGE).action((source: string, options: ImportOptions, action: Command) =>
    runImport(source, options, ports, () => open(action)),
  );
};
