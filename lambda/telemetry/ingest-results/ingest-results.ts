/** Ingests one message of results: lines for analysis, sketches for monitoring, each batch counted exactly once. */
import type { ResultsBatch, Sketch } from '../../../contracts';
import { parseDeviceMessage } from '../device-message';
import { batchKey, REJECTED_RECORD_PREFIX, RESULT_PREFIX } from '../names';
import { type CheckedBatch, checkBatch } from './check-batch';
import { summarizeBatch } from './summarize-batch';

export interface IngestResultsPorts {
  /** Classes of a release, `undefined` when it is unknown. */
  classesOf(useCase: string, releaseId: string): Promise<ReadonlySet<string> | undefined>;
  /** Writes an object of the telemetry bucket; a repeated key is overwritten. */
  storeLines(key: string, lines: readonly object[]): Promise<void>;
  /** Adds the sketches unless this batch has been added before; all or nothing. */
  addOnce(
    batch: ResultsBatch,
    receivedAt: number,
    sketches: readonly Sketch[],
  ): Promise<'added' | 'repeated'>;
}

export interface IngestResultsOutcome {
  readonly accepted: number;
  readonly rejected: number;
  readonly repeated: boolean;
  readonly droppedOnDevice: number;
}

/**
 * The hour in a key of results is that of the first record, not of the arrival, so that a batch that is sent again
 * overwrites its object; the device's name keeps one device from overwriting another's batch.
 */
async function storeObjects(checked: CheckedBatch, ports: IngestResultsPorts): Promise<void> {
  const { batch, rejected } = checked;
  const receivedAt = new Date(checked.receivedAt).toISOString();
  const origin = { deviceId: batch.deviceId, batchId: batch.batchId, receivedAt };
  const first = batch.records[0];
  if (first) {
    const lines = batch.records.map((record) => ({ ...record, ...origin }));
    await ports.storeLines(batchKey(RESULT_PREFIX, batch, first.inferredAt), lines);
  }
  if (rejected.length > 0) {
    const lines = rejected.map((entry) => ({ ...entry, ...origin }));
    await ports.storeLines(batchKey(REJECTED_RECORD_PREFIX, batch, receivedAt), lines);
  }
}

async function classesOfShadows(
  batch: ResultsBatch,
  ports: IngestResultsPorts,
): Promise<Map<string, ReadonlySet<string> | undefined>> {
  const releaseIds = new Set(batch.records.flatMap((record) => record.shadow?.releaseId ?? []));
  const found = new Map<string, ReadonlySet<string> | undefined>();
  for (const releaseId of releaseIds) found.set(releaseId, await ports.classesOf(batch.useCase, releaseId));
  return found;
}

/**
 * Lines first, sketches last: what fails in between is repeated as a whole by the queue and changes nothing twice.
 * @param body what the topic rule sent: a results batch with `topicUseCase`, `topicThingName`, `receivedAt`
 * @throws InvalidInputError when the message can never be processed; whatever a port throws otherwise
 */
export async function ingestResults(
  body: string,
  windowSeconds: number,
  ports: IngestResultsPorts,
): Promise<IngestResultsOutcome> {
  const checked = checkBatch(parseDeviceMessage(body));
  await storeObjects(checked, ports);
  const classes = await classesOfShadows(checked.batch, ports);
  const sketches = summarizeBatch(checked.batch, (releaseId) => classes.get(releaseId), windowSeconds);
  const added = await ports.addOnce(checked.batch, checked.receivedAt, sketches);
  return {
    accepted: checked.batch.records.length,
    rejected: checked.rejected.length,
    repeated: added === 'repeated',
    droppedOnDevice: checked.batch.droppedRecords,
  };
}
