/** One frame as the report's figures see it: what it truly was, and what a device made of it. */
import type { Observation } from '../../demo/observations';

type Opinion = Observation['record']['secondOpinion'];

export interface Changes {
  readonly at?: number;
  readonly deviceId?: string;
  readonly truth?: string;
  readonly predicted?: string;
  readonly releaseId?: string;
  readonly online?: boolean;
  readonly invalid?: boolean;
  readonly disposition?: 'pass' | 'reject' | 'review';
  readonly secondOpinion?: Opinion;
  readonly bytes?: number;
  readonly captured?: boolean;
}

export function observation(changes: Changes): Observation {
  const { at = 0, deviceId = 'line-1', truth = 'good', bytes = 100, releaseId = 'r-1' } = changes;
  const frameId = `${deviceId}-${at}`;
  return {
    truth: { frameId, deviceId, label: truth, condition: 'normal', shownAt: at, bytes },
    record: {
      recordId: frameId,
      frameId,
      deviceId,
      releaseId,
      variant: 'int8',
      capturedAt: new Date(at).toISOString(),
      inferredAt: new Date(at).toISOString(),
      status: changes.invalid ? 'invalid' : 'ok',
      ...(changes.invalid ? {} : { predictedClass: changes.predicted ?? 'good', confidence: 0.9 }),
      ...(changes.disposition && { disposition: changes.disposition }),
      ...(changes.secondOpinion && { secondOpinion: changes.secondOpinion }),
      ...(changes.captured && { captureId: frameId }),
      online: changes.online ?? true,
      latencyMilliseconds: { total: 2 },
    },
  };
}
