/** The answer of a function that stands for a resource of a stack (docs.aws.amazon.com/AWSCloudFormation, crpg-ref). */
import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { log } from './log';

/** Id of a resource of which the creation failed. CloudFormation asks to delete it all the same. */
export const NOT_CREATED = 'not-created';
/** CloudFormation reads no answer above 4,096 bytes; a character has up to four, and ids and ARNs need room. */
const LONGEST_REASON = 500;

/**
 * Does the work and tells CloudFormation how it ended. A failure is an answer too: without one the stack would wait
 * until its time-out.
 * @param work returns the id of the resource; another one than before makes CloudFormation delete the one before
 * @throws Error when CloudFormation does not take the answer: Lambda then tries again
 */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  work: () => Promise<string>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const about = { StackId, RequestId, LogicalResourceId };
  const answer: CloudFormationCustomResourceResponse = await work().then(
    (id) => ({ ...about, Status: 'SUCCESS', PhysicalResourceId: id }),
    (error: Error) => {
      log.error('the resource cannot be had', error);
      return {
        ...about,
        Status: 'FAILED',
        Reason: error.message.slice(0, LONGEST_REASON),
        PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : NOT_CREATED,
      };
    },
  );
  // Bytes, for which fetch sends no content type: the signature of the address covers none.
  const { ok, status } = await fetch(event.ResponseURL, {
    method: 'PUT',
    body: Buffer.from(JSON.stringify(answer)),
  });
  if (!ok) throw new Error(`CloudFormation did not take the answer: ${status}`);
}
