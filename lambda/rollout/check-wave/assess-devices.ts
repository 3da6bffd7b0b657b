/** Whether the devices of a wave run a release. Pure. */
import type { DeviceStatus } from '../../../contracts';
import type { Absence } from '../next-attempt';
import { neededOf } from '../quorum';
import type { WaveCheck } from '../rollout-state';

export interface DeviceView {
  readonly deviceId: string;
  /** What Greengrass says of our deployment on this device; absent while it has not heard of it. */
  readonly deployment?: { readonly status: string; readonly reason?: string };
  /** The device's last status message. */
  readonly inventory?: Pick<DeviceStatus, 'releaseId' | 'refusedReleases'>;
}

export interface AssessedTime {
  /** Whether the time to install is over. */
  readonly timedOut: boolean;
  readonly timeoutSeconds: number;
}

export interface AssessOptions extends AssessedTime {
  /** Share of the devices without which the wave does not go on, above 0. */
  readonly quorum: number;
}

const SUCCEEDED = ['SUCCEEDED', 'COMPLETED'];
const FAILED = ['FAILED', 'REJECTED', 'TIMED_OUT', 'CANCELED'];
/** The job waits for the device, which has not so much as begun. */
const NOT_BEGUN = ['QUEUED'];
/** A refusal that time alone may cure: the device asks again when its clock is right. */
const PASSING = ['CLOCK_UNKNOWN'];
/** More names would say no more. */
const DEVICES_NAMED = 10;
/** More are not looked for one by one: a wave without so many is tried again when these are back. */
const DEVICES_AWAITED = 100;

/** What may become of a device that is not ready: nothing by itself once it has failed, and of a silent one nobody knows. */
type Outlook = 'FAILED' | 'AT_WORK' | 'SILENT';

/** Of one device: ready, or why not. */
type Standing =
  | { readonly isReady: true }
  | { readonly isReady: false; readonly why: string; readonly outlook: Outlook };

/**
 * The last word counts: a device that runs the release has refused it before, or failed a deployment before, to no
 * purpose.
 */
export function standingOf({ deviceId, deployment, inventory }: DeviceView, releaseId: string): Standing {
  const not = (why: string, outlook: Outlook): Standing => ({
    isReady: false,
    why: `${deviceId} ${why}`,
    outlook,
  });
  const runs = inventory?.releaseId === releaseId;
  if (runs && deployment && SUCCEEDED.includes(deployment.status)) return { isReady: true };
  const refusal = inventory?.refusedReleases?.find((refused) => refused.releaseId === releaseId);
  if (refusal && !runs) {
    const outlook = PASSING.includes(refusal.code) ? 'AT_WORK' : 'FAILED';
    return not(`refused the release: ${refusal.code}.`, outlook);
  }
  if (!deployment) return not('has not answered the deployment.', 'SILENT');
  if (FAILED.includes(deployment.status)) {
    const reason = deployment.reason ?? 'no reason given';
    return not(`reports ${deployment.status} for the deployment: ${reason}.`, 'FAILED');
  }
  if (!SUCCEEDED.includes(deployment.status)) {
    return not(`is ${deployment.status}.`, NOT_BEGUN.includes(deployment.status) ? 'SILENT' : 'AT_WORK');
  }
  return not(`reports ${inventory?.releaseId ?? 'no release'}, not ${releaseId}.`, 'AT_WORK');
}

/** The first sentences, and how many more there are. */
export function named(sentences: readonly string[]): string[] {
  const more = sentences.length - DEVICES_NAMED;
  return more > 0 ? [...sentences.slice(0, DEVICES_NAMED), `And ${more} more.`] : [...sentences];
}

/** Who is to be heard of, where the silent alone are missing: with them, the wave would have its quorum. */
function absenceOf(silent: readonly string[], missing: number): Absence | undefined {
  if (silent.length < missing) return undefined;
  const devices = silent.slice(0, DEVICES_AWAITED);
  return { devices, enough: Math.min(missing, devices.length) };
}

/**
 * READY when every device has both finished the deployment and reported the release, or when those that have not can
 * never, or the time is over, and a quorum has: the others are set aside by name. FAILED when no quorum can come of it any
 * more, naming who stands in its way; with `absence` when it is silent devices alone.
 */
export function assessDevices(
  devices: readonly DeviceView[],
  releaseId: string,
  { timedOut, timeoutSeconds, quorum }: AssessOptions,
): WaveCheck {
  const standings = devices.map((device) => ({ device, standing: standingOf(device, releaseId) }));
  const others = standings.flatMap(({ device, standing }) =>
    standing.isReady ? [] : [{ deviceId: device.deviceId, ...standing }],
  );
  const ready = devices.length - others.length;
  const counts = { devices: devices.length, ready };
  if (others.length === 0) return { status: 'READY', reasons: [], ...counts };
  const needed = neededOf(devices.length, quorum);
  const lost = others.filter(({ outlook }) => outlook === 'FAILED');
  const why = (of: readonly { readonly why: string }[]) => named(of.map((one) => one.why));
  if (devices.length - lost.length < needed) return { status: 'FAILED', reasons: why(lost), ...counts };
  const nobodyComes = timedOut || lost.length === others.length;
  if (!nobodyComes) return { status: 'PENDING', reasons: why(others), ...counts };
  if (ready >= needed) {
    const setAside = others.map(({ deviceId }) => deviceId);
    return { status: 'READY', reasons: why(others), ...counts, setAside };
  }
  const first = `${others.length} of ${devices.length} devices did not run ${releaseId} within ${timeoutSeconds} s; ${needed} have to.`;
  const silent = others.filter(({ outlook }) => outlook === 'SILENT').map(({ deviceId }) => deviceId);
  const absence = absenceOf(silent, needed - ready);
  return { status: 'FAILED', reasons: [first, ...why(others)], ...counts, ...(absence && { absence }) };
}
