/** Which column of a table is which, however its header spells them. Pure. */
import type { CsvRow } from '../shared/csv';

export const REQUIRED_COLUMNS = ['path', 'label'] as const;
const OPTIONAL_COLUMNS = ['id', 'groupId', 'capturedAt', 'split'] as const;
const COLUMNS = [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS];
export type Column = (typeof COLUMNS)[number];

/** Headers in lower case, without spaces, `_` and `-`. */
const SPELLINGS: Readonly<Record<Column, readonly string[]>> = {
  path: ['path', 'file', 'filename', 'filepath', 'image', 'imagename', 'imagepath', 'imagefile', 'img'],
  label: ['label', 'labels', 'class', 'classname', 'category', 'klasse', 'target'],
  id: ['id', 'imageid'],
  groupId: ['groupid', 'group', 'part', 'partid', 'serial', 'serialnumber'],
  capturedAt: ['capturedat', 'time', 'timestamp', 'datetime'],
  split: ['split', 'subset', 'dataset'],
};

const plain = (header: string): string =>
  header
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '');

/** The column that a header means; `undefined` when it means none. */
export function columnNamed(header: string): Column | undefined {
  return COLUMNS.find((column) => SPELLINGS[column].includes(plain(header)));
}

export interface Header {
  /** The column of each cell; `undefined` for one that is not read. */
  readonly columns: readonly (Column | undefined)[];
  readonly problems: readonly string[];
}

/**
 * A header that means no column is refused rather than passed over: a misspelt group would put views of one part into
 * two splits.
 * @param ignored headers of columns that the operator wants to be passed over
 */
export function readHeader({ cells }: CsvRow, ignored: readonly string[]): Header {
  const isIgnored = (header: string) => ignored.some((name) => plain(name) === plain(header));
  const columns = cells.map((header) => (isIgnored(header) ? undefined : columnNamed(header)));
  const unknown = cells.filter((header, index) => columns[index] === undefined && !isIgnored(header));
  const used = new Set(columns);
  const twice = [...used].filter(
    (column) => column !== undefined && columns.indexOf(column) !== columns.lastIndexOf(column),
  );
  const headersOf = (column: Column | undefined) =>
    cells.filter((_, index) => columns[index] === column).map((header) => `'${header}'`);
  return {
    columns,
    problems: [
      ...REQUIRED_COLUMNS.filter((name) => !used.has(name)).map(
        (name) => `column ${name}: is missing; it may be called ${SPELLINGS[name].slice(0, 6).join(', ')}`,
      ),
      ...unknown.map(
        (header) =>
          `column '${header}': must be one of ${COLUMNS.join(', ')}; or pass it over with --ignore-columns '${header}'`,
      ),
      ...twice.map((column) => `column ${column}: is there twice, as ${headersOf(column).join(' and ')}`),
    ],
  };
}
