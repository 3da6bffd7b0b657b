/** What a wave reported, device by device: none speaks for another. Pure. */
import type { Label, Sketch } from '../../../contracts';
import { grouped } from '../../shared/grouped';
import { mergeSketches } from '../../telemetry/sketch';

export type JudgedLabel = Pick<
  Label,
  | 'deviceId'
  | 'label'
  | 'predictedClass'
  | 'confidence'
  | 'inclusionProbability'
  | 'reasons'
  | 'disposition'
  | 'shadow'
>;

/** What one device reported while it ran one release. */
export interface DeviceEvidence {
  readonly deviceId: string;
  /** Merged over windows. */
  readonly sketch: Sketch;
  /** Results of each window that lies wholly in the time that counts. */
  readonly windows: readonly number[];
}

export interface ReleaseEvidence {
  readonly releaseId: string;
  /** Devices that have sent at least one result. */
  readonly devices: readonly DeviceEvidence[];
  readonly labels: readonly JudgedLabel[];
}

/** Milliseconds since the epoch. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * @param whole of which windows the throughput is taken: those that begin and end in it
 * @param windowSeconds width of a sketch's window
 */
export function evidenceOf(
  releaseId: string,
  sketches: readonly Sketch[],
  labels: readonly JudgedLabel[],
  whole: TimeSpan,
  windowSeconds: number,
): ReleaseEvidence {
  const isWhole = ({ windowStart }: Sketch): boolean => {
    const start = Date.parse(windowStart);
    return start >= whole.from && start + windowSeconds * 1000 <= whole.to;
  };
  const devices = [...grouped(sketches, ({ deviceId }) => deviceId)].flatMap(([deviceId, own]) => {
    const sketch = mergeSketches(own);
    if (!sketch || sketch.results === 0) return [];
    return [{ deviceId, sketch, windows: own.filter(isWhole).map(({ results }) => results) }];
  });
  return { releaseId, devices, labels };
}
