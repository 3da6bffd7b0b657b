/** An execution of the rollout, as Step Functions remembers it: whether it still works, and what it left to be done. */
import { DescribeExecutionCommand, ExecutionDoesNotExist, type SFNClient } from '@aws-sdk/client-sfn';
import { isResumption, type Resumption } from './names';

export type ExecutionStatus =
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'PENDING_REDRIVE';

export interface Execution {
  readonly status: ExecutionStatus;
  /** When it ended. */
  readonly stoppedAt?: Date;
  /** Name of the error that it ended with. */
  readonly error?: string;
  /** What it was started for, when it finishes what another one left. */
  readonly resume?: Resumption;
}

/** A function may run for 5 minutes, also after the end of the execution that called it. */
const LAST_STEP_MILLISECONDS = 6 * 60_000;

/**
 * Whether an execution may still change something: one that ended badly may have a function at work. The wait also keeps
 * executions that fail at once from following each other without a pause.
 */
export function isAtWork(execution: Execution | undefined, now: Date): boolean {
  if (!execution) return false;
  const { status, stoppedAt } = execution;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return true;
  if (status === 'SUCCEEDED' || !stoppedAt) return false;
  return now.getTime() - stoppedAt.getTime() < LAST_STEP_MILLISECONDS;
}

function resumptionOf(input: string | undefined): Resumption | undefined {
  const { resume } = JSON.parse(input ?? '{}') as { readonly resume?: { readonly to?: unknown } };
  return isResumption(resume?.to) ? resume.to : undefined;
}

/** `undefined` for an execution that nobody knows any more, such as one of a state machine that was deleted. */
export async function describeExecution(
  client: Pick<SFNClient, 'send'>,
  executionArn: string,
): Promise<Execution | undefined> {
  try {
    const found = await client.send(new DescribeExecutionCommand({ executionArn }));
    const resume = resumptionOf(found.input);
    return {
      status: found.status ?? 'RUNNING',
      ...(found.stopDate && { stoppedAt: found.stopDate }),
      ...(found.error !== undefined && { error: found.error }),
      ...(resume && { resume }),
    };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}
