import fc from 'fast-check';
import { type InferenceResult, problemsOf } from '../../../../contracts';
import { bootClock } from '../../../../edge-components/inference/src/shared/boot-clock';
import {
  captureClock,
  recordClock,
  waitsForTheTime,
  withRightTimes,
} from '../../../../edge-components/inference/src/shared/record-time';

const MINUTE = 60_000;
/** A device that has been running for `uptime`. */
const clockAt = (now: number, uptime: number, id = 'b00710ad') => ({
  now: () => now,
  monotonic: () => uptime,
  boot: { id, milliseconds: () => uptime },
});
const RIGHT = Date.UTC(2026, 10, 23, 12);

function recordAt(
  clock: ReturnType<typeof clockAt>,
  changes: Partial<InferenceResult> = {},
): InferenceResult {
  const state = recordClock(clock);
  const time = new Date(clock.now()).toISOString();
  return {
    recordId: 'p-1',
    frameId: 'f',
    releaseId: 'r',
    variant: 'fp32',
    capturedAt: time,
    inferredAt: time,
    status: 'invalid',
    reason: 'x',
    online: false,
    latencyMilliseconds: { total: 1 },
    ...(state && { clock: state }),
    ...changes,
  };
}

test('[B27] F16: a record of a clock that is set says nothing of it and is not touched', () => {
  const record = recordAt(clockAt(RIGHT, MINUTE));
  expect(record).not.toHaveProperty('clock');
  const json = JSON.stringify(record);
  expect(withRightTimes(json, clockAt(RIGHT + MINUTE, 2 * MINUTE))).toBe(json);
  expect(waitsForTheTime([json], clockAt(0, MINUTE))).toBe(false);
});

test('[B27] F16: hours without a time get the times of day that they had, to the millisecond', () => {
  fc.assert(
    fc.property(fc.nat(10 * 86_400_000), fc.nat(10 * 86_400_000), fc.nat(5_000), (before, after, latency) => {
      const unset = clockAt(before, before + 3_000);
      const record = recordAt(unset, {
        capturedAt: new Date(Math.max(0, before - latency)).toISOString(),
        reason: '"clock":{"state":"unset"',
      });
      expect(problemsOf('inference-result', record)).toEqual([]);
      const json = JSON.stringify(record);
      expect(waitsForTheTime([json], clockAt(before + after, 3_000 + before + after))).toBe(true);
      const sent = withRightTimes(json, clockAt(RIGHT + after, 3_000 + before + after));
      const corrected = JSON.parse(sent) as InferenceResult;
      expect(corrected).toEqual({
        ...record,
        inferredAt: new Date(RIGHT).toISOString(),
        capturedAt: new Date(RIGHT - Math.min(before, latency)).toISOString(),
        clock: { state: 'corrected' },
      });
      expect(problemsOf('inference-result', corrected)).toEqual([]);
      expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(Buffer.byteLength(json));
    }),
  );
});

test('[B27] F16: a camera with a clock of its own keeps its time', () => {
  const capturedAt = new Date(RIGHT - 1_000).toISOString();
  const json = JSON.stringify(recordAt(clockAt(MINUTE, MINUTE), { capturedAt }));
  expect(JSON.parse(withRightTimes(json, clockAt(RIGHT, 2 * MINUTE)))).toMatchObject({ capturedAt });
  expect(captureClock(JSON.parse(json))).toBeUndefined();
});

test('[B27] F16: what an earlier start of the device has left stays as it is, and waits for nothing', () => {
  const json = JSON.stringify(recordAt(clockAt(MINUTE, MINUTE, 'anearly1')));
  expect(withRightTimes(json, clockAt(RIGHT, MINUTE))).toBe(json);
  expect(waitsForTheTime([json], clockAt(MINUTE, MINUTE))).toBe(false);
});

test('[B27] F16: the clock since the start of the device goes on, and the start has a name', () => {
  const { id, milliseconds } = bootClock();
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  const before = milliseconds();
  expect(before).toBeGreaterThan(0);
  expect(milliseconds()).toBeGreaterThanOrEqual(before);
});
