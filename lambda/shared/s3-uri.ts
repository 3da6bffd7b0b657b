import { type S3Location, s3LocationOf } from '../../contracts/s3-address';
import { InvalidInputError } from './errors';

/**
 * @param subject what the address is, for the error
 * @throws InvalidInputError when `uri` is not `s3://<bucket>/<key>`
 */
export function parseS3Uri(uri: string, subject: string): S3Location {
  const location = s3LocationOf(uri);
  if (!location?.key) throw new InvalidInputError(`${subject}: must be s3://<bucket>/<key>, got '${uri}'`);
  return location;
}
