/** The component state machine as data, after `lifecyclemanager/Lifecycle.java`. Pure. */
import type { ComponentState } from '../../greengrass/deployment-document';

export type LifecycleEvent =
  | 'installed'
  | 'dependenciesReady'
  | 'dependencyLost'
  | 'started'
  | 'nothingToRun'
  | 'failed'
  | 'recovered'
  | 'stopRequested'
  | 'stoppedForRestart'
  | 'stoppedForReinstall'
  | 'stopped'
  | 'startRequested'
  | 'reinstallRequested';

/**
 * state x event -> state; what is not listed cannot happen. `failed` leads to ERRORED or, the third time in a row from
 * the same state, to BROKEN: see {@link ErrorHistory}. From ERRORED the way back depends on where the error came from:
 * see {@link afterError}.
 */
export const TRANSITIONS: Readonly<
  Record<ComponentState, Readonly<Partial<Record<LifecycleEvent, ComponentState>>>>
> = {
  NEW: { installed: 'INSTALLED', failed: 'ERRORED', stopRequested: 'FINISHED' },
  INSTALLED: { dependenciesReady: 'STARTING', stopRequested: 'FINISHED', reinstallRequested: 'NEW' },
  STARTING: {
    started: 'RUNNING',
    nothingToRun: 'FINISHED',
    failed: 'ERRORED',
    stopRequested: 'STOPPING',
    dependencyLost: 'STOPPING',
  },
  RUNNING: { failed: 'ERRORED', stopRequested: 'STOPPING', dependencyLost: 'STOPPING' },
  STOPPING: {
    stopped: 'FINISHED',
    stoppedForRestart: 'INSTALLED',
    stoppedForReinstall: 'NEW',
    failed: 'ERRORED',
  },
  ERRORED: {},
  BROKEN: { reinstallRequested: 'NEW' },
  FINISHED: { startRequested: 'INSTALLED', reinstallRequested: 'NEW' },
};

/** @throws Error when the event is impossible in that state: a mistake in the driver */
export function transition(state: ComponentState, event: LifecycleEvent): ComponentState {
  const next = TRANSITIONS[state][event];
  if (next === undefined) throw new Error(`'${event}' is impossible for a component that is ${state}`);
  return next;
}

/** Where an error leads once it was handled: installing starts over, a process is stopped first (handleCurrentStateErrored). */
export function afterError(cameFrom: ComponentState): ComponentState {
  if (cameFrom === 'NEW') return 'NEW';
  return cameFrom === 'STOPPING' ? 'FINISHED' : 'STOPPING';
}

/** Three errors in a row from the same state break a component (`MAXIMUM_CONTINUAL_ERROR`). */
export const MAXIMUM_CONTINUAL_ERRORS = 3;
/** Errors further apart than this are not in a row (`DEFAULT_ERROR_RESET_TIME_IN_SEC`). */
export const ERROR_RESET_MILLISECONDS = 3600_000;

/** Error times in milliseconds by the state they came from; a new value for each change. */
export type ErrorHistory = Readonly<Partial<Record<ComponentState, readonly number[]>>>;

const COUNTED: ReadonlySet<ComponentState> = new Set(['NEW', 'STARTING', 'RUNNING']);

export function withError(
  history: ErrorHistory,
  state: ComponentState,
  now: number,
): { history: ErrorHistory; next: 'ERRORED' | 'BROKEN' } {
  if (!COUNTED.has(state)) return { history, next: 'ERRORED' };
  const earlier = history[state] ?? [];
  const last = earlier.at(-1);
  const inRow = last !== undefined && now - last >= ERROR_RESET_MILLISECONDS ? [] : earlier;
  const times = [...inRow, now];
  return {
    history: { ...history, [state]: times },
    next: times.length >= MAXIMUM_CONTINUAL_ERRORS ? 'BROKEN' : 'ERRORED',
  };
}

/** Any other way out of a state forgets the errors counted there (internalReportState). */
export function withoutErrors(history: ErrorHistory, state: ComponentState): ErrorHistory {
  const { [state]: _forgotten, ...rest } = history;
  return rest;
}
