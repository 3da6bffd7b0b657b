/** The report's figures, from what was observed. Pure. */
import type { Observation } from './observations';
import { accuracyOf } from './observations';
import type { DeviceWindow, ReportData } from './report/report-data';

export const WINDOW_MILLISECONDS = 5000;

/** Value below which a share `q` of the values lies (nearest rank); NaN for no values. */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1));
  return sorted[rank] ?? Number.NaN;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The value that occurs most often. */
function mode(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0] ?? '';
}

/** One device's observations in windows of five seconds, windows without frames left out. */
export function windowsOf(observations: readonly Observation[]): DeviceWindow[] {
  const windows = new Map<number, Observation[]>();
  for (const observation of observations) {
    const at = Math.floor(observation.truth.shownAt / WINDOW_MILLISECONDS) * WINDOW_MILLISECONDS;
    const window = windows.get(at) ?? [];
    window.push(observation);
    windows.set(at, window);
  }
  return [...windows]
    .sort(([left], [right]) => left - right)
    .map(([at, seen]) => ({
      at,
      frames: seen.length,
      accuracy: orNull(accuracyOf(seen)),
      releaseId: mode(seen.map(({ record }) => record.releaseId)),
      meanConfidence: mean(seen.flatMap(({ record }) => record.confidence ?? [])),
      meanBrightness: mean(seen.flatMap(({ record }) => record.image?.brightness ?? [])),
      offlineFrames: seen.filter(({ record }) => !record.online).length,
    }));
}

/** rows[i][j]: frames of class i that were predicted as class j; invalid frames left out. */
export function confusionOf(
  title: string,
  observations: readonly Observation[],
): ReportData['confusions'][number] {
  const classes = [
    ...new Set(
      observations.flatMap(({ record, truth }) => [truth.label, record.predictedClass ?? truth.label]),
    ),
  ].sort();
  const rows = classes.map((actual) =>
    classes.map(
      (predicted) =>
        observations.filter(
          ({ record, truth }) => truth.label === actual && record.predictedClass === predicted,
        ).length,
    ),
  );
  return { title, classes, rows };
}

/** Frames that a device looked at and of which no result has arrived, in a span of time that has settled. */
export function lostFrames(
  shown: Iterable<{ readonly frameId: string; readonly shownAt: number }>,
  received: ReadonlySet<string>,
  from: number,
  until: number,
): number {
  let lost = 0;
  for (const { frameId, shownAt } of shown) {
    if (shownAt >= from && shownAt < until && !received.has(frameId)) lost += 1;
  }
  return lost;
}
