/** The lines of an outbox segment: eight hexadecimal digits of CRC-32, a space, the record as JSON, a line feed. */
import { crc32 } from 'node:zlib';

export interface Salvage {
  /** JSON texts of the whole records, in order. */
  readonly records: readonly string[];
  /** Complete lines whose checksum does not fit: records that were written and are lost. */
  readonly lost: number;
  /** The last line was cut off: an append that was never confirmed, so nothing is lost. */
  readonly torn: boolean;
}

export function encodeRecord(json: string): string {
  return `${checksum(json)} ${json}\n`;
}

/** Everything readable in a segment, whatever has happened to it. */
export function salvage(bytes: Buffer): Salvage {
  const lines = bytes.toString('utf8').split('\n');
  const tail = lines.pop() ?? '';
  const records: string[] = [];
  let lost = 0;
  for (const line of lines) {
    const json = line.slice(9);
    if (line[8] === ' ' && line.slice(0, 8) === checksum(json) && isJsonObject(json)) records.push(json);
    else lost++;
  }
  return { records, lost, torn: tail !== '' };
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
