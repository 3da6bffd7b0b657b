/** Retry policies of a step. Pure: whether to try again, and after how long. */
import type { RetryPolicy } from './model';

export const DEFAULT_INTERVAL_SECONDS = 1;
export const DEFAULT_BACKOFF_RATE = 2;
export const DEFAULT_MAX_ATTEMPTS = 5;

/**
 * The exception type by which policies select a failure.
 * @param reason failure reason of a job, or the error type of a refused request
 * @returns undefined for failures of the user's own code, which nothing makes better by repeating
 */
export function exceptionTypeOf(reason: string): string | undefined {
  if (/^ThrottlingException/.test(reason)) return 'Step.THROTTLING';
  if (/^ResourceLimitExceeded/.test(reason)) return 'SageMaker.RESOURCE_LIMIT';
  if (/^CapacityError/.test(reason)) return 'SageMaker.CAPACITY_ERROR';
  if (/^InternalServerError/.test(reason)) return 'SageMaker.JOB_INTERNAL_ERROR';
  if (/^ServiceUnavailable|^InternalFailure/.test(reason)) return 'Step.SERVICE_FAULT';
  return undefined;
}

export interface RetryState {
  /** Retries so far of failures of this exception type. */
  readonly retries: number;
  /** Milliseconds since the step's first attempt began. */
  readonly elapsedMilliseconds: number;
}

/** Milliseconds to wait before the next attempt; undefined when there is none. */
export function retryDelay(
  policies: readonly RetryPolicy[] | undefined,
  exceptionType: string | undefined,
  state: RetryState,
): number | undefined {
  const policy = policies?.find(
    ({ ExceptionType }) => exceptionType && ExceptionType.includes(exceptionType),
  );
  if (!policy) return undefined;
  const { IntervalSeconds = DEFAULT_INTERVAL_SECONDS, BackoffRate = DEFAULT_BACKOFF_RATE } = policy;
  const delay = IntervalSeconds * BackoffRate ** state.retries * 1000;
  if (policy.ExpireAfterMin !== undefined) {
    return state.elapsedMilliseconds + delay <= policy.ExpireAfterMin * 60_000 ? delay : undefined;
  }
  return state.retries < (policy.MaxAttempts ?? DEFAULT_MAX_ATTEMPTS) ? delay : undefined;
}
