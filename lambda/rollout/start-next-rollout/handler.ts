import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Context, EventBridgeEvent } from 'aws-lambda';
import { REGISTRY_VARIABLES, releaseIdOf } from '../../registry/names';
import { documentClient, stepFunctions } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { SHARED_VARIABLES } from '../../shared/names';
import { ROLLOUT_VARIABLES } from '../names';
import { isRunning } from '../rollout-holder';
import { RolloutTable } from '../rollout-table';
import { type EndedExecution, type NextRollout, startNextRollout } from './start-next-rollout';

/** The fields that we read of "Step Functions Execution Status Change". */
interface StatusChange {
  readonly executionArn?: string;
  readonly status?: EndedExecution['status'];
  /** JSON; absent when it is too large for an event. */
  readonly input?: string | null;
}

/** `undefined` when it is no end of a rollout: the schedule's event, or an execution that somebody started by hand with another input. */
function endedExecution({ executionArn, status, input }: StatusChange): EndedExecution | undefined {
  const counter: unknown = input ? JSON.parse(input)?.counter : undefined;
  return executionArn && status && typeof counter === 'number'
    ? { executionArn, status, counter }
    : undefined;
}

/** An execution of the rollout has ended, or the schedule: both only say "look now". */
export async function handler(
  event: EventBridgeEvent<string, StatusChange>,
  context: Context,
): Promise<NextRollout> {
  log.addContext(context);
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const stateMachineArn = requireEnvironment(ROLLOUT_VARIABLES.stateMachineArn);
  const next = await startNextRollout(endedExecution(event.detail), {
    isRunning: (executionArn) => isRunning(stepFunctions(), executionArn),
    table: new RolloutTable(documentClient(), requireEnvironment(REGISTRY_VARIABLES.releaseTable), useCase),
    start: async (counter) => {
      const input = JSON.stringify({ useCase, counter, releaseId: releaseIdOf(useCase, counter) });
      await stepFunctions().send(new StartExecutionCommand({ stateMachineArn, input }));
    },
  });
  log.info('looked for the next rollout', { next, executionArn: event.detail.executionArn });
  return next;
}
