/**
 * A child has not answered in time: does it hang, or was it kept from working? Only a hang is its own doing, and counts
 * against a release; the machine, a debugger or a frozen container may keep any process from working for any time.
 */

/** The timer may be so late and still be right: a busy machine. Later, and this process itself has not run. */
const LATE_MILLISECONDS = 500;
/**
 * Processor time, as a share of the allowed time, that nobody needs who answers: a run in service is allowed a hundred times
 * what it was measured to take, and a load, which takes a second, twenty.
 */
const ENOUGH_WORK = 0.1;
/** Less than this is no work at all: a process that sleeps for ever wakes up for nothing. */
const LEAST_WORK = 0.02;
/** So often a child gets its time again that has not worked; beyond it whoever waits is served better by another process. */
const MOST_EXTENSIONS = 2;

/** What is known when the time of a request is over. */
export interface Silence {
  /** Time that it was to have, milliseconds. */
  readonly allowed: number;
  /** Time that has passed since it got it, by the clock of this process. */
  readonly passed: number;
  /** Processor time of the child since the request, milliseconds; undefined where that cannot be read. */
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
 * | has had a processor for a tenth of the time | it hangs |
 * | has had less, or this process has not run itself | it gets the same time again, twice |
 * | has had nothing of a processor, for the third time | it hangs: it sleeps for ever |
 * | has had something, for the third time | it is ended, and not blamed: the machine has no time for it |
 *
 * So a graph that computes for ever is found after the allowed time, one that sleeps for ever after three times that.
 */
export function afterSilence({
  allowed,
  passed,
  worked = Number.POSITIVE_INFINITY,
  isStopped,
  extensions,
}: Silence): 'again' | 'stopped' | 'starved' | 'hangs' {
  if (isStopped) return 'stopped';
  const hasWorked = worked >= ENOUGH_WORK * allowed;
  const wasKept = passed > allowed + LATE_MILLISECONDS;
  if ((wasKept || !hasWorked) && extensions < MOST_EXTENSIONS) return 'again';
  return hasWorked || worked < LEAST_WORK * allowed ? 'hangs' : 'starved';
}
