/** Reads what is to be uploaded: a manifest with its images, or a folder with one subfolder per class. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { type DatasetItem, problemsOf } from '../contracts';
import { InputError, refuse } from './errors';

/** One image to upload, with what the manifest says about it. */
export interface DatasetUploadItem {
  readonly id: string;
  readonly groupId: string;
  readonly label: string;
  readonly origin: DatasetItem['origin'];
  readonly capturedAt: string;
  /** When given, the bytes must have this digest. */
  readonly sha256?: string;
  readonly read: () => Promise<Uint8Array>;
}

const MANIFEST_NAME = 'manifest.jsonl';
const IMAGE_EXTENSIONS = ['.jpg', '.jpeg'];
const MOST_PROBLEMS = 1000;

function parseLine(line: string): { item?: DatasetItem; problems: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { problems: [`not JSON: ${(error as Error).message}`] };
  }
  const problems = problemsOf('dataset-item', value);
  return problems.length > 0 ? { problems } : { item: value as DatasetItem, problems };
}

/** The image's path: `key`, relative to the manifest's folder; a key may not lead out of it. */
function imagePath(folder: string, key: string): string | undefined {
  const root = resolve(folder);
  const path = resolve(root, key);
  return path.startsWith(root + sep) ? path : undefined;
}

async function readManifest(path: string): Promise<DatasetUploadItem[]> {
  const folder = dirname(path);
  const problems: string[] = [];
  const items: DatasetUploadItem[] = [];
  const lines = (await readFile(path, 'utf8')).split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    const file = parsed.item && imagePath(folder, parsed.item.key);
    problems.push(...parsed.problems.map((problem) => `line ${index + 1}: ${problem}`));
    if (parsed.item && !file) problems.push(`line ${index + 1}: key: leads out of the manifest's folder`);
    if (!parsed.item || !file) continue;
    const { id, groupId, label, origin, capturedAt, sha256 } = parsed.item;
    items.push({ id, groupId, label, origin, capturedAt, sha256, read: () => readFile(file) });
  }
  refuse(path, problems.slice(0, MOST_PROBLEMS));
  return items;
}

/** One item per image; each is its own group, since nothing says which images show the same part. */
async function readClassFolders(folder: string): Promise<DatasetUploadItem[]> {
  const items: DatasetUploadItem[] = [];
  const classes = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name: label } of classes.sort((x, y) => (x.name < y.name ? -1 : 1))) {
    for (const file of (await readdir(join(folder, label))).sort()) {
      if (!IMAGE_EXTENSIONS.includes(extname(file).toLowerCase())) continue;
      const path = join(folder, label, file);
      const id = `${label}.${basename(file, extname(file))}`;
      const capturedAt = (await stat(path)).mtime.toISOString();
      items.push({ id, groupId: id, label, origin: 'imported', capturedAt, read: () => readFile(path) });
    }
  }
  return items;
}

/**
 * @param source a manifest (`.jsonl`, contract dataset-item, `key` relative to its folder), a folder that holds
 *   `manifest.jsonl`, or a folder whose subfolders are classes and hold JPEG images
 * @throws InputError when there is nothing to upload, or with every broken line
 */
export async function readDatasetSource(source: string): Promise<DatasetUploadItem[]> {
  const information = await stat(source).catch(() => undefined);
  if (!information) throw new InputError(`dataset: there is no file or folder '${source}'`);
  if (information.isFile()) {
    if (!source.endsWith('.jsonl')) {
      throw new InputError(`dataset: must be a folder or a manifest ending in .jsonl, got '${source}'`);
    }
    return readManifest(source);
  }
  const manifest = join(source, MANIFEST_NAME);
  const hasManifest = await stat(manifest).then(
    () => true,
    () => false,
  );
  const items = hasManifest ? await readManifest(manifest) : await readClassFolders(source);
  if (items.length === 0) {
    throw new InputError(
      `dataset: '${source}' holds neither ${MANIFEST_NAME} nor subfolders (one per class) with JPEG images`,
    );
  }
  return items;
}
