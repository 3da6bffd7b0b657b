/**
 * What the watched process does when the agent, its only child, has ended. The nucleus gives a component up whose watched
 * process ends for the third time within an hour (classic: Lifecycle.java, MAXIMUM_CONTINUAL_ERROR; lite: StartLimitBurst
 * of its units), so that process ends only where a new one helps, or where a deployment has to fail.
 */
import { backoffMilliseconds } from '../shared/backoff';

/** Exit code of an agent that can only be helped by another watched process: the nucleus does not know this one any more. */
export const NEEDS_ANOTHER_START = 3;

/** Told by the agent, once it is inspecting or ready to. */
export const RUNNING = 'running';

/** Longer than this and the end before is forgotten. */
export const LONG_ENOUGH_MILLISECONDS = 5_000;
/** No longer than a start takes: a line that stands still costs more than starts. */
const RESTART_MILLISECONDS = { first: 100, longest: 500 };
/** Told to stop, the agent ends with 0. The nucleus tells every process of the component, in an order of its own. */
const UNTIL_TOLD_MILLISECONDS = 250;
/** A signal before the first word is no reason to fail a deployment, but something is wrong when it comes each time. */
const MOST_ENDS_BEFORE_RUNNING = 3;

export interface AgentEnd {
  /** Whether this process was told to stop. */
  readonly isTold: boolean;
  /** Whether an agent of this process has ever said that it runs. */
  readonly hasRun: boolean;
  readonly code: number | null;
  /** Ends in a row, this one included, of agents that did not live for {@link LONG_ENOUGH_MILLISECONDS}. */
  readonly endsInARow: number;
}

export type AfterEnd =
  | { readonly act: 'exit'; readonly code: number }
  | { readonly act: 'restart'; readonly afterMilliseconds: number };

/** @param random 0 <= x < 1 */
export function afterAgentEnd(end: AgentEnd, random: () => number): AfterEnd {
  const { isTold, hasRun, code, endsInARow } = end;
  if (isTold) return { act: 'exit', code: code ?? 0 };
  if (code === NEEDS_ANOTHER_START) return { act: 'exit', code: 1 };
  // A build that cannot start fails its deployment.
  const cannotStart = code !== null || endsInARow >= MOST_ENDS_BEFORE_RUNNING;
  if (!hasRun && cannotStart) return { act: 'exit', code: code || 1 };
  const pause = endsInARow > 1 ? backoffMilliseconds(endsInARow - 1, RESTART_MILLISECONDS, random) : 0;
  return { act: 'restart', afterMilliseconds: Math.max(pause, code === 0 ? UNTIL_TOLD_MILLISECONDS : 0) };
}
