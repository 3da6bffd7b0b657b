import type { InferenceResult, ResultsBatch, Sketch } from '../../../contracts';
import { addResult, emptySketch } from '../sketch';
import type { KnownClasses } from './hold-to-releases';

/** Start of the window that holds `timestamp`, as an ISO timestamp; windows are counted from the epoch. */
export function windowStartOf(timestamp: string, windowSeconds: number): string {
  const width = windowSeconds * 1000;
  return new Date(Math.floor(Date.parse(timestamp) / width) * width).toISOString();
}

/**
 * One sketch per (release, window) of a checked batch, in the order of first appearance, so that a repeated batch
 * gives the same list. The records that the device dropped before this batch are counted in the first sketch.
 * @param classesOf classes of a release, `undefined` when the release is unknown: then nothing is compared with it, and of
 *   its own results the classes are not counted, for nobody can say which names are any
 */
export function summarizeBatch(
  batch: ResultsBatch,
  classesOf: KnownClasses,
  windowSeconds: number,
): Sketch[] {
  const sketches = new Map<string, Sketch>();
  for (const record of batch.records) {
    const windowStart = windowStartOf(record.inferredAt, windowSeconds);
    const key = `${record.releaseId}#${windowStart}`;
    const sketch =
      sketches.get(key) ??
      emptySketch({
        useCase: batch.useCase,
        releaseId: record.releaseId,
        deviceId: batch.deviceId,
        windowStart,
      });
    const known = record.shadow && classesOf(record.shadow.releaseId);
    const counted = classesOf(record.releaseId) ? record : withoutClass(record);
    sketches.set(
      key,
      addResult(sketch, counted, (className) => known?.has(className) ?? false),
    );
  }
  const [first, ...others] = sketches.values();
  return first ? [{ ...first, dropped: first.dropped + batch.droppedRecords }, ...others] : [];
}

function withoutClass({ predictedClass, ...record }: InferenceResult): InferenceResult {
  return record;
}
