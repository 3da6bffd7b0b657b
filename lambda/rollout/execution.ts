/** An execution of the rollout, as Step Functions remembers it: whether it still works, and what it left to be done. */
import { DescribeExecutionCommand, ExecutionDoesNotExist, type SFNClient } from '@aws-sdk/client-sfn';
import { INNOCENT_WAYS_BACK, isResumption, type Resumption, ROLLOUT_ERRORS } from './names';

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
  readonly cause?: string;
  /** What it was started for, when it finishes what another one left. */
  readonly resume?: Resumption;
  /** Of such a one: whether the release had no part in it. */
  readonly isInnocent?: boolean;
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

/**
 * Whether a release that is to be taken back had no part in it, as far as its execution could say. A person who stops one
 * wants no other try.
 */
export function endedInnocently(execution: Execution | undefined): boolean {
  if (!execution || execution.status === 'ABORTED') return false;
  if (execution.resume) return execution.isInnocent === true;
  return (
    execution.error === ROLLOUT_ERRORS.rollBackNotFinished &&
    INNOCENT_WAYS_BACK.includes(execution.cause ?? '')
  );
}

function requestOf(input: string | undefined): Pick<Execution, 'resume' | 'isInnocent'> {
  const { resume } = JSON.parse(input ?? '{}') as {
    readonly resume?: { readonly to?: unknown; readonly isInnocent?: unknown };
  };
  return isResumption(resume?.to) ? { resume: resume.to, isInnocent: resume.isInnocent === true } : {};
}

/** `undefined` for an execution that nobody knows any more, such as one of a state machine that was deleted. */
export async function describeExecution(
  client: Pick<SFNClient, 'send'>,
  executionArn: string,
): Promise<Execution | undefined> {
  try {
    const found = await client.send(new DescribeExecutionCommand({ executionArn }));
    return {
      status: found.status ?? 'RUNNING',
      ...(found.stopDate && { stoppedAt: found.stopDate }),
      ...(found.error !== undefined && { error: found.error }),
      ...(found.cause !== undefined && { cause: found.cause }),
      ...requestOf(found.input),
    };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}
