import type { InferenceResult } from '../../contracts';

/** The smallest kind of result, with a reason that makes it about as long as a usual one. */
export const invalidResult = (index: number): InferenceResult => ({
  recordId: `boot-${index}`,
  frameId: `frame-${index}`,
  releaseId: 'line-1',
  variant: 'fp32',
  capturedAt: '2026-11-23T12:00:00.000Z',
  inferredAt: '2026-11-23T12:00:00.000Z',
  status: 'invalid',
  reason: 'x'.repeat(200),
  online: false,
  latencyMilliseconds: { total: 1 },
});
