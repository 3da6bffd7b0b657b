/** Items from a manifest (contract dataset-item) whose images lie beside it. */
import { type DatasetItem, problemsOf } from '../../contracts';
import { isInside, type SourceFiles } from './source-files';
import type { DatasetUploadItem } from './upload-item';

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

/**
 * @param text lines of the manifest; each `key` is relative to its folder
 * @returns the items, and every problem with its line
 */
export function parseManifest(
  text: string,
  files: Pick<SourceFiles, 'read'>,
): { items: DatasetUploadItem[]; problems: string[] } {
  const problems: string[] = [];
  const items: DatasetUploadItem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    problems.push(...parsed.problems.map((problem) => `line ${index + 1}: ${problem}`));
    if (!parsed.item) continue;
    const { key, split: _split, ...item } = parsed.item;
    if (!isInside(key)) problems.push(`line ${index + 1}: key: leads out of the manifest's folder`);
    else items.push({ ...item, path: key, read: () => files.read(key) });
  }
  return { items, problems };
}
