/** The lines of an invocation's batches as objects of the telemetry bucket: one per use case and hour. */
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../shared/concurrency';
import { grouped } from '../../shared/grouped';
import { linesKey, REJECTED_RECORD_PREFIX, RESULT_PREFIX } from '../names';
import type { BatchWork } from './batch-work';

/** Beyond the SDK's own: what is left there is there twice. */
const TAKE_BACK_ATTEMPTS = 3;

/** Writes an object; a repeated key is overwritten. */
export type StoreLines = (key: string, lines: readonly object[]) => Promise<void>;

/** An object and the batches whose lines are in it. */
export interface LinesObject {
  readonly key: string;
  readonly lines: readonly { readonly work: BatchWork; readonly line: object }[];
  isStored: boolean;
}

/**
 * The hour of results is that of each batch's first record, so that what was decided offline lies with its time; that of
 * rejected records, whose times may be what is wrong, is the hour of their arrival.
 * @param name of the objects; unique
 */
export function objectsOf(works: readonly BatchWork[], name: string): LinesObject[] {
  const lines = works.flatMap((work) => {
    const { batch, rejected } = work.checked;
    const receivedAt = new Date(work.checked.receivedAt).toISOString();
    const origin = { deviceId: batch.deviceId, batchId: batch.batchId, receivedAt };
    const decidedAt = batch.records[0]?.inferredAt ?? receivedAt;
    const resultsKey = linesKey(RESULT_PREFIX, batch.useCase, decidedAt, name);
    const rejectedKey = linesKey(REJECTED_RECORD_PREFIX, batch.useCase, receivedAt, name);
    return [
      ...batch.records.map((record) => ({ key: resultsKey, work, line: { ...record, ...origin } })),
      ...rejected.map((entry) => ({ key: rejectedKey, work, line: { ...entry, ...origin } })),
    ];
  });
  return [...grouped(lines, ({ key }) => key)].map(([key, group]) => ({
    key,
    lines: group,
    isStored: false,
  }));
}

/** A batch whose lines cannot be stored fails: it must not be counted. */
export async function storeObjects(objects: readonly LinesObject[], storeLines: StoreLines): Promise<void> {
  await mapConcurrently(objects, DEFAULT_CONCURRENCY, async (object) => {
    try {
      await storeLines(object.key, linesOf(object));
      object.isStored = true;
    } catch (error) {
      for (const { work } of object.lines) work.failure ??= error;
    }
  });
}

/**
 * Writes objects again without the lines of batches that will come again, or that another invocation has counted.
 * @param onFailure told when one stays as it is: its lines will be there twice, as after a kill; nothing is lost
 */
export async function takeBack(
  objects: readonly LinesObject[],
  storeLines: StoreLines,
  onFailure: (key: string, error: Error) => void,
): Promise<void> {
  const changed = objects.filter(({ isStored, lines }) => isStored && !lines.every(stays));
  await mapConcurrently(changed, DEFAULT_CONCURRENCY, async (object) => {
    const lines = linesOf({ lines: object.lines.filter(stays) });
    for (let attempt = 1; ; attempt++) {
      try {
        return await storeLines(object.key, lines);
      } catch (error) {
        if (attempt === TAKE_BACK_ATTEMPTS) return onFailure(object.key, error as Error);
      }
    }
  });
}

const linesOf = ({ lines }: Pick<LinesObject, 'lines'>): object[] => lines.map(({ line }) => line);

const stays = ({ work }: { readonly work: BatchWork }): boolean => work.isAdded && work.failure === undefined;
