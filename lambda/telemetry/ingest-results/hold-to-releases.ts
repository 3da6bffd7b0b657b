import type { InferenceResult } from '../../../contracts';
import type { CheckedBatch, RejectedRecord } from './check-batch';

/** Classes of a release, `undefined` when the registry does not know it. */
export type KnownClasses = (releaseId: string) => ReadonlySet<string> | undefined;

/**
 * The batch without the records whose class their release has not. A class is an attribute of a sketch, and an item has
 * room for those of a release, not for every name that a device may say.
 */
export function heldToReleases(checked: CheckedBatch, classesOf: KnownClasses): CheckedBatch {
  const rejected: RejectedRecord[] = [];
  const records = checked.batch.records.filter((record) => {
    const problem = inventedClass(record, classesOf(record.releaseId));
    if (problem) rejected.push({ record, problems: [problem] });
    return !problem;
  });
  if (rejected.length === 0) return checked;
  return { ...checked, batch: { ...checked.batch, records }, rejected: [...checked.rejected, ...rejected] };
}

function inventedClass(
  { predictedClass, releaseId }: InferenceResult,
  classes: ReadonlySet<string> | undefined,
): string | undefined {
  if (predictedClass === undefined || !classes || classes.has(predictedClass)) return undefined;
  return `predictedClass: must be a class of release '${releaseId}', got '${predictedClass}'`;
}
