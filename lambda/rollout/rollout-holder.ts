/** The execution that holds a use case: whether it still runs, and how it is made to let go when it does not. */
import { DescribeExecutionCommand, ExecutionDoesNotExist, type SFNClient } from '@aws-sdk/client-sfn';
import type { Ending, ReleaseState } from './rollout-table';

export interface HolderPorts {
  isRunning(executionArn: string): Promise<boolean>;
  readonly table: {
    holder(): Promise<string | undefined>;
    releaseStates(): Promise<ReleaseState[]>;
    end(counter: number, executionArn: string, ending: Ending): Promise<boolean>;
    unlock(executionArn: string): Promise<void>;
  };
}

/**
 * Whether a rollout runs. A holder that ended without unlocking (it was stopped, or its outcome could not be recorded)
 * loses the lock, and what it was rolling out is ABORTED: the devices are as its last step left them.
 */
export async function isHeld({ table, isRunning }: HolderPorts): Promise<boolean> {
  const holder = await table.holder();
  if (holder === undefined) return false;
  if (await isRunning(holder)) return true;
  const left = (await table.releaseStates()).filter(
    ({ status, executionArn }) => status === 'ROLLING_OUT' && executionArn === holder,
  );
  for (const { counter } of left) {
    await table.end(counter, holder, {
      status: 'ABORTED',
      reason: `${holder} ended before its rollout did.`,
    });
  }
  // Last: whoever dies on the way finds the lock again.
  await table.unlock(holder);
  return false;
}

/** An execution that nobody knows any more, of a state machine that was deleted, does not run. */
export async function isRunning(client: Pick<SFNClient, 'send'>, executionArn: string): Promise<boolean> {
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' || status === 'PENDING_REDRIVE';
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return false;
    throw error;
  }
}
