/** `kaizen dataset import`: read, inspect, report, and upload what has no error. */

import { writeFile } from 'node:fs/promises';
import type { DatasetReport } from '../../contracts';
import type { CompleteImagePolicy } from '../../contracts/image-policy';
import type { CurrentDataset } from '../../lambda/dataset/current-dataset';
import { InputError, refuse } from '../shared/errors';
import type { OnProgress } from '../shared/progress';
import { datasetPage } from './dataset-page';
import { type DatasetExamination, examineDataset, type ReportOptions } from './dataset-report';
import { imagePolicyWarnings } from './image-policy-warnings';
import { inspectDataset } from './inspect-dataset';
import type { ReadSource } from './read-source';
import { drawThumbnails, shownIds } from './thumbnails';
import type { DatasetUploadItem } from './upload-item';

export interface ImportDatasetPorts {
  /** Takes the report, whether or not the dataset is refused. */
  readonly report: (report: DatasetReport) => void;
  /** Uploads images and manifest, and answers what the gate has accepted. */
  readonly upload: (items: readonly DatasetUploadItem[]) => Promise<CurrentDataset>;
  /** Told of images that have been decoded. @default - nobody is told */
  readonly onProgress?: OnProgress | undefined;
}

export interface ImportDatasetOptions extends Omit<ReportOptions, 'splitting'> {
  readonly source: ReadSource;
  /** As the operator has named it. */
  readonly name: string;
  /** @default - as the source says where it says it, else by the hash of the group */
  readonly splitting?: ReportOptions['splitting'] | undefined;
  /** Of the environment that is to be trained. */
  readonly imagePolicy: CompleteImagePolicy;
  /** File for the report in JSON. @default - none */
  readonly reportFile?: string | undefined;
  /** File for the report as a page with pictures. @default - none */
  readonly htmlFile?: string | undefined;
  /** Report only. */
  readonly dryRun: boolean;
}

async function write(option: string, file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new InputError(`${option}: '${file}' cannot be written: ${(error as Error).message}`);
  }
}

/** @throws InputError when the operator wants splits that the source does not give */
function splittingOf({
  source,
  splitting,
}: Pick<ImportDatasetOptions, 'source' | 'splitting'>): ReportOptions['splitting'] {
  const isGiven = source.items.some(({ split }) => split !== undefined);
  if (splitting === 'given' && !isGiven) {
    throw new InputError(
      `--split: the source gives no splits, it was recognized as ${source.layout}: leave the option out, or divide evenly with --split stratified`,
    );
  }
  return splitting ?? (isGiven ? 'given' : 'hash');
}

/**
 * Reads, inspects and reports. The reports are written whether or not the dataset is refused.
 * @param ports `report` takes the report
 * @throws InputError with every error of the report
 */
export async function examineImport(
  { report: show, onProgress }: Pick<ImportDatasetPorts, 'report' | 'onProgress'>,
  options: Omit<ImportDatasetOptions, 'dryRun'>,
): Promise<DatasetExamination> {
  const { source, reportFile, htmlFile } = options;
  const splitting = splittingOf(options);
  const { layout, renamedClasses, leftOut, notes } = source;
  const inspected = await inspectDataset(source.items, onProgress);
  const { report, items } = examineDataset(
    inspected,
    { layout, renamedClasses: [...renamedClasses], leftOut: [...leftOut], notes: [...notes] },
    { ...options, splitting },
  );
  report.warnings.push(...imagePolicyWarnings(inspected.items, options.imagePolicy));
  if (reportFile !== undefined) await write('--report', reportFile, `${JSON.stringify(report, null, 2)}\n`);
  if (htmlFile !== undefined) {
    const thumbnails = await drawThumbnails(shownIds(report, items), items);
    await write('--html', htmlFile, datasetPage({ report, items, thumbnails, source: options.name }));
  }
  show(report);
  const { length } = report.errors;
  refuse('dataset refused', length > 0 ? [`${length} error${length === 1 ? '' : 's'}, listed above`] : []);
  return { report, items };
}

/**
 * The reports are written whether or not the dataset is refused.
 * @returns what the gate has accepted; `undefined` after a dry run
 * @throws InputError with every error of the report; then nothing has been uploaded
 */
export async function importDataset(
  ports: ImportDatasetPorts,
  options: ImportDatasetOptions,
): Promise<CurrentDataset | undefined> {
  const { items } = await examineImport(ports, options);
  return options.dryRun ? undefined : ports.upload(items);
}
