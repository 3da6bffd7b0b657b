/**
 * A child has not answered in time: does it hang, or was it kept from working? Only a hang is its own doing, and counts
 * against a release; the machine, a debugger or a frozen container may keep any process from working for any time.
 */

/** The timer may be so late and still be right: a busy machine. Later, and this process itself has not run. */
const LATE_MILLISECONDS = 500;
/** Of one processor over the time that has passed: a graph that computes gets more than this of the machine, or waits for it. */
const LEAST_SHARE_OF_PROCESSOR = 0.5;
/** So often a child gets its time again that has not had it; beyond it whoever waits is served better by another process. */
const MOST_EXTENSIONS = 2;

/** What is known when the time of a request is over. */
export interface Silence {
  /** Time that it was to have, milliseconds. */
  readonly allowed: number;
  /** Time that has passed, by the clock of this process. */
  readonly passed: number;
  /** Processor time of the child within it, milliseconds; undefined where that cannot be read. */
  readonly worked: number | undefined;
  /** Whether somebody has stopped the child at the moment (SIGSTOP, a debugger). */
  readonly isStopped: boolean;
  /** How often it has got its time again. */
  readonly extensions: number;
}

/**
 * | the child | then |
 * |---|---|
 * | is stopped | it is ended, and not blamed |
 * | had a processor for half of the time or more | it hangs |
 * | had less, or this process has not run itself | it gets the same time again, twice; then it hangs |
 *
 * So a graph that computes for ever is found after the allowed time, one that sleeps for ever after three times that.
 */
export function afterSilence({
  allowed,
  passed,
  worked,
  isStopped,
  extensions,
}: Silence): 'again' | 'stopped' | 'hangs' {
  if (isStopped) return 'stopped';
  const wasKept = passed > allowed + LATE_MILLISECONDS;
  const hasWorked = worked === undefined || worked >= LEAST_SHARE_OF_PROCESSOR * passed;
  return (wasKept || !hasWorked) && extensions < MOST_EXTENSIONS ? 'again' : 'hangs';
}
