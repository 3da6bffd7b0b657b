/** Whether the devices of a wave are back on what was in service. Pure. */
import type { WaveCheck } from '../rollout-state';
import { type AssessedTime, type DeviceView, named, standingOf } from './assess-devices';

/**
 * PENDING while a device may still come back: one that cannot does not end the wait for the others. Then READY, or FAILED
 * with every device in `missing` that does not run the release, so that nobody takes it for back.
 * @param devices of the wave
 * @param releaseId of the rollback release
 */
export function assessReturn(
  devices: readonly DeviceView[],
  releaseId: string,
  { timedOut, timeoutSeconds }: AssessedTime,
): WaveCheck {
  const away = devices.flatMap((device) => {
    const standing = standingOf(device, releaseId);
    return standing.isReady ? [] : [{ deviceId: device.deviceId, ...standing }];
  });
  const counts = { devices: devices.length, ready: devices.length - away.length };
  const reasons = named(away.map(({ why }) => why));
  if (away.length === 0) return { status: 'READY', reasons, ...counts };
  if (!timedOut && away.some(({ outlook }) => outlook !== 'FAILED'))
    return { status: 'PENDING', reasons, ...counts };
  const first = `${away.length} of ${devices.length} devices did not go back to ${releaseId} within ${timeoutSeconds} s.`;
  return {
    status: 'FAILED',
    reasons: [first, ...reasons],
    ...counts,
    missing: away.map(({ deviceId }) => deviceId),
  };
}
