/**
 * The lines of an outbox segment:
 *
 *     <CRC-32 of what follows, 8 hexadecimal digits> <position in the segment, from 0> <record as JSON object> <line feed>
 *
 * A record is found by its own bytes, not by the line feeds around it, so damage costs only the records that it hits. The
 * positions tell how many are missing, also when the damage took whole lines with it.
 */
import { crc32 } from 'node:zlib';

export interface Salvage {
  /** JSON texts of the undamaged records, in order. */
  readonly records: readonly string[];
  /**
   * Records that were written and are not among `records`: exact up to the last undamaged one, after it one per line.
   * Whole lines that were cut off the end leave no trace.
   */
  readonly lost: number;
}

interface Found {
  readonly position: number;
  readonly json: string;
  /** Index of the byte after it. */
  readonly end: number;
}

const LINE_FEED = 0x0a;
const CHECKSUM_LENGTH = 8;
/** The beginning of a record up to its brace. */
const HEAD = /[0-9a-f]{8} (\d{1,9}) \{/g;
/**
 * How often a byte may be looked at, on average. An undamaged segment needs two: for the end of its record, and for the
 * checksum. What looks like the beginning of a record and is none costs up to a line each; a segment that is full of them was
 * written by somebody, and after so much work they are no longer followed. Records that are whole lines are found all the
 * same.
 */
const MOST_LOOKS = 16;
/** What a write that was cut off leaves at the end: the beginning of a line. Such a record was never confirmed. */
const CUT_OFF = /^([0-9a-f]{0,8}|[0-9a-f]{8} \d{0,9}|[0-9a-f]{8} \d{1,9} (\{.*)?)$/s;

/** Whether it looks like a JSON object on one line, as JSON.stringify writes it. Nothing else can be a record. */
export const isRecord = (json: string): boolean =>
  json.startsWith('{') && json.endsWith('}') && !json.includes('\n');

/** @param position in its segment, from 0 */
export function encodeRecord(json: string, position: number): string {
  const rest = `${position} ${json}`;
  return `${checksum(rest)} ${rest}\n`;
}

/** A segment while it is searched. */
interface Search {
  readonly bytes: Buffer;
  /** One character per byte: indices in the text are indices in the bytes. */
  readonly text: string;
  /** Where something begins that may be a record, in order. No two of them overlap. */
  readonly heads: readonly RegExpExecArray[];
  /** The first of `heads` that was not yet passed. */
  next: number;
  /** Bytes that were looked at, repetitions counted. */
  looks: number;
}

/**
 * Everything that is undamaged in a segment, whatever has happened to it, in time that is linear in its length. Never throws.
 * @param onLooks told at the end how many bytes were looked at for records, repetitions counted
 */
export function salvage(bytes: Buffer, onLooks: (looks: number) => void = () => undefined): Salvage {
  const text = bytes.toString('latin1');
  const search: Search = { bytes, text, heads: [...text.matchAll(HEAD)], next: 0, looks: 0 };
  const found = new Map<number, string>();
  let unreadableLines = 0;
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed;
    const inLine = recordsIn(search, start, end);
    for (const { position, json } of inLine) if (!found.has(position)) found.set(position, json);
    if (inLine.length > 0) unreadableLines = 0;
    else if (feed !== -1 || !CUT_OFF.test(text.slice(start))) unreadableLines++;
    start = end + 1;
  }
  onLooks(search.looks);
  const positions = [...found.keys()].sort((left, right) => left - right);
  const missing = (positions.at(-1) ?? -1) + 1 - positions.length;
  return {
    records: positions.map((position) => found.get(position) as string),
    lost: missing + unreadableLines,
  };
}

/** Usually one record and the whole line; several where a line feed is damaged, none where the record is. */
function recordsIn(search: Search, start: number, end: number): Found[] {
  const { heads, bytes } = search;
  const found: Found[] = [];
  let free = start;
  for (let head = heads[search.next]; head && head.index < end; head = heads[++search.next]) {
    // Part of the record before it.
    if (head.index < free) continue;
    if (head.index > start && search.looks > MOST_LOOKS * bytes.length) continue;
    const record = recordAt(search, head, end);
    if (!record) continue;
    found.push(record);
    free = record.end;
  }
  return found;
}

function recordAt(search: Search, head: RegExpExecArray, limit: number): Found | undefined {
  const { bytes, text } = search;
  const brace = head.index + head[0].length - 1;
  const end = endOfObject(text, brace, limit);
  search.looks += (end ?? limit) - brace;
  if (end === undefined) return undefined;
  const rest = bytes.subarray(head.index + CHECKSUM_LENGTH + 1, end);
  search.looks += rest.length;
  if (text.slice(head.index, head.index + CHECKSUM_LENGTH) !== checksum(rest)) return undefined;
  return { position: Number(head[1]), json: bytes.toString('utf8', brace, end), end };
}

/** Index after the brace that closes the one at `start`; braces in strings do not count. */
function endOfObject(text: string, start: number, limit: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let index = start; index < limit; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return index + 1;
  }
  return undefined;
}

const checksum = (content: string | Buffer): string =>
  crc32(content).toString(16).padStart(CHECKSUM_LENGTH, '0');
