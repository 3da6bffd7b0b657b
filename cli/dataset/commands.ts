import { type Command, Option } from 'commander';
import type { AddCommands, Context, ProgramPorts } from '../shared/commands';
import { type GroupRule, groupByExpression, groupByPrefix } from './group-rule';
import { importDataset } from './import-dataset';
import { readDatasetSource } from './read-source';
import { uploadDataset } from './upload-dataset';
import type { DatasetUploadItem } from './upload-item';

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

export const addDatasetCommands: AddCommands = (program, ports, open) => {
  program
    .command('dataset')
    .description('imports images to train with')
    .command('import')
    .alias('upload')
    .description("reports on images, uploads them with their manifest, and waits for the gate's answer")
    .argument(
      '<source>',
      'folder with one subfolder per class, table .csv (path,label[,id][,groupId][,capturedAt]) or manifest .jsonl; on this machine or at s3://',
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
};
