import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Clients } from './shared/clients';
import type { KaizenEnvironment } from './shared/environment';
import { InputError } from './shared/errors';

export interface RedriveOutcome {
  /** Messages that were in the dead-letter queue at the start; approximate, as SQS counts. */
  readonly messages: number;
  readonly how: 'moved by SQS' | 'received and sent';
}

const DEAD_LETTER_OUTPUT = /^(.+)DeadLetterQueueUrl$/;

/** Names that `redrive` takes: `Results` of the output `ResultsDeadLetterQueueUrl` is `results`. */
export function redrivableQueues(environment: KaizenEnvironment): string[] {
  return environment.outputIds().flatMap((id) => {
    const name = DEAD_LETTER_OUTPUT.exec(id)?.[1];
    return name && environment.has(`${name}QueueUrl`) ? [name.charAt(0).toLowerCase() + name.slice(1)] : [];
  });
}

/** SQS stand-ins do not have the task; they answer with one of several names. */
function isUnsupported(error: unknown): boolean {
  return (
    error instanceof Error && /Unsupported|InvalidAction|UnknownOperation|NotImplemented/i.test(error.name)
  );
}

async function queueArn(sqs: Clients['sqs'], QueueUrl: string): Promise<string | undefined> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  return (await sqs.send(command)).Attributes?.QueueArn;
}

async function moveMessage(sqs: Clients['sqs'], from: string, to: string, message: Message): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: to,
      MessageBody: message.Body,
      MessageAttributes: message.MessageAttributes,
    }),
  );
  // Deleted after it was sent: a crash in between repeats the message, and every consumer takes a repetition.
  await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: message.ReceiptHandle }));
}

/** At most as many as there were: a message that fails again must not go round for ever. */
async function receiveAndSend(sqs: Clients['sqs'], from: string, to: string, most: number): Promise<void> {
  for (let moved = 0; moved < most; ) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: Math.min(10, most - moved),
        MessageAttributeNames: ['All'],
        WaitTimeSeconds: 1,
      }),
    );
    if (Messages.length === 0) return;
    for (const message of Messages) await moveMessage(sqs, from, to, message);
    moved += Messages.length;
  }
}

/**
 * Sends the messages of a dead-letter queue back to their queue.
 * @param name one of {@link redrivableQueues}
 * @throws InputError when there is no such queue
 */
export async function redriveQueue(
  clients: Pick<Clients, 'sqs'>,
  environment: KaizenEnvironment,
  name: string,
): Promise<RedriveOutcome> {
  const names = redrivableQueues(environment);
  if (!names.includes(name)) {
    throw new InputError(`queue: must be one of ${names.join(', ') || '(none is deployed)'}, got '${name}'`);
  }
  const output = name.charAt(0).toUpperCase() + name.slice(1);
  const from = environment.output(`${output}DeadLetterQueueUrl`);
  const to = environment.output(`${output}QueueUrl`);
  const { Attributes = {} } = await clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: from,
      AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages'],
    }),
  );
  const messages = Number(Attributes.ApproximateNumberOfMessages ?? 0);
  try {
    // The destination is named, because what a topic rule could not deliver was never in another queue.
    await clients.sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: Attributes.QueueArn,
        DestinationArn: await queueArn(clients.sqs, to),
      }),
    );
    return { messages, how: 'moved by SQS' };
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    await receiveAndSend(clients.sqs, from, to, messages);
    return { messages, how: 'received and sent' };
  }
}
