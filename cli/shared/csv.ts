/** CSV as RFC 4180 has it, and as spreadsheets save it, with the line of every row. */
import { CsvError, parse } from 'csv-parse/sync';

export interface CsvRow {
  /** Counted from 1; the last one of a row whose quoted text has several. */
  readonly line: number;
  /** Trimmed; rows may have different numbers of them. */
  readonly cells: readonly string[];
}

/** Spreadsheets write what their country's settings say: a semicolon where the comma is the decimal mark. */
const DELIMITERS = [',', ';', '\t', '|'];
/** A line of its own in which spreadsheets say the delimiter. */
const DECLARATION = /^\ufeff?sep=(.)(?=\r?\n)/;

/** The delimiter that the first line has most often outside of quotes; a comma when it has none. */
export function delimiterOf(text: string): string {
  const declared = DECLARATION.exec(text)?.[1];
  if (declared !== undefined) return declared;
  const [firstLine = ''] = text.trimStart().split(/\r?\n/, 1);
  const unquoted = firstLine.replaceAll(/"[^"]*"/g, '');
  const count = (delimiter: string) => unquoted.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

/** @returns the rows without empty lines, or the one place where the text is no CSV */
export function parseCsvRows(text: string, delimiter = delimiterOf(text)): CsvRow[] | string {
  try {
    const rows = parse(text.replace(DECLARATION, ''), {
      bom: true,
      delimiter,
      info: true,
      trim: true,
      skip_empty_lines: true,
      // Whoever reads the rows reports those of another length with all the other problems.
      relax_column_count: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return error.message;
  }
}
