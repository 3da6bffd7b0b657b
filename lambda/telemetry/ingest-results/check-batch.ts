import {
  type CompressedResultsBatch,
  type InferenceResult,
  problemsOf,
  type ResultsBatch,
} from '../../../contracts';
import { COMPRESSED_VERSION, decompressedBatch } from '../../../contracts/compressed-records';
import { InvalidInputError } from '../../shared/errors';
import type { DeviceMessage } from '../device-message';
import { embeddingProblems } from '../embedding-sums';

/** A record that is set aside, with every reason. */
export interface RejectedRecord {
  readonly record: unknown;
  readonly problems: readonly string[];
}

/** A batch whose good records are typed and whose bad ones are set aside. */
export interface CheckedBatch {
  readonly batch: ResultsBatch;
  readonly rejected: readonly RejectedRecord[];
  readonly receivedAt: number;
  /** Of its records as JSON, about: what it takes in memory goes with them. */
  readonly recordsBytes: number;
}

const HOUR = 3_600_000;
/** A device whose clock is more than a day ahead would write into windows that no evaluation reads for years. */
const FARTHEST_AHEAD = 24 * HOUR;
/** An outbox keeps what a device decided while offline; more than a year late is a clock that was never set. */
const FARTHEST_BEHIND = 400 * 24 * HOUR;
/** 1 GiB: far above any frame, and 500 of them stay exact in the sums (2^53 / 2^30 = 8 million records). */
const LARGEST_FRAME = 2 ** 30;
const MOST_DROPPED_RECORDS = 1e9;

const RECORD_PROBLEM = /^records\.\d+/;

/** What the contract cannot say: plausible times, sizes and sums. */
function implausible(record: InferenceResult, receivedAt: number): string[] {
  const problems: string[] = [];
  for (const field of ['capturedAt', 'inferredAt'] as const) {
    const ahead = Date.parse(record[field]) - receivedAt;
    if (!(ahead <= FARTHEST_AHEAD && ahead >= -FARTHEST_BEHIND)) {
      problems.push(
        `${field}: must lie between 400 days before and 1 day after ${new Date(receivedAt).toISOString()}, got ${record[field]}`,
      );
    }
  }
  if ((record.frameBytes ?? 0) > LARGEST_FRAME) {
    problems.push(`frameBytes: must be at most ${LARGEST_FRAME}, got ${record.frameBytes}`);
  }
  if (record.embedding) problems.push(...embeddingProblems(record.embedding));
  return problems;
}

interface PlainBatch {
  /** As of contract results-batch, unchecked. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly recordsBytes: number;
}

/** What a device sent, its records decompressed where it has compressed them. */
function plainBatch({ payload, bytes }: DeviceMessage): PlainBatch {
  if (payload.schemaVersion !== COMPRESSED_VERSION) return { payload, recordsBytes: bytes };
  refuseIf(problemsOf('compressed-results-batch', payload));
  try {
    const plain = decompressedBatch(payload as unknown as CompressedResultsBatch);
    return { payload: plain.batch, recordsBytes: plain.bytes };
  } catch (error) {
    throw refusal([(error as Error).message]);
  }
}

/**
 * Checks a batch record by record: a bad record never blocks the good ones.
 * @throws InvalidInputError when the batch itself, apart from its records, breaks the contract
 */
export function checkBatch(message: DeviceMessage): CheckedBatch {
  const { receivedAt } = message;
  const { payload, recordsBytes } = plainBatch(message);
  const found = problemsOf('results-batch', payload);
  const problems = found.filter((problem) => !RECORD_PROBLEM.test(problem));
  if (typeof payload.droppedRecords === 'number' && payload.droppedRecords > MOST_DROPPED_RECORDS) {
    problems.push(`droppedRecords: must be at most ${MOST_DROPPED_RECORDS}, got ${payload.droppedRecords}`);
  }
  refuseIf(problems);

  const batch = payload as unknown as ResultsBatch;
  const records: InferenceResult[] = [];
  const rejected: RejectedRecord[] = [];
  for (const record of batch.records) {
    // The contract of the batch includes that of its records.
    const broken = found.length > 0 ? problemsOf('inference-result', record) : [];
    const reasons = broken.length > 0 ? broken : implausible(record, receivedAt);
    if (reasons.length > 0) rejected.push({ record, problems: reasons });
    else records.push(record);
  }
  return { batch: { ...batch, records }, rejected, receivedAt, recordsBytes };
}

const refusal = (problems: readonly string[]): InvalidInputError =>
  new InvalidInputError(`batch refused:\n${problems.join('\n')}`);

function refuseIf(problems: readonly string[]): void {
  if (problems.length > 0) throw refusal(problems);
}
