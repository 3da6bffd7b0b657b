/** Reads what is to be imported: a folder, a table, annotations or a manifest, on this machine or in S3. */
import { decodeText } from '../shared/decode-text';
import { InputError, refuse } from '../shared/errors';
import { countedProblems } from '../shared/problems';
import { classNames } from './class-names';
import type { DatasetSource, ReadDatasetOptions } from './dataset-source';
import { junkIn, type LeftOut, leftOutByReason } from './layouts/left-out';
import { parseCsv } from './read-csv';
import { hasImageSuffix, readCocoFile, readFolder } from './read-folder';
import { parseManifest } from './read-manifest';
import { openSource, type SourceFiles } from './source-files';

/** A source that may be inspected: its classes have their names, and it has no problems. */
export type ReadSource = Omit<DatasetSource, 'problems'> & {
  readonly renamedClasses: readonly { readonly from: string; readonly to: string }[];
};

const MANIFEST_NAME = 'manifest.jsonl';
const MOST_PROBLEMS = 50;

async function readManifest(
  files: SourceFiles,
  file: string,
  options: ReadDatasetOptions,
): Promise<DatasetSource> {
  if (options.groupRule) {
    throw new InputError('dataset: a manifest names the groups itself; leave the group rule out');
  }
  const { text } = decodeText(await files.read(file));
  return { layout: 'manifest', leftOut: [], notes: [], ...parseManifest(text, files) };
}

async function readTable(
  files: SourceFiles,
  file: string,
  options: ReadDatasetOptions,
): Promise<DatasetSource> {
  const [bytes, { files: listed }] = await Promise.all([files.read(file), files.list()]);
  const { text, encoding } = decodeText(bytes);
  const guess = 'is no UTF-8 and was read as Windows-1252';
  const isGuessed = encoding === 'windows-1252';
  const notes = isGuessed ? [`${file} ${guess}: look at names with umlauts or accents`] : [];
  const { items, problems } = parseCsv(text, listed, files, options);
  const named = new Set(items.map(({ path }) => path));
  const leftOut = listed
    .filter(({ path }) => junkIn(path) === undefined && hasImageSuffix(path) && !named.has(path))
    .map(({ path }) => ({ path, reason: 'an image in no line of the table', files: 1 }));
  const hint = { place: file, problem: `${guess}: if names are wrong, save it as UTF-8` };
  const all = isGuessed && problems.length > 0 ? [...problems, hint] : problems;
  return { layout: 'table', items, leftOut, notes, problems: all };
}

function readFile(files: SourceFiles, file: string, options: ReadDatasetOptions): Promise<DatasetSource> {
  if (/\.(csv|tsv|txt)$/i.test(file)) return readTable(files, file, options);
  if (/\.json$/i.test(file)) return readCocoFile(files, file, options);
  if (/\.jsonl$/i.test(file)) return readManifest(files, file, options);
  throw new InputError(
    `dataset: must be a folder, a table ending in .csv, annotations of COCO ending in .json or a manifest ending in .jsonl, got '${file}'`,
  );
}

async function readAny(source: string, options: ReadDatasetOptions): Promise<DatasetSource> {
  const { files, file } = await openSource(source, options.s3);
  if (file !== undefined) return readFile(files, file, options);
  const listing = await files.list();
  const hasManifest = listing.files.some(({ path }) => path === MANIFEST_NAME);
  return hasManifest
    ? readManifest(files, MANIFEST_NAME, options)
    : readFolder(source, files, listing, options);
}

function nothingIn(source: string, leftOut: readonly LeftOut[]): InputError {
  const found = leftOutByReason(leftOut).map(
    ({ reason, files, paths }) => `${files} ${reason} (${paths[0]})`,
  );
  return new InputError(
    `dataset: '${source}' holds neither ${MANIFEST_NAME} nor a JPEG or PNG image; it may be a folder with one subfolder per class, a table or a manifest${found.length > 0 ? `; left out: ${found.join(', ')}` : ''}`,
  );
}

/**
 * @param source a folder of images (one subfolder per class; with splits; as MVTec AD or COCO have it), a table (`.csv`),
 *   annotations (`.json`, COCO), a manifest (`.jsonl`, contract dataset-item), or a folder that holds `manifest.jsonl`.
 *   Paths are relative to the table or manifest. Each of them may be an `s3://` address.
 * @throws InputError when there is nothing to import, or with every problem, each once
 */
export async function readDatasetSource(
  source: string,
  options: ReadDatasetOptions = {},
): Promise<ReadSource> {
  const { problems, ...read } = await readAny(source, options);
  const {
    names,
    renamed,
    problems: ofNames,
  } = classNames(
    read.items.map(({ label }) => label),
    options.map ?? new Map(),
  );
  refuse(source, [...countedProblems(problems), ...ofNames].slice(0, MOST_PROBLEMS));
  if (read.items.length === 0) throw nothingIn(source, read.leftOut);
  return {
    ...read,
    items: read.items.map((item) => ({ ...item, label: names.get(item.label) ?? item.label })),
    renamedClasses: renamed,
  };
}
