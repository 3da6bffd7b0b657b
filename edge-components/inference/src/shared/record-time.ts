/**
 * Times of records that were made before the clock was set. A device without a battery for its clock begins in 1970, or
 * whenever its image was made, and may inspect for hours before it reaches a time server. What it knows meanwhile is how long
 * it has been running: with that, and the time when there is one, the records get the times that they should have had.
 */
import type { InferenceResult } from '../../../../contracts';
import type { Clock } from '../ports';

/** Before this component was written. */
const EARLIEST_TIME = Date.UTC(2026, 0, 1);

type RecordClock = NonNullable<InferenceResult['clock']>;

const isClockSet = (clock: Pick<Clock, 'now'>): boolean => clock.now() >= EARLIEST_TIME;

/** What a record says of its times; undefined when they are right, or nobody knows how long the device has been running. */
export function recordClock(clock: Clock): RecordClock | undefined {
  if (!clock.boot || isClockSet(clock)) return undefined;
  return { state: 'unset', boot: clock.boot.id, uptimeMilliseconds: Math.round(clock.boot.milliseconds()) };
}

/** As JSON.stringify writes it, so that a record with the right times need not be parsed. */
const UNSET = '"clock":{"state":"unset"';

/** Whether records are to be kept until the clock is set, because they get their times then. */
export function waitsForTheTime(records: readonly string[], clock: Clock): boolean {
  if (!clock.boot || isClockSet(clock)) return false;
  const { id } = clock.boot;
  return records.some((json) => json.includes(`${UNSET},"boot":"${id}"`));
}

interface TimedRecord {
  readonly capturedAt: string;
  readonly inferredAt?: string;
  readonly clock?: RecordClock;
}

/**
 * A record as it goes to the cloud: with the right times, if they were wrong and can be known by now. It is no longer than
 * before. The record of an earlier start of the device stays as it is: how long the device was off, it does not know.
 * @param json text of a result or a capture
 */
export function withRightTimes(json: string, clock: Clock): string {
  if (!clock.boot || !isClockSet(clock) || !json.includes(UNSET)) return json;
  const record = JSON.parse(json) as TimedRecord;
  const { capturedAt, inferredAt } = record;
  const { state, boot, uptimeMilliseconds } = record.clock ?? {};
  if (state !== 'unset' || boot !== clock.boot.id || uptimeMilliseconds === undefined) return json;
  const right = clock.now() - (clock.boot.milliseconds() - uptimeMilliseconds);
  const shift = right - Date.parse(inferredAt ?? capturedAt);
  const shifted = (time: string): string => new Date(Date.parse(time) + shift).toISOString();
  return JSON.stringify({
    ...record,
    // A camera may have a clock that is right.
    ...(isUnset(capturedAt) && { capturedAt: shifted(capturedAt) }),
    ...(inferredAt !== undefined && { inferredAt: shifted(inferredAt) }),
    clock: { state: 'corrected' },
  });
}

/** The same of the time at which the frame of a result was captured, for a record that has no other. */
export function captureClock({ capturedAt, inferredAt, clock }: InferenceResult): RecordClock | undefined {
  if (clock?.uptimeMilliseconds === undefined || !isUnset(capturedAt)) return undefined;
  const age = Date.parse(inferredAt) - Date.parse(capturedAt);
  return { ...clock, uptimeMilliseconds: Math.max(0, clock.uptimeMilliseconds - age) };
}

const isUnset = (time: string): boolean => Date.parse(time) < EARLIEST_TIME;
