import type { RefusalCode } from '../iam/iam';

/** What the service answers when it refuses a request: HTTP 400, `{"__type", "message"}`, as AWS JSON 1.1 does. */
export type SageMakerErrorType =
  | RefusalCode
  | 'ResourceNotFound'
  | 'ResourceInUse'
  | 'ResourceLimitExceeded'
  | 'ConflictException'
  | 'ValidationException'
  | 'UnknownOperationException';

export class SageMakerError extends Error {
  override readonly name = 'SageMakerError';
  constructor(
    readonly type: SageMakerErrorType,
    message: string,
  ) {
    super(message);
  }
}

export const invalid = (message: string): SageMakerError =>
  new SageMakerError('ValidationException', message);
export const notFound = (message: string): SageMakerError => new SageMakerError('ResourceNotFound', message);
export const conflict = (message: string): SageMakerError => new SageMakerError('ConflictException', message);

/** One refusal for any number of problems, worded as AWS words it. @throws SageMakerError when there is any */
export function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected`;
  throw invalid(`${count}: ${problems.join('; ')}`);
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
