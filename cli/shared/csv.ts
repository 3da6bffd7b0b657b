/** CSV as RFC 4180 has it, with the line of every row. */
import { CsvError, parse } from 'csv-parse/sync';

export interface CsvRow {
  /** Counted from 1; the last one of a row whose quoted text has several. */
  readonly line: number;
  /** Trimmed; rows may have different numbers of them. */
  readonly cells: readonly string[];
}

/** @returns the rows without empty lines, or the one place where the text is no CSV */
export function parseCsvRows(text: string): CsvRow[] | string {
  try {
    const rows = parse(text, {
      bom: true,
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
