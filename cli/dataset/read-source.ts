/** Reads what is to be imported: class folders, a table or a manifest, on this machine or in S3. */
import type { Clients } from '../shared/clients';
import { InputError, refuse } from '../shared/errors';
import type { GroupRule } from './group-rule';
import { readClassFolders } from './read-class-folders';
import { parseCsv } from './read-csv';
import { parseManifest } from './read-manifest';
import { type DatasetAddress, openSource, type SourceFiles } from './source-files';
import type { DatasetUploadItem } from './upload-item';

export interface ReadDatasetOptions {
  /** Which images show the same part; not for a manifest, which says so itself. @default - each is its own group */
  readonly groupRule?: GroupRule | undefined;
  /** For `s3://` sources, made on first use. @default - S3 is refused */
  readonly s3?: () => Clients['s3'];
}

const MANIFEST_NAME = 'manifest.jsonl';
const MOST_PROBLEMS = 1000;

async function readText(files: SourceFiles, path: string): Promise<string> {
  return Buffer.from(await files.read(path)).toString('utf8');
}

async function readManifest(files: SourceFiles, file: string, options: ReadDatasetOptions) {
  if (options.groupRule) {
    throw new InputError('dataset: a manifest names the groups itself; leave the group rule out');
  }
  return parseManifest(await readText(files, file), files);
}

async function readFile({ files, file = '' }: DatasetAddress, options: ReadDatasetOptions) {
  if (/\.csv$/i.test(file)) {
    const [text, { files: listed }] = await Promise.all([readText(files, file), files.list()]);
    return parseCsv(text, listed, files, options.groupRule);
  }
  if (/\.jsonl$/i.test(file)) return readManifest(files, file, options);
  throw new InputError(
    `dataset: must be a folder, a table ending in .csv or a manifest ending in .jsonl, got '${file}'`,
  );
}

async function readFolder({ files }: DatasetAddress, options: ReadDatasetOptions) {
  const listing = await files.list();
  const hasManifest = listing.files.some(({ path }) => path === MANIFEST_NAME);
  return hasManifest
    ? readManifest(files, MANIFEST_NAME, options)
    : readClassFolders(files, listing, options.groupRule);
}

/**
 * @param source a folder whose subfolders are classes and hold JPEG or PNG images; a table (`.csv`: path, label and
 *   optionally id, groupId, capturedAt); a manifest (`.jsonl`, contract dataset-item); or a folder that holds
 *   `manifest.jsonl`. Paths are relative to the table or manifest. Each of them may be an `s3://` address.
 * @throws InputError when there is nothing to import, or with every broken line
 */
export async function readDatasetSource(
  source: string,
  options: ReadDatasetOptions = {},
): Promise<DatasetUploadItem[]> {
  const address = await openSource(source, options.s3);
  const { items, problems } = await (address.file
    ? readFile(address, options)
    : readFolder(address, options));
  refuse(source, problems.slice(0, MOST_PROBLEMS));
  if (items.length === 0) {
    throw new InputError(
      `dataset: '${source}' holds neither ${MANIFEST_NAME} nor subfolders (one per class) with JPEG or PNG images`,
    );
  }
  return items;
}
