/** Stands for Lambda between a queue and a function: takes messages, calls the function's own handler, deletes what it took. */
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

type Handler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

const MOST_MESSAGES = 10;
const WAIT_SECONDS = 1;

export class QueueReader {
  private stopped = false;
  private whenEmpty: (() => void)[] = [];
  private invocations = 0;
  private readonly reading: Promise<void>;

  /** @param onBody told of each message before the function is */
  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
    private readonly handler: Handler,
    private readonly onBody: (body: string) => void = () => undefined,
  ) {
    this.reading = this.read();
    // Thrown by stop().
    this.reading.catch(() => undefined);
  }

  /** @throws Error when the function has refused a message, or failed */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.reading;
  }

  /** Resolves when the queue was looked at after now, for a second, and had nothing. */
  emptied(): Promise<void> {
    return new Promise((resolve) => this.whenEmpty.push(resolve));
  }

  private async read(): Promise<void> {
    while (!this.stopped) {
      const asking = this.whenEmpty.splice(0);
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queueUrl,
          MaxNumberOfMessages: MOST_MESSAGES,
          WaitTimeSeconds: WAIT_SECONDS,
        }),
      );
      if (Messages.length === 0) for (const resolve of asking) resolve();
      else {
        this.whenEmpty.push(...asking);
        await this.invoke(Messages);
      }
    }
  }

  private async invoke(messages: readonly Message[]): Promise<void> {
    for (const { Body = '' } of messages) this.onBody(Body);
    const Records = messages.map(
      ({ MessageId, Body }) =>
        ({ messageId: MessageId, body: Body, eventSource: 'aws:sqs', messageAttributes: {} }) as SQSRecord,
    );
    const context = {
      awsRequestId: `invocation-${++this.invocations}`,
      getRemainingTimeInMillis: () => 60_000,
    };
    const { batchItemFailures } = await this.handler({ Records } as SQSEvent, context as Context);
    if (batchItemFailures.length > 0) {
      throw new Error(`${this.queueUrl}: refused ${batchItemFailures.length} of ${messages.length} messages`);
    }
    for (const { ReceiptHandle } of messages) {
      await this.sqs.send(new DeleteMessageCommand({ QueueUrl: this.queueUrl, ReceiptHandle }));
    }
  }
}
