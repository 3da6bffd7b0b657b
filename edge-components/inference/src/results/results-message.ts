/** One message of results: contract compressed-results-batch, written without parsing the records. */

import type { SequenceRanges } from '../../../../contracts/batch-place';
import { COMPRESSED_VERSION, compressRecords } from '../../../../contracts/compressed-records';

/**
 * AWS IoT meters messages in units of 5 KB. The default of `outbox.messageBytes` is one unit. It also fits the 10,000 bytes
 * that Greengrass nucleus lite takes per IPC message: 5,120 bytes are 1,707 groups of 3, so 6,828 bytes of base64; the
 * topic has at most 256 bytes, and the JSON and the headers around them some 300. About 7,000 bytes would be the limit.
 */
export const METERING_UNIT_BYTES = 5_120;
/** AWS IoT takes no message beyond this. */
export const LARGEST_MESSAGE_BYTES = 128 * 1024;

/** What the cloud confirms: contract results-confirmation. */
export interface Confirmation {
  readonly stream: string;
  readonly received: SequenceRanges;
}

/** The records of one message, as they wait in the outbox. */
export interface Batch {
  readonly batchId: string;
  /** JSON texts of the records, in order. */
  readonly records: readonly string[];
  /** Records dropped since the batch before. */
  readonly droppedRecords: number;
  /** Whether it was sent before, since the start, and not confirmed. */
  readonly isSentAgain?: boolean;
}

export interface MessageHead {
  readonly useCase: string;
  readonly deviceId: string;
  readonly batchId: string;
  /** RFC 3339. */
  readonly sentAt: string;
  readonly droppedRecords: number;
  /** Whether the device asks which batches have been counted. */
  readonly confirm?: boolean;
}

/** @param records JSON texts of contract inference-result */
export const resultsMessage = (head: MessageHead, records: readonly string[]): string =>
  messageOf(head, compressRecords(records));

function messageOf(head: MessageHead, compressed: string): string {
  const { batchId, deviceId, useCase, sentAt, droppedRecords, confirm } = head;
  return JSON.stringify({
    schemaVersion: COMPRESSED_VERSION,
    batchId,
    deviceId,
    useCase,
    sentAt,
    droppedRecords,
    ...(confirm && { confirm }),
    encoding: 'deflate',
    records: compressed,
  });
}

/** The longest text that Date.toISOString gives: six digits of year. */
const LATEST_TIME = new Date(8.64e15).toISOString();

/** Bytes of a message of this device beside its compressed records, at most. */
export function envelopeBytes(useCase: string, deviceId: string): number {
  const longest = {
    useCase,
    deviceId,
    batchId: '00000000-00000000-00000000',
    sentAt: LATEST_TIME,
    droppedRecords: Number.MAX_SAFE_INTEGER,
    confirm: true,
  };
  return Buffer.byteLength(messageOf(longest, ''));
}
