import type { ResultsBatch, Sketch } from '../../../contracts';
import { addResult, emptySketch } from '../sketch';

/** Start of the window that holds `timestamp`, as an ISO timestamp; windows are counted from the epoch. */
export function windowStartOf(timestamp: string, windowSeconds: number): string {
  const width = windowSeconds * 1000;
  return new Date(Math.floor(Date.parse(timestamp) / width) * width).toISOString();
}

/**
 * One sketch per (release, window) of a checked batch, in the order of first appearance, so that a repeated batch
 * gives the same list. The records that the device dropped before this batch are counted in the first sketch.
 * @param classesOf classes of a release, `undefined` when the release is unknown: then nothing is compared with it
 */
export function summarizeBatch(
  batch: ResultsBatch,
  classesOf: (releaseId: string) => ReadonlySet<string> | undefined,
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
    sketches.set(
      key,
      addResult(sketch, record, (className) => known?.has(className) ?? false),
    );
  }
  const [first, ...others] = sketches.values();
  return first ? [{ ...first, dropped: first.dropped + batch.droppedRecords }, ...others] : [];
}
