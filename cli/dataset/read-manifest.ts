/** Items from a manifest (contract dataset-item) whose images lie beside it. */
import { type DatasetItem, problemsOf } from '../../contracts';
import type { Problem } from '../shared/problems';
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
): { items: DatasetUploadItem[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const items: DatasetUploadItem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    const place = `line ${index + 1}`;
    problems.push(...parsed.problems.map((problem) => ({ place, problem })));
    if (!parsed.item) continue;
    const { key, split, splitGiven, ...item } = parsed.item;
    if (!isInside(key)) problems.push({ place, problem: "key: leads out of the manifest's folder" });
    else {
      // One that the gate assigned follows from the group, and is assigned again.
      const given = splitGiven && split !== undefined ? { split } : {};
      items.push({ ...item, ...given, path: key, read: () => files.read(key) });
    }
  }
  return { items, problems };
}
