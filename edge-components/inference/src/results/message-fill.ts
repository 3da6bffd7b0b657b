/**
 * How full a message is: whether one more record fits into it, compressed with those before.
 *
 * Only compressing them together says how much they take. But a record adds at most about its own size, and usually a
 * seventh of it: so the records are compressed again only when all that came since the last time might not fit if it did not
 * compress at all. What is left shrinks by a constant share from one time to the next: some twenty times for a message of
 * seventy records, and not seventy.
 */
import { compressRecords, LARGEST_RECORDS_BYTES } from '../../../../contracts/compressed-records';

/** Deflate stores what does not compress, with five bytes for each 16 KB or more; base64 rounds up. */
const ROUNDING_BYTES = 64;

/** Bytes in a message of JSON that does not compress at all. */
const longestOf = (jsonBytes: number): number => Math.ceil(jsonBytes / 3) * 4 + ROUNDING_BYTES;

export class MessageFill {
  private readonly records: string[] = [];
  /** Of the JSON array. */
  private jsonBytes = 2;
  /** Bytes in the message, when the records were last compressed. */
  private looked = 0;
  /** Bytes of JSON that came since. */
  private since = 0;

  /**
   * @param bytes room for the compressed records
   * @param mostRecords room for records
   */
  constructor(
    private readonly bytes: number,
    private readonly mostRecords: number,
  ) {}

  /**
   * Takes the record if it fits; an empty message takes any.
   * @param json one JSON object
   */
  add(json: string): boolean {
    const added = Buffer.byteLength(json) + 1;
    if (this.records.length > 0) {
      const fits = this.records.length < this.mostRecords && this.jsonBytes + added <= LARGEST_RECORDS_BYTES;
      if (!fits || !this.hasRoomFor(json, added)) return false;
    }
    this.records.push(json);
    this.jsonBytes += added;
    this.since += added;
    return true;
  }

  private hasRoomFor(json: string, added: number): boolean {
    if (this.looked + longestOf(this.since + added) <= this.bytes) return true;
    const together = compressRecords([...this.records, json]).length;
    if (together > this.bytes) return false;
    this.looked = together;
    // `add` counts the record, which is in it.
    this.since = -added;
    return true;
  }
}

/** Bytes of one record in a message, alone. */
export const recordBytes = (json: string): number => compressRecords([json]).length;
