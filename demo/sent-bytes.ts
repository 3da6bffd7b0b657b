/** What devices have sent, in bytes, from what has arrived. Pure. */
import type { CompressedResultsBatch, InferenceResult } from '../contracts';
import { COMPRESSED_VERSION, compressRecords } from '../contracts/compressed-records';
import { grouped } from '../lambda/shared/grouped';

type ResultLine = InferenceResult & {
  readonly deviceId: string;
  readonly batchId: string;
  readonly receivedAt: string;
};

/** A question beside its image: nine fields and a digest (contract second-opinion-question). */
const QUESTION_BYTES_BESIDE_IMAGE = 420;

/** Beside a captured image, in bytes: what says when, where and why it was taken (contract capture). */
export const SIDECAR_BYTES = 600;

/**
 * Of the messages that carried these lines: the lines of a batch are compressed again as the device compressed them. Topic
 * and transport are left out, as they are of frames that are streamed.
 */
export function messageBytes(lines: readonly ResultLine[]): number {
  const batches = grouped(lines, ({ deviceId, batchId }) => `${deviceId}/${batchId}`);
  return [...batches.values()].reduce((sum, batch) => sum + bytesOfBatch(batch), 0);
}

function bytesOfBatch(lines: readonly ResultLine[]): number {
  const [first] = lines;
  if (!first) return 0;
  const { deviceId, batchId, receivedAt, releaseId } = first;
  const records = lines.map(({ deviceId: _, batchId: __, receivedAt: ___, ...record }) =>
    JSON.stringify(record),
  );
  const message: CompressedResultsBatch = {
    schemaVersion: COMPRESSED_VERSION,
    batchId,
    deviceId,
    // A release's name begins with that of its use case.
    useCase: releaseId.replace(/-\d+$/, ''),
    sentAt: receivedAt,
    droppedRecords: 0,
    encoding: 'deflate',
    records: compressRecords(records),
  };
  return Buffer.byteLength(JSON.stringify(message));
}

/** Of a question about a frame: its image in base64, and what is beside it. */
export const questionBytes = (imageBytes: number): number =>
  Math.ceil(imageBytes / 3) * 4 + QUESTION_BYTES_BESIDE_IMAGE;
