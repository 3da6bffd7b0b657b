/** Observations of a try, made by hand. */
import type { ShownFrame } from '../../../demo/inspection-line/inspection-line';
import type { Observation } from '../../../demo/observations';

export interface Seen {
  readonly id?: string;
  readonly truth: string;
  readonly predicted?: string | undefined;
  readonly disposition?: 'pass' | 'reject' | 'review' | undefined;
  readonly name?: string;
}

export const shownFrame = ({ id = '1', truth, name }: Pick<Seen, 'id' | 'truth' | 'name'>): ShownFrame => ({
  frameId: `frame-${id}`,
  deviceId: 'device-1',
  label: truth,
  condition: 'held out',
  shownAt: Number(id),
  bytes: 1000,
  ...(name !== undefined && { name }),
});

export function observation(seen: Seen): Observation {
  const truth = shownFrame(seen);
  const { predicted, disposition } = seen;
  const record = {
    recordId: truth.frameId,
    frameId: truth.frameId,
    deviceId: truth.deviceId,
    predictedClass: predicted,
    confidence: predicted === undefined ? undefined : 0.9,
    disposition,
    latencyMilliseconds: { total: 7 },
  };
  return { record: record as unknown as Observation['record'], truth };
}
