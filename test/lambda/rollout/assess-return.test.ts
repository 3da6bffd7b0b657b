import fc from 'fast-check';
import type { DeviceView } from '../../../lambda/rollout/check-wave/assess-devices';
import { assessReturn } from '../../../lambda/rollout/check-wave/assess-return';

const back = (deviceId: string): DeviceView => ({
  deviceId,
  deployment: { status: 'SUCCEEDED' },
  inventory: { releaseId: 'surface-3' },
});
const away = (deviceId: string): DeviceView => ({ deviceId, inventory: { releaseId: 'surface-2' } });
const failed = (deviceId: string): DeviceView => ({
  deviceId,
  deployment: { status: 'FAILED', reason: 'disk full' },
  inventory: { releaseId: 'surface-2' },
});
const assess = (devices: DeviceView[], timedOut = false) =>
  assessReturn(devices, 'surface-3', { timedOut, timeoutSeconds: 180 });

test('case 50: all are back', () => {
  expect(assess([back('a'), back('b')])).toEqual({ status: 'READY', reasons: [], devices: 2, ready: 2 });
});

test('case 50: one that cannot come back does not end the wait for the others', () => {
  expect(assess([failed('a'), away('b')])).toMatchObject({ status: 'PENDING', ready: 0 });
  expect(assess([failed('a'), back('b')])).toEqual({
    status: 'FAILED',
    reasons: [
      '1 of 2 devices did not go back to surface-3 within 180 s.',
      'a reports FAILED for the deployment: disk full.',
    ],
    devices: 2,
    ready: 1,
    missing: ['a'],
  });
});

test('case 50: whoever is not back in time is named, every one of them', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(back, away, failed), { maxLength: 40 }), (makers) => {
      const devices = makers.map((make, index) => make(`device-${index}`));
      const { status, missing = [], devices: all, ready } = assess(devices, true);
      const lost = devices.filter((_, index) => makers[index] !== back).map(({ deviceId }) => deviceId);
      expect(missing).toEqual(lost);
      expect(ready).toBe(all - lost.length);
      expect(status).toBe(lost.length === 0 ? 'READY' : 'FAILED');
    }),
  );
});
