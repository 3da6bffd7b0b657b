import type { S3Event } from 'aws-lambda';
import { InvalidInputError } from '../../shared/errors';

/** S3 sends it to a queue when the notification is configured. */
const TEST_EVENT = 's3:TestEvent';

/**
 * Keys of the manifests that an S3 notification is about; none in a test event.
 * @param body of the SQS message
 * @throws InvalidInputError when it is no notification, or about another bucket
 */
export function manifestKeys(body: string, bucket: string): string[] {
  let message: Partial<S3Event> & { readonly Event?: unknown };
  try {
    message = JSON.parse(body) ?? {};
  } catch (error) {
    throw new InvalidInputError(`the message is not JSON: ${(error as Error).message}`);
  }
  if (message.Event === TEST_EVENT) return [];
  if (!Array.isArray(message.Records)) throw new InvalidInputError('Records: must be a list');
  return message.Records.map((record) => {
    const { name } = record.s3?.bucket ?? {};
    const key = record.s3?.object?.key;
    if (name !== bucket || typeof key !== 'string') {
      throw new InvalidInputError(`s3: must name an object of '${bucket}', got '${key}' of '${name}'`);
    }
    // Keys come as in a query string: percent-encoded, a space as a plus.
    return decodeURIComponent(key.replaceAll('+', ' '));
  });
}
