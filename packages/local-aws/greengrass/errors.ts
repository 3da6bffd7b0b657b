/** Errors in the shapes of the Greengrass V2 service model, as they go over the wire. */

export type ValidationReason = 'UNKNOWN_OPERATION' | 'CANNOT_PARSE' | 'FIELD_VALIDATION_FAILED' | 'OTHER';

export interface FieldProblem {
  readonly name: string;
  readonly message: string;
}

/** An error of the service: `name` becomes `x-amzn-ErrorType`, `members` go beside `message` in the body. */
export class ServiceError extends Error {
  constructor(
    override readonly name: string,
    readonly httpStatus: number,
    message: string,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export function resourceNotFound(resourceType: string, resourceId: string, message?: string): ServiceError {
  return new ServiceError(
    'ResourceNotFoundException',
    404,
    message ?? `The ${resourceType} ${resourceId} does not exist.`,
    { resourceId, resourceType },
  );
}

export function conflict(resourceType: string, resourceId: string, message: string): ServiceError {
  return new ServiceError('ConflictException', 409, message, { resourceId, resourceType });
}

export function invalid(
  message: string,
  reason: ValidationReason = 'OTHER',
  fields: FieldProblem[] = [],
): ServiceError {
  return new ServiceError('ValidationException', 400, message, { reason, fields });
}

/** All problems of a request in one error. */
export function invalidFields(fields: readonly FieldProblem[]): ServiceError {
  const listed = fields.map((field) => `${field.name}: ${field.message}`).join('; ');
  return invalid(`Invalid Input: ${listed}`, 'FIELD_VALIDATION_FAILED', [...fields]);
}

export function accessDenied(message: string): ServiceError {
  return new ServiceError('AccessDeniedException', 403, message);
}
