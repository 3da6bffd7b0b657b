/** When a release is tried again whose execution came to nothing by no fault of its own. Pure. */

/** Minutes before the second try and on: with the retries of each step, an outage of most of a day is outlived. */
const PAUSES_MINUTES = [5, 20, 80, 320, 720];

export interface NextAttempt {
  readonly attempts: number;
  /** ISO timestamp before which nobody tries it. */
  readonly retryAfter: string;
}

/**
 * @param failed tries before this one that came to nothing, too
 * @param at when this one did
 * @returns `undefined` when it was one too many: no outage any more, a person is to look
 */
export function nextAttempt(failed: number, at: Date): NextAttempt | undefined {
  const minutes = PAUSES_MINUTES[failed];
  if (minutes === undefined) return undefined;
  return { attempts: failed + 1, retryAfter: new Date(at.getTime() + minutes * 60_000).toISOString() };
}
