import { type HolderPorts, isHeld } from '../rollout-holder';

/** An execution of the state machine that has ended. */
export interface EndedExecution {
  readonly executionArn: string;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Of the release that it was about. */
  readonly counter: number;
}

export interface StartNextRolloutPorts extends HolderPorts {
  readonly table: HolderPorts['table'] & { giveUp(counter: number, reason: string): Promise<void> };
  start(counter: number): Promise<void>;
}

export type NextRollout =
  | { readonly kind: 'HELD' | 'NOTHING_READY' }
  | { readonly kind: 'STARTED'; readonly counter: number };

/**
 * Starts the rollout of the oldest release that is ready, unless one runs. Woken at a wrong time, or twice, it does
 * nothing that a plan-rollout would not refuse.
 * @param ended what woke it; none when it is a schedule
 */
export async function startNextRollout(
  ended: EndedExecution | undefined,
  ports: StartNextRolloutPorts,
): Promise<NextRollout> {
  // An execution that failed before it claimed its release would fail again, and again wake this function.
  if (ended && ended.status !== 'SUCCEEDED') {
    await ports.table.giveUp(
      ended.counter,
      `${ended.executionArn} ended as ${ended.status} before it began.`,
    );
  }
  if (await isHeld(ports)) return { kind: 'HELD' };
  const next = (await ports.table.releaseStates()).find(({ status }) => status === 'READY');
  if (next === undefined) return { kind: 'NOTHING_READY' };
  await ports.start(next.counter);
  return { kind: 'STARTED', counter: next.counter };
}
