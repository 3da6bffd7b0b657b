/** When a release is tried again whose rollout came to nothing by no fault of its own. Pure. */
import type { AwaitedDevices } from '../registry/release-items';

const MINUTE_MILLISECONDS = 60_000;
/**
 * Minutes before the second try and on; after the last of them once in as long again. Services fail for as long as they do:
 * six outages of an hour may well meet the six rollouts of a day, and what a person has approved is wanted after them too.
 */
const PAUSES_MINUTES = [5, 20, 80, 320, 720, 1_440];
/**
 * Minutes for which silent devices are waited for before the second try and on: 11 days in all, more than a week in which a
 * plant stands still. A device that was taken out of its group never comes back, so that nobody waits without an end.
 */
const LONGEST_WAITS_MINUTES = [60, 240, 1_440, 4_320, 10_080];

/** More names would say no more. */
const DEVICES_NAMED = 10;

/** Devices that said nothing of a deployment, and that a wave needs. */
export type Absence = Pick<AwaitedDevices, 'devices' | 'enough'>;

/** What a release has behind it. */
export interface Failures {
  /** Executions that came to nothing by no fault of the release. */
  readonly attempts?: number;
  /** Those of them that silent devices alone kept from a verdict. */
  readonly silences?: number;
}

export interface NextAttempt extends Failures {
  readonly attempts: number;
  /** ISO timestamp before which nobody tries it. */
  readonly retryAfter: string;
  /** Without whom nobody tries it for longer. */
  readonly awaits?: AwaitedDevices;
}

const later = (at: Date, minutes: number): string =>
  new Date(at.getTime() + minutes * MINUTE_MILLISECONDS).toISOString();

/**
 * @param before tries that came to nothing, too
 * @param at when this one did
 * @param absence where devices were missing, and nothing else
 * @returns `undefined` when devices were silent once too often: a person is to look
 */
export function nextAttempt(
  { attempts = 0, silences = 0 }: Failures,
  at: Date,
  absence?: Absence,
): NextAttempt | undefined {
  const pause = PAUSES_MINUTES[Math.min(attempts, PAUSES_MINUTES.length - 1)] as number;
  const failed = { attempts: attempts + 1, retryAfter: later(at, pause) };
  if (!absence) return { ...failed, ...(silences > 0 && { silences }) };
  const longest = LONGEST_WAITS_MINUTES[silences];
  if (longest === undefined) return undefined;
  const awaits = { ...absence, since: at.toISOString(), until: later(at, longest) };
  return { ...failed, silences: silences + 1, awaits };
}

/** Whether a release may be tried now. @param lastHeardOf epoch milliseconds, by device */
export function isDue(
  { retryAfter, awaits }: Partial<NextAttempt>,
  now: Date,
  lastHeardOf: ReadonlyMap<string, number>,
): boolean {
  if (retryAfter && now.getTime() < Date.parse(retryAfter)) return false;
  if (!awaits || now.getTime() >= Date.parse(awaits.until)) return true;
  const since = Date.parse(awaits.since);
  const back = awaits.devices.filter((deviceId) => (lastHeardOf.get(deviceId) ?? 0) > since);
  return back.length >= awaits.enough;
}

/** When a release that waits for devices is tried again, for a person. */
export function describeWait({ devices, enough, until }: AwaitedDevices): string {
  const rest = devices.length - DEVICES_NAMED;
  const names = [...devices.slice(0, DEVICES_NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
  return `when ${enough} of ${names} can be heard of again, or after ${until}`;
}
