/** Whether the devices of a wave run a release. Pure. */
import type { DeviceStatus } from '../../../contracts';
import type { WaveCheck } from '../rollout-state';

export interface DeviceView {
  readonly deviceId: string;
  /** What Greengrass says of our deployment on this device; absent while it has not heard of it. */
  readonly deployment?: { readonly status: string; readonly reason?: string };
  /** The device's last status message. */
  readonly inventory?: Pick<DeviceStatus, 'releaseId' | 'refusedReleases'>;
}

const SUCCEEDED = ['SUCCEEDED', 'COMPLETED'];
const FAILED = ['FAILED', 'REJECTED', 'TIMED_OUT', 'CANCELED'];
/** More names would say no more. */
const DEVICES_NAMED = 10;

/** Why the device can never become ready by itself, or `undefined`. */
export function failure(device: DeviceView, releaseId: string): string | undefined {
  const { deviceId, deployment, inventory } = device;
  const refusal = inventory?.refusedReleases?.find((refused) => refused.releaseId === releaseId);
  if (refusal) return `${deviceId} refused the release: ${refusal.code}.`;
  if (deployment && FAILED.includes(deployment.status)) {
    return `${deviceId} reports ${deployment.status} for the deployment: ${deployment.reason ?? 'no reason given'}.`;
  }
  return undefined;
}

/** What is missing until the device is ready, or `undefined` when it is. */
export function missing(device: DeviceView, releaseId: string): string | undefined {
  const { deviceId, deployment, inventory } = device;
  if (!deployment) return `${deviceId} has not answered the deployment.`;
  if (!SUCCEEDED.includes(deployment.status)) return `${deviceId} is ${deployment.status}.`;
  if (inventory?.releaseId !== releaseId) {
    return `${deviceId} reports ${inventory?.releaseId ?? 'no release'}, not ${releaseId}.`;
  }
  return undefined;
}

/** The first sentences, and how many more there are. */
export function named(sentences: readonly string[]): string[] {
  const more = sentences.length - DEVICES_NAMED;
  return more > 0 ? [...sentences.slice(0, DEVICES_NAMED), `And ${more} more.`] : [...sentences];
}

/**
 * READY when every device has both finished the deployment and reported the release; FAILED when one cannot, or when
 * the time is over, naming who did not answer.
 */
export function assessDevices(
  devices: readonly DeviceView[],
  releaseId: string,
  timedOut: boolean,
  timeoutSeconds: number,
): WaveCheck {
  const present = (sentence: string | undefined): sentence is string => sentence !== undefined;
  const failures = devices.map((device) => failure(device, releaseId)).filter(present);
  const waiting = devices.map((device) => missing(device, releaseId)).filter(present);
  const counts = { devices: devices.length, ready: devices.length - waiting.length };
  if (failures.length > 0) return { status: 'FAILED', reasons: named(failures), ...counts };
  if (waiting.length === 0) return { status: 'READY', reasons: [], ...counts };
  if (!timedOut) return { status: 'PENDING', reasons: named(waiting), ...counts };
  const first = `${waiting.length} of ${devices.length} devices did not run ${releaseId} within ${timeoutSeconds} s.`;
  return { status: 'FAILED', reasons: [first, ...named(waiting)], ...counts };
}
