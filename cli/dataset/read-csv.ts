/** Items from a table: one line per image. */
import { problemsOf } from '../../contracts';
import { IMAGE_PREFIX } from '../../lambda/dataset/names';
import { type CsvRow, parseCsvRows } from '../shared/csv';
import type { Problem } from '../shared/problems';
import { FileFinder } from './find-file';
import { type GroupRule, identifierOf } from './group-rule';
import { itemIds, stemIdentifier } from './item-ids';
import { splitNamed } from './layouts/split-names';
import { isInside, type SourceFile, type SourceFiles } from './source-files';
import { type Column, readHeader } from './table-columns';
import type { DatasetUploadItem } from './upload-item';

export interface TableOptions {
  /** Which images show the same part; not beside a column that says so. @default - each is its own group */
  readonly groupRule?: GroupRule | undefined;
  /** Headers of columns that mean nothing here. @default - none */
  readonly ignoreColumns?: readonly string[] | undefined;
}

type Cells = Readonly<Partial<Record<Column, string>>>;

interface Row {
  readonly place: string;
  readonly cells: Cells;
  /** What the row's path means. */
  readonly file: SourceFile | undefined;
}

/** What stands in the contract's place until the image has been read, and the class until it has its name. */
const UNREAD = { key: `${IMAGE_PREFIX}unread.jpg`, sha256: '0'.repeat(64), label: 'unread' };
/** A cell that may be empty: the source says the split of some images only. */
const MAY_BE_EMPTY: readonly (Column | undefined)[] = ['split', undefined];

/** Fills in what the row leaves open. */
function itemOf({ cells, file }: Row, ids: ReadonlyMap<string, string>, groupRule: GroupRule | undefined) {
  const { path = '', label = '' } = cells;
  const found = file?.path ?? path;
  const part = groupRule?.(found);
  const split = splitNamed(cells.split ?? '');
  return {
    id: cells.id ?? ids.get(found) ?? stemIdentifier(found),
    groupId: cells.groupId ?? (part === undefined ? (cells.id ?? stemIdentifier(found)) : identifierOf(part)),
    label,
    origin: 'imported' as const,
    capturedAt: cells.capturedAt ?? (file?.modifiedAt ?? new Date(0)).toISOString(),
    ...(split === undefined ? {} : { split }),
  };
}

/** A problem of the contract apart from the value, so that a hundred of them are one. */
function contractProblem(place: string, text: string): Problem {
  const [problem = '', ...value] = text.split(', got ');
  return {
    place,
    problem: `column ${problem}`,
    ...(value.length > 0 ? { value: value.join(', got ') } : {}),
  };
}

const isAbsolute = (path: string): boolean => /^([a-z]:)?[\\/]/i.test(path);

function pathProblems({ place, cells, file }: Row, groupRule: GroupRule | undefined): Problem[] {
  const { path = '' } = cells;
  const problem = (text: string): Problem[] => [{ place, problem: `column path: ${text}`, value: path }];
  if (isAbsolute(path)) {
    return problem('is absolute: paths are relative to the folder of the table, so replace what leads there');
  }
  if (!isInside(path.replaceAll('\\', '/'))) return problem("leads out of the table's folder");
  if (!file) return problem('there is no such file; paths are relative to the folder of the table');
  return groupRule && groupRule(file.path) === undefined ? problem('the group rule does not fit it') : [];
}

function rowProblems(row: Row, groupRule: GroupRule | undefined): Problem[] {
  const { place, cells } = row;
  const problems = problemsOf('dataset-item', { ...itemOf(row, new Map(), groupRule), ...UNREAD }).map(
    (text) => contractProblem(place, text),
  );
  if (cells.split && splitNamed(cells.split) === undefined) {
    problems.push({ place, problem: 'column split: must be train, validation or test', value: cells.split });
  }
  return [...problems, ...pathProblems(row, groupRule)];
}

/** The row by its columns, or why it has none. */
function cellsOf({ line, cells }: CsvRow, columns: readonly (Column | undefined)[]): Cells | Problem[] {
  const place = `line ${line}`;
  if (cells.length !== columns.length) {
    return [{ place, problem: `must have ${columns.length} columns`, value: String(cells.length) }];
  }
  const empty = columns.filter((column, index) => cells[index] === '' && !MAY_BE_EMPTY.includes(column));
  if (empty.length > 0) return empty.map((column) => ({ place, problem: `column ${column}: is empty` }));
  return Object.fromEntries(columns.flatMap((column, index) => (column ? [[column, cells[index]]] : [])));
}

const atLine = (line: number, problem: string): Problem => ({ place: `line ${line}`, problem });

/**
 * A table with a header: columns `path` (relative to the table's folder) and `label`, and optionally `id`, `groupId`,
 * `capturedAt` and `split`, in any order and usual spelling. Quoting is that of RFC 4180, the delimiter the header's.
 * @param text of the table
 * @param listed the files beside it
 * @returns the items, and every problem with its line and column
 */
export function parseCsv(
  text: string,
  listed: readonly SourceFile[],
  files: Pick<SourceFiles, 'read'>,
  { groupRule, ignoreColumns = [] }: TableOptions = {},
): { items: DatasetUploadItem[]; problems: Problem[] } {
  const rows = parseCsvRows(text);
  if (typeof rows === 'string') return { items: [], problems: [{ place: 'table', problem: rows }] };
  const [header, ...body] = rows;
  if (!header) return { items: [], problems: [atLine(1, 'there is no header: path,label')] };
  const { columns, problems: wrong } = readHeader(header, ignoreColumns);
  const problems = wrong.map((problem) => atLine(header.line, problem));
  if (groupRule && columns.includes('groupId')) {
    problems.push(atLine(header.line, 'column groupId: there is a group rule as well; only one may say it'));
  }
  if (problems.length > 0) return { items: [], problems };
  if (body.length === 0) problems.push(atLine(header.line, 'no image follows the header'));
  const finder = new FileFinder(listed);
  const good = body.flatMap((line): Row[] => {
    const cells = cellsOf(line, columns);
    if (Array.isArray(cells)) {
      problems.push(...cells);
      return [];
    }
    const row = {
      place: `line ${line.line}`,
      cells: cells as Cells,
      file: finder.find((cells as Cells).path ?? ''),
    };
    const found = rowProblems(row, groupRule);
    problems.push(...found);
    return found.length > 0 ? [] : [row];
  });
  const ids = itemIds(good.flatMap(({ file }) => file?.path ?? []));
  const items = good.map((row): DatasetUploadItem => {
    const path = row.file?.path ?? '';
    return { ...itemOf(row, ids, groupRule), path, read: () => files.read(path) };
  });
  return { items, problems };
}
