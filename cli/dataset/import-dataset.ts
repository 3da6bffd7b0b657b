/** `kaizen dataset import`: read, inspect, report, and upload what has no error. */

import { writeFile } from 'node:fs/promises';
import type { DatasetReport } from '../../contracts';
import type { CurrentDataset } from '../../lambda/dataset/current-dataset';
import { InputError, refuse } from '../shared/errors';
import { examineDataset, type ReportOptions } from './dataset-report';
import { formatDatasetReport } from './format-dataset-report';
import { inspectDataset } from './inspect-dataset';
import type { DatasetUploadItem } from './upload-item';

export interface ImportDatasetPorts {
  /** Takes the readable report. */
  readonly write: (text: string) => void;
  /** Uploads images and manifest, and answers what the gate has accepted. */
  readonly upload: (items: readonly DatasetUploadItem[]) => Promise<CurrentDataset>;
}

export interface ImportDatasetOptions extends ReportOptions {
  readonly items: readonly DatasetUploadItem[];
  /** File for the report in JSON. @default - none */
  readonly reportFile?: string | undefined;
  /** Report only. */
  readonly dryRun: boolean;
}

async function writeReport(file: string, report: DatasetReport): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new InputError(`--report: '${file}' cannot be written: ${(error as Error).message}`);
  }
}

/**
 * The report is written whether or not the dataset is refused.
 * @returns what the gate has accepted; `undefined` after a dry run
 * @throws InputError with every error of the report; then nothing has been uploaded
 */
export async function importDataset(
  ports: ImportDatasetPorts,
  options: ImportDatasetOptions,
): Promise<CurrentDataset | undefined> {
  const { report, items } = examineDataset(await inspectDataset(options.items), options);
  if (options.reportFile !== undefined) await writeReport(options.reportFile, report);
  ports.write(formatDatasetReport(report));
  const { length } = report.errors;
  refuse('dataset refused', length > 0 ? [`${length} error${length === 1 ? '' : 's'}, listed above`] : []);
  return options.dryRun ? undefined : ports.upload(items);
}
