/** Items from a table: one line per image. */
import { posix } from 'node:path';
import { problemsOf } from '../../contracts';
import { IMAGE_PREFIX } from '../../lambda/dataset/names';
import { type CsvRow, parseCsvRows } from '../shared/csv';
import { type GroupRule, identifierOf } from './group-rule';
import { isInside, type SourceFile, type SourceFiles } from './source-files';
import type { DatasetUploadItem } from './upload-item';

const REQUIRED = ['path', 'label'] as const;
const OPTIONAL = ['id', 'groupId', 'capturedAt'] as const;
const COLUMNS: readonly string[] = [...REQUIRED, ...OPTIONAL];

function headerProblems({ line, cells }: CsvRow): string[] {
  const at = (problem: string) => `line ${line}: ${problem}`;
  const known = COLUMNS.join(', ');
  return [
    ...REQUIRED.filter((name) => !cells.includes(name)).map((name) => at(`column ${name}: is missing`)),
    // A misspelt groupId would put views of one part into two splits, so nothing unknown is passed over.
    ...cells
      .filter((name) => !COLUMNS.includes(name))
      .map((name) => at(`column '${name}': must be one of ${known}`)),
    ...cells
      .filter((name, index) => COLUMNS.includes(name) && cells.indexOf(name) !== index)
      .map((name) => at(`column ${name}: is there twice`)),
  ];
}

type Cells = Readonly<Partial<Record<string, string>>>;

/** Fills in what the row leaves open. */
function itemOf(cells: Cells, groupRule: GroupRule | undefined, file: SourceFile | undefined) {
  const { path = '', label = '' } = cells;
  const id = cells.id ?? identifierOf(path.slice(0, path.length - posix.extname(path).length));
  const part = groupRule?.(path);
  const groupId = cells.groupId ?? (part === undefined ? id : identifierOf(part));
  const capturedAt = cells.capturedAt ?? (file?.modifiedAt ?? new Date(0)).toISOString();
  return { id, groupId, label, origin: 'imported' as const, capturedAt };
}

/** What stands in the contract's place until the image has been read. */
const UNREAD = { key: `${IMAGE_PREFIX}unread.jpg`, sha256: '0'.repeat(64) };

/**
 * A table with a header: columns `path` (relative to the table's folder) and `label`, and optionally `id`, `groupId` and
 * `capturedAt`. Quoting is that of RFC 4180.
 * @param text of the table
 * @param listed the files beside it
 * @returns the items, and every problem with its line and column
 */
export function parseCsv(
  text: string,
  listed: readonly SourceFile[],
  files: Pick<SourceFiles, 'read'>,
  groupRule?: GroupRule,
): { items: DatasetUploadItem[]; problems: string[] } {
  const rows = parseCsvRows(text);
  if (typeof rows === 'string') return { items: [], problems: [rows] };
  const [header, ...body] = rows;
  if (!header) return { items: [], problems: ['line 1: there is no header: path,label'] };
  const problems = headerProblems(header);
  if (groupRule && header.cells.includes('groupId')) {
    problems.push(`line ${header.line}: column groupId: there is a group rule as well; only one may say it`);
  }
  if (problems.length > 0) return { items: [], problems };
  if (body.length === 0) problems.push(`line ${header.line}: no image follows the header`);
  const byPath = new Map(listed.map((file) => [file.path, file]));
  const items = body.flatMap((row): DatasetUploadItem[] => {
    const found = rowProblems(row, header, byPath, groupRule);
    problems.push(...found);
    if (found.length > 0) return [];
    const cells = cellsOf(row, header);
    const path = posix.normalize(cells.path ?? '');
    return [{ ...itemOf(cells, groupRule, byPath.get(path)), path, read: () => files.read(path) }];
  });
  return { items, problems };
}

const cellsOf = ({ cells }: CsvRow, header: CsvRow): Cells =>
  Object.fromEntries(header.cells.map((name, index) => [name, cells[index]]));

function rowProblems(
  row: CsvRow,
  header: CsvRow,
  byPath: ReadonlyMap<string, SourceFile>,
  groupRule: GroupRule | undefined,
): string[] {
  const at = (problem: string) => `line ${row.line}: ${problem}`;
  if (row.cells.length !== header.cells.length) {
    return [at(`must have ${header.cells.length} columns, got ${row.cells.length}`)];
  }
  const cells = cellsOf(row, header);
  const empty = header.cells.filter((name) => cells[name] === '');
  if (empty.length > 0) return empty.map((name) => at(`column ${name}: is empty`));
  const { path = '' } = cells;
  const file = byPath.get(posix.normalize(path));
  const problems = problemsOf('dataset-item', { ...itemOf(cells, groupRule, file), ...UNREAD }).map(
    (problem) => at(`column ${problem}`),
  );
  if (!isInside(path)) problems.push(at(`column path: leads out of the table's folder, got '${path}'`));
  else if (!file) problems.push(at(`column path: there is no file '${path}'`));
  if (groupRule && groupRule(path) === undefined) {
    problems.push(at(`column path: the group rule does not fit '${path}'`));
  }
  return problems;
}
