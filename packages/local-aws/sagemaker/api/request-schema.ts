/** Checks requests as the service's model does, and reports every problem at once. */
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { refuse } from '../errors';
import type { JsonObject } from '../json';

export type Schema = JsonObject;

const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
const compiled = new Map<Schema, ValidateFunction>();
const LONGEST_VALUE_SHOWN = 80;

function sentence(error: ErrorObject): string {
  const field = error.instancePath.slice(1).replaceAll('/', '.') || 'request';
  const allowed = error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : '';
  const value = error.keyword === 'required' ? '' : `, got ${JSON.stringify(error.data)}`;
  return `${field}: ${allowed || error.message}${value.slice(0, LONGEST_VALUE_SHOWN)}`;
}

/** @throws SageMakerError ValidationException */
export function checkRequest(schema: Schema, request: JsonObject): void {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (!validate(request)) refuse((validate.errors ?? []).map(sentence));
}

const TEXT: Schema = { type: 'string', minLength: 1 };

export const text = (maximum: number, pattern?: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: maximum,
  ...(pattern && { pattern }),
});
export const oneOf = (...values: string[]): Schema => ({ enum: values });
export const integer = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
export const list = (items: Schema, maximum: number, minimum = 0): Schema => ({
  type: 'array',
  items,
  minItems: minimum,
  maxItems: maximum,
});
/** Fields that are not named pass unchecked: the service knows more of them than we do. */
export const object = (properties: Record<string, Schema>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: [...required],
});
export const mapOfText = (entries: number, key: number, value: number): Schema => ({
  type: 'object',
  maxProperties: entries,
  propertyNames: { maxLength: key },
  additionalProperties: { type: 'string', maxLength: value },
});

/** Names of jobs and groups: at most 63 letters, digits and inner hyphens. */
export const RESOURCE_NAME = text(63, '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$');
export const PIPELINE_NAME = text(256, '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}$');
export const ARN_OR_NAME = text(2048);
export const ARN = text(2048, '^arn:aws[a-z\\-]*:sagemaker:');
export const ROLE_ARN = text(2048, '^arn:aws[a-z\\-]*:iam::\\d{12}:role/.+');
export const CLIENT_REQUEST_TOKEN: Schema = { type: 'string', minLength: 32, maxLength: 128 };
export const S3_URI = text(1024, '^(https|s3)://[^/]+/?.*$');
export const TAGS = list(
  object({ Key: text(128), Value: { type: 'string', maxLength: 256 } }, ['Key', 'Value']),
  50,
);
/** Paging and order of every List operation. */
export const PAGING = {
  NextToken: TEXT,
  MaxResults: integer(1, 100),
  SortOrder: oneOf('Ascending', 'Descending'),
};
