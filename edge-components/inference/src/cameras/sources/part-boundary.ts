/**
 * Where the parts of a multipart stream begin. RFC 2046 (5.1) is read generously, because cameras are sloppy: the boundary
 * may stand with or without dashes in the header and in the stream, lines may end in LF alone, the line end before a boundary
 * may be missing, and the stream may have another boundary than the header announces, or the header none.
 */

/** Behind the name of a boundary: the dashes of the last one, blanks, the end of the line. */
const BOUNDARY_END = /^(?:--)?[ \t]{0,8}\r?\n/;
const LAST_BOUNDARY_END = /^(?:--)?[ \t]{0,8}(?:\r?\n|\r?$)/;
/** The beginning of that, as far as it has come. */
const UNDECIDED_BOUNDARY_END = /^-?-?[ \t]{0,8}\r?$/;
const LONGEST_BOUNDARY_END = 12;

/** RFC 2046 allows 70 characters, its quoted ones twice as many. */
const LONGEST_NAME = 140;
const LONGEST_FIELD_NAME = 64;
/** A line with dashes in front and a header line behind it: a boundary, whatever the header of the answer announced. */
const UNKNOWN_BOUNDARY = new RegExp(
  `^(-{2,16})([^\\s-][^\\r\\n]{0,${LONGEST_NAME}}?)[ \\t]{0,8}\\r?\\n(?=[A-Za-z][A-Za-z0-9-]{0,${LONGEST_FIELD_NAME}}[ \\t]{0,8}:)`,
);
/** The longest beginning of that which has not yet been refuted. */
const UNDECIDED_UNKNOWN = new RegExp(
  `^(?:-{0,16}|-{2,16}[^\\s-][^\\r\\n]{0,${LONGEST_NAME + 8}}\\r?(?:\\n(?:[A-Za-z][A-Za-z0-9-]{0,${LONGEST_FIELD_NAME}}[ \\t]{0,8})?)?)$`,
);
const LONGEST_UNKNOWN = LONGEST_NAME + LONGEST_FIELD_NAME + 64;

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

/**
 * The boundary's name out of a Content-Type.
 * @returns undefined when it is no multipart type or names none
 */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!contentType || !/^\s*multipart\//i.test(contentType)) return undefined;
  const match = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** A place of a boundary, or from where on the bytes must be kept because one may begin there. */
export type Search =
  | { readonly found: true; readonly start: number; readonly end: number }
  | { readonly found: false; readonly keepFrom: number };

/** `name` is that of a boundary that was not known, with its dashes. */
export type BoundarySearch = Search & { readonly name?: string };

/** What a search looks in. */
export interface Window {
  readonly bytes: Buffer;
  /** Whether the first byte begins a line. */
  readonly begins: boolean;
  /** Whether the stream is over, so that the end of the bytes is the end of a line. @default false */
  readonly atEnd?: boolean;
}

/** Finds one boundary, by its name. */
export class BoundaryName {
  /** Without dashes in front: cameras disagree on whether these belong to the name. */
  private readonly name: Buffer;
  private readonly mostDashes: number;

  /** @param boundary as {@link boundaryOf} gives it @returns undefined when it has no name */
  static of(boundary: string): BoundaryName | undefined {
    return /[^-]/.test(boundary) ? new BoundaryName(boundary) : undefined;
  }

  private constructor(boundary: string) {
    const name = boundary.replace(/^-+/, '');
    this.name = Buffer.from(name, 'latin1');
    this.mostDashes = boundary.length - name.length + 2;
  }

  search({ bytes, begins, atEnd = false }: Window): Search {
    const { name } = this;
    for (let from = 0; ; ) {
      const at = bytes.indexOf(name, from);
      if (at === -1) return this.keepFrom(Math.max(from, bytes.length - name.length + 1));
      const dashes = this.dashesBefore(bytes, at);
      const end = at + name.length;
      const behind = bytes.toString('latin1', end, end + LONGEST_BOUNDARY_END);
      const boundaryEnd = (atEnd ? LAST_BOUNDARY_END : BOUNDARY_END).exec(behind);
      const start = at - dashes;
      const leads = dashes >= 2 || beginsLine(bytes, start, begins);
      if (leads && boundaryEnd) {
        return { found: true, start: start - lineEndBefore(bytes, start), end: end + boundaryEnd[0].length };
      }
      const undecided = behind.length < LONGEST_BOUNDARY_END && UNDECIDED_BOUNDARY_END.test(behind);
      if (leads && undecided) return this.keepFrom(at);
      from = at + 1;
    }
  }

  /** What stands before a name that may begin at `at`, dashes and a line end, is needed as well. */
  private keepFrom(at: number): Search {
    return { found: false, keepFrom: Math.max(0, at - this.mostDashes - 2) };
  }

  private dashesBefore(bytes: Buffer, at: number): number {
    let dashes = 0;
    while (dashes < this.mostDashes && bytes[at - dashes - 1] === DASH) dashes++;
    return dashes;
  }
}

/** The first boundary of any name. */
export function searchUnknown({ bytes, begins }: Window): BoundarySearch {
  for (let line = begins ? 0 : nextLine(bytes, 0); line < bytes.length; line = nextLine(bytes, line)) {
    if (bytes[line] !== DASH) continue;
    const text = bytes.toString('latin1', line, line + LONGEST_UNKNOWN);
    const match = UNKNOWN_BOUNDARY.exec(text);
    if (match) {
      const start = line - lineEndBefore(bytes, line);
      const name = `${match[1]}${match[2]}`;
      return { found: true, start, end: line + match[0].length, name };
    }
    if (line + LONGEST_UNKNOWN > bytes.length && UNDECIDED_UNKNOWN.test(text)) {
      return { found: false, keepFrom: line - lineEndBefore(bytes, line) };
    }
  }
  // A line end may have begun.
  return { found: false, keepFrom: Math.max(0, bytes.length - 2) };
}

const HEADER = 'content-';

/** The first line that can only be a header of a part, whose boundary is missing. Its end is its start. */
export function searchHeader({ bytes, begins }: Window): Search {
  for (let line = begins ? 0 : nextLine(bytes, 0); line < bytes.length; line = nextLine(bytes, line)) {
    const text = bytes.toString('latin1', line, line + HEADER.length).toLowerCase();
    if (text === HEADER) return { found: true, start: line, end: line };
    if (line + HEADER.length > bytes.length && HEADER.startsWith(text)) {
      return { found: false, keepFrom: line - lineEndBefore(bytes, line) };
    }
  }
  return { found: false, keepFrom: Math.max(0, bytes.length - 2) };
}

/** Where the next line begins; the end of the bytes when none does. */
function nextLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(LF, from);
  return end === -1 ? bytes.length : end + 1;
}

const beginsLine = (bytes: Buffer, at: number, begins: boolean): boolean =>
  at === 0 ? begins : bytes[at - 1] === LF;

function lineEndBefore(bytes: Buffer, at: number): 0 | 1 | 2 {
  if (bytes[at - 1] !== LF) return 0;
  return bytes[at - 2] === CR ? 2 : 1;
}
