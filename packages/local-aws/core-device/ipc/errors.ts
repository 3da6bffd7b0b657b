export type IpcErrorCode =
  | 'ServiceError'
  | 'UnauthorizedError'
  | 'ResourceNotFoundError'
  | 'InvalidArgumentsError'
  | 'FailedUpdateConditionCheckError'
  | 'ConflictError';

/** An operation is refused; `code` is the shape name of the Greengrass IPC model without its namespace. */
export class IpcError extends Error {
  override readonly name = 'IpcError';
  constructor(
    readonly code: IpcErrorCode,
    message: string,
  ) {
    super(message);
  }
}
