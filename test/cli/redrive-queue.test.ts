import { redriveQueue } from '../../cli/redrive-queue';
import { asClients, awsError, environment, FakeClient, OUTPUTS } from './fakes';

describe('redrive', () => {
  /** A dead-letter queue whose messages may come back: the consumer still fails. */
  function fakeQueues(count: number, failing = false) {
    const dead = Array.from({ length: count }, (_, index) => ({
      Body: `m${index}`,
      ReceiptHandle: `h${index}`,
    }));
    const sent: string[] = [];
    const sqs = new FakeClient({
      GetQueueAttributes: ({ QueueUrl }) => ({
        Attributes: { QueueArn: `arn:${String(QueueUrl)}`, ApproximateNumberOfMessages: String(dead.length) },
      }),
      StartMessageMoveTask: () => {
        throw awsError('UnsupportedOperation');
      },
      ReceiveMessage: ({ MaxNumberOfMessages }) => ({ Messages: dead.slice(0, MaxNumberOfMessages) }),
      SendMessage: ({ QueueUrl, MessageBody }) => {
        expect(QueueUrl).toBe(OUTPUTS.ResultsQueueUrl);
        sent.push(MessageBody);
        if (failing) dead.push({ Body: MessageBody, ReceiptHandle: `again ${sent.length}` });
        return {};
      },
      DeleteMessage: ({ ReceiptHandle }) => {
        dead.splice(
          dead.findIndex((message) => message.ReceiptHandle === ReceiptHandle),
          1,
        );
        return {};
      },
    });
    return { sqs, dead, sent };
  }

  test('SQS moves the messages, back to the queue that is named', async () => {
    const sqs = new FakeClient({
      GetQueueAttributes: ({ QueueUrl }) => ({
        Attributes: { QueueArn: `arn:${String(QueueUrl)}`, ApproximateNumberOfMessages: '7' },
      }),
      StartMessageMoveTask: () => ({ TaskHandle: 't' }),
    });
    await expect(redriveQueue(asClients({ sqs }), environment, 'results')).resolves.toEqual({
      messages: 7,
      how: 'moved by SQS',
    });
    expect(sqs.calls.at(-1)?.input).toEqual({
      SourceArn: `arn:${OUTPUTS.ResultsDeadLetterQueueUrl}`,
      DestinationArn: `arn:${OUTPUTS.ResultsQueueUrl}`,
    });
  });

  test('where SQS has no such task, every message is received, sent and only then deleted', async () => {
    const { sqs, dead, sent } = fakeQueues(23);
    await expect(redriveQueue(asClients({ sqs }), environment, 'results')).resolves.toEqual({
      messages: 23,
      how: 'received and sent',
    });
    expect(sent).toHaveLength(23);
    expect(dead).toEqual([]);
    expect(sqs.names().indexOf('SendMessage')).toBeLessThan(sqs.names().indexOf('DeleteMessage'));
  });

  test('messages that fail again do not go round for ever', async () => {
    const { sqs, sent } = fakeQueues(5, true);
    await redriveQueue(asClients({ sqs }), environment, 'results');
    expect(sent).toHaveLength(5);
  });

  test('another error of SQS is reported', async () => {
    const { sqs } = fakeQueues(1);
    sqs.failures.set('StartMessageMoveTask', [awsError('AccessDenied')]);
    await expect(redriveQueue(asClients({ sqs }), environment, 'results')).rejects.toThrow('AccessDenied');
  });
});
