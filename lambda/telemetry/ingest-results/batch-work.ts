import type { ResultsBatch } from '../../../contracts';
import { placeOf } from '../../../contracts/batch-place';
import { parseDeviceMessage } from '../device-message';
import type { Share } from '../sketch-table';
import { type CheckedBatch, checkBatch } from './check-batch';
import { heldToReleases } from './hold-to-releases';
import { summarizeBatch } from './summarize-batch';

/** Classes of a release, `undefined` when it is unknown. */
export type ClassesOf = (useCase: string, releaseId: string) => Promise<ReadonlySet<string> | undefined>;

/** A batch on its way: what it adds, and what became of it. */
export interface BatchWork {
  readonly checked: CheckedBatch;
  /** One per sketch; none when no record is good. */
  readonly shares: readonly Share[];
  /** Whether some of it was not counted when the table was read. */
  isFresh: boolean;
  /** Whether this invocation has counted some of it. */
  isAdded: boolean;
  /** Why it has to come again. */
  failure?: unknown;
}

/** Whether it still is to be stored and counted. */
export const isOpen = ({ isFresh, failure }: BatchWork): boolean => isFresh && failure === undefined;

/**
 * @param body what the topic rule sent
 * @throws InvalidInputError when the message can never be processed; whatever `classesOf` throws otherwise
 */
export async function workOf(body: string, windowSeconds: number, classesOf: ClassesOf): Promise<BatchWork> {
  const plausible = checkBatch(parseDeviceMessage(body));
  const classes = await classesOfReleases(plausible.batch, classesOf);
  const checked = heldToReleases(plausible, (releaseId) => classes.get(releaseId));
  const { batch } = checked;
  const { batchId } = batch;
  const place = placeOf(batchId);
  const shares = summarizeBatch(batch, (releaseId) => classes.get(releaseId), windowSeconds).map(
    (sketch) => ({ batchId, place, sketch }),
  );
  return { checked, shares, isFresh: shares.length === 0, isAdded: false };
}

async function classesOfReleases(
  batch: ResultsBatch,
  classesOf: ClassesOf,
): Promise<Map<string, ReadonlySet<string> | undefined>> {
  const releaseIds = new Set(
    batch.records.flatMap(({ releaseId, shadow }) => [releaseId, ...(shadow ? [shadow.releaseId] : [])]),
  );
  const found = new Map<string, ReadonlySet<string> | undefined>();
  for (const releaseId of releaseIds) found.set(releaseId, await classesOf(batch.useCase, releaseId));
  return found;
}
