import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { putEvent } from '../../../lambda/shared/events';

const eventBridge = mockClient(EventBridgeClient);

beforeEach(() => {
  eventBridge.reset();
  process.env.AWS_REGION = 'eu-central-1';
  process.env.KAIZEN_ENVIRONMENT = 'plant-7';
});

test('[C9] an event carries the source of its environment, and its detail', async () => {
  eventBridge.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
  await putEvent('Drift Detected', { useCase: 'surface' });
  expect(eventBridge.commandCalls(PutEventsCommand)[0]?.args[0].input).toEqual({
    Entries: [
      {
        Source: 'com.kaizenedge.plant-7',
        DetailType: 'Drift Detected',
        Detail: '{"useCase":"surface"}',
      },
    ],
  });
});

test('an entry that EventBridge refuses in an answer of 200 is an error', async () => {
  eventBridge.on(PutEventsCommand).resolves({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
  });
  await expect(putEvent('Drift Detected', {})).rejects.toThrow(
    "EventBridge refused 'Drift Detected': ThrottlingException slow down",
  );
});
