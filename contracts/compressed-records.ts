/**
 * The records of a results batch as they travel: one JSON array, deflate (RFC 1950, which has a checksum), base64. Devices
 * write it and the cloud reads it here. Records of a device share every name and most values, so fifty of them take a sixth
 * of their JSON, base64 included.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import type { CompressedResultsBatch } from './generated/types';

/** `schemaVersion` of a batch whose records are compressed. */
export const COMPRESSED_VERSION: CompressedResultsBatch['schemaVersion'] = 2;

/**
 * Bytes of the JSON array, at most: what one message of AWS IoT could hold of it uncompressed. A device fills no batch
 * beyond it, and the cloud decompresses no further.
 */
export const LARGEST_RECORDS_BYTES = 128 * 1024;

/** @param records JSON texts, put in as they are */
export const compressRecords = (records: readonly string[]): string =>
  deflateSync(`[${records.join(',')}]`).toString('base64');

export interface DecompressedRecords {
  /** What the JSON text says: unchecked. */
  readonly records: unknown;
  /** Of the JSON text. */
  readonly bytes: number;
}

/** @throws Error saying why not: it is not deflate, has more than {@link LARGEST_RECORDS_BYTES}, or is not JSON */
export function decompressRecords(compressed: string): DecompressedRecords {
  const json = inflated(Buffer.from(compressed, 'base64'));
  try {
    return { records: JSON.parse(json.toString('utf8')), bytes: json.length };
  } catch (error) {
    throw new Error(`records: not JSON: ${(error as Error).message}`);
  }
}

function inflated(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: LARGEST_RECORDS_BYTES });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `records: must be at most ${LARGEST_RECORDS_BYTES} bytes when decompressed`
        : `records: must be deflate in base64: ${message}`,
    );
  }
}

/** The batch as it was before it was compressed, its records unchecked. @throws Error as {@link decompressRecords} */
export function decompressedBatch({ encoding: _, ...batch }: CompressedResultsBatch) {
  const { records, bytes } = decompressRecords(batch.records);
  return { batch: { ...batch, schemaVersion: 1, records }, bytes };
}
