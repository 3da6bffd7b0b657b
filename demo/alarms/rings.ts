/** What the alarms did in a run, and whether they should have. Pure. */

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A change of an alarm's state. */
export interface Transition {
  /** The alarm's entry in the runbook. */
  readonly heading: string;
  /** Milliseconds since the epoch, of whole seconds. */
  readonly at: number;
  readonly state: AlarmState;
  /** CloudWatch's own words. */
  readonly reason: string;
}

/** From an alarm's going off to its end. */
export interface Ring {
  readonly heading: string;
  readonly from: number;
  /** undefined while it goes on. */
  readonly until?: number | undefined;
  readonly reason: string;
}

/** An alarm that has to go off, or may, and what it goes off for. */
export interface Expectation {
  readonly heading: string;
  /** Whether nothing is wrong when it does not. */
  readonly isOptional?: boolean;
  /** Before this there is no reason for it. Milliseconds since the epoch. */
  readonly since: number;
  readonly because: string;
}

/** @param transitions oldest first */
export function ringsOf(transitions: readonly Transition[]): Ring[] {
  const rings: Ring[] = [];
  const ringing = new Map<string, number>();
  for (const { heading, at, state, reason } of transitions) {
    const open = ringing.get(heading);
    if (state === 'ALARM' && open === undefined) {
      ringing.set(heading, rings.push({ heading, from: at, reason }) - 1);
    } else if (state !== 'ALARM' && open !== undefined) {
      rings[open] = { ...(rings[open] as Ring), until: at };
      ringing.delete(heading);
    }
  }
  return rings;
}

/**
 * When the message about a ring arrived; undefined when it did not. Messages are missed by who is not subscribed yet,
 * so those that came are about the last rings.
 * @param calls when messages about the alarm arrived, oldest first
 */
export function arrivalOf(ring: Ring, rings: readonly Ring[], calls: readonly number[]): number | undefined {
  const ofAlarm = rings.filter(({ heading }) => heading === ring.heading);
  return calls[ofAlarm.indexOf(ring) - (ofAlarm.length - calls.length)];
}

const MILLISECONDS_PER_SECOND = 1000;

/** What the ring goes off for; undefined when nothing that has happened explains it. */
export function expectationOf(ring: Ring, expectations: readonly Expectation[]): Expectation | undefined {
  const second = (at: number) => Math.floor(at / MILLISECONDS_PER_SECOND);
  return expectations.find(
    ({ heading, since }) => heading === ring.heading && second(ring.from) >= second(since),
  );
}

/** A sentence for each alarm that went off for nothing that happened, and for each that should have gone off. */
export function problemsOf(rings: readonly Ring[], expectations: readonly Expectation[]): string[] {
  const wrong = rings
    .filter((ring) => !expectationOf(ring, expectations))
    .map(
      ({ heading, reason }) => `alarm ${heading} went off, and nothing that happened explains it: ${reason}`,
    );
  const silent = expectations
    .filter(({ isOptional }) => !isOptional)
    .filter((expectation) => !rings.some((ring) => expectationOf(ring, [expectation])))
    .map(({ heading, because }) => `alarm ${heading} did not go off, although ${because}`);
  return [...wrong, ...silent];
}
