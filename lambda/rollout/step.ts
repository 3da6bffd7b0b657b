import type { Context } from 'aws-lambda';
import { log } from '../shared/log';
import { parseState, type RolloutState } from './rollout-state';

/**
 * A handler of one step: checks the execution's state, runs the step, answers the next state. An error fails the step;
 * the state machine retries it and then rolls back.
 */
export function step(run: (state: RolloutState) => Promise<RolloutState>) {
  return async (input: unknown, context: Context): Promise<RolloutState> => {
    log.addContext(context);
    const state = parseState(input);
    log.appendKeys({ releaseId: state.releaseId });
    return run(state);
  };
}
