import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { eventBridge } from './aws';
import { deployedEnvironment } from './env';
import { eventSource } from './names';

/**
 * Puts one event on the default bus.
 * @param detailType one of the events that a noun names
 * @throws Error when EventBridge refuses the entry; PutEvents answers 200 even then
 */
export async function putEvent(detailType: string, detail: object): Promise<void> {
  const answer = await eventBridge().send(
    new PutEventsCommand({
      Entries: [
        {
          Source: eventSource(deployedEnvironment()),
          DetailType: detailType,
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  if ((answer.FailedEntryCount ?? 0) > 0) {
    const entry = answer.Entries?.[0];
    throw new Error(`EventBridge refused '${detailType}': ${entry?.ErrorCode} ${entry?.ErrorMessage}`);
  }
}
