/** Whether the devices of a wave are back on what was in service. Pure. */
import type { WaveCheck } from '../rollout-state';
import { type DeviceView, failure, missing, named } from './assess-devices';

/**
 * PENDING while a device may still come back: one that cannot does not end the wait for the others. Then READY, or FAILED
 * with every device in `missing` that does not run the release, so that nobody takes it for back.
 * @param devices of the wave
 * @param releaseId of the rollback release
 * @param timedOut whether `timeoutSeconds` have passed since the deployment
 */
export function assessReturn(
  devices: readonly DeviceView[],
  releaseId: string,
  timedOut: boolean,
  timeoutSeconds: number,
): WaveCheck {
  const away = devices.flatMap((device) => {
    const failed = failure(device, releaseId);
    const sentence = failed ?? missing(device, releaseId);
    return sentence === undefined
      ? []
      : [{ deviceId: device.deviceId, sentence, isDecided: failed !== undefined }];
  });
  const counts = { devices: devices.length, ready: devices.length - away.length };
  const reasons = named(away.map(({ sentence }) => sentence));
  if (away.length === 0) return { status: 'READY', reasons, ...counts };
  if (!timedOut && away.some(({ isDecided }) => !isDecided)) return { status: 'PENDING', reasons, ...counts };
  const first = `${away.length} of ${devices.length} devices did not go back to ${releaseId} within ${timeoutSeconds} s.`;
  return {
    status: 'FAILED',
    reasons: [first, ...reasons],
    ...counts,
    missing: away.map(({ deviceId }) => deviceId),
  };
}
