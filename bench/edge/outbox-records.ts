import { Outbox } from '../../edge-components/inference/src/results/outbox';

/** As in the component's default configuration, with room for everything that a benchmark writes. */
const LIMITS = { maximumBytes: 64 << 20, batchRecords: 50, flushMilliseconds: 1_000, messageBytes: 5_120 };

export const openOutbox = (folder: string): Promise<Outbox> => Outbox.open(folder, () => LIMITS);

/** A result as the component writes it, found again by its number. */
export function recordOf(number: number): string {
  return JSON.stringify({
    recordId: `00000001-0123abcd-${String(number).padStart(8, '0')}`,
    frameId: String(number),
    cameraId: 'camera',
    releaseId: 'bench-1',
    variant: 'int8',
    capturedAt: '2026-01-01T00:00:00.000Z',
    inferredAt: '2026-01-01T00:00:00.005Z',
    status: 'ok',
    predictedClass: 'scratch',
    confidence: 0.9871,
    online: true,
    latencyMilliseconds: { decode: 2.512, inference: 1.834, total: 4.621 },
    image: { brightness: 127.51, contrast: 31.22, sharpness: 8.73 },
    frameBytes: 61_440,
  });
}

export const numberOf = (record: string): number =>
  Number((JSON.parse(record) as { frameId: string }).frameId);
