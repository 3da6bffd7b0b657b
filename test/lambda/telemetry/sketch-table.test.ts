import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { SketchTable } from '../../../lambda/telemetry/sketch-table';
import { aBatch, aSketch, RECEIVED_AT } from '../shared/builders';

const client = mockClient(DynamoDBDocumentClient);
const pauses: number[] = [];
const table = new SketchTable(client as never, 'sketches', async (milliseconds) => {
  pauses.push(milliseconds);
});

const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    $metadata: {},
    message: 'cancelled',
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

beforeEach(() => {
  client.reset();
  pauses.length = 0;
});

const sizes = () =>
  client.commandCalls(TransactWriteCommand).map(({ args }) => args[0].input.TransactItems?.length ?? 0);

test('the batch id and its sketches are one transaction', async () => {
  client.on(TransactWriteCommand).resolves({});
  await expect(table.addOnce(aBatch(), RECEIVED_AT, [aSketch({ results: 1 })])).resolves.toBe('added');
  const [put, update] = client.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems ?? [];
  expect(put?.Put).toMatchObject({
    TableName: 'sketches',
    Item: { partition: 'batch#line-1', window: 'batch-1', expiresAt: RECEIVED_AT / 1000 + 60 * 86_400 },
    ConditionExpression: 'attribute_not_exists(#partition)',
  });
  expect(update?.Update?.Key).toEqual({
    partition: 'surface#surface-2',
    window: '2026-03-01T10:00:00.000Z#line-1',
  });
});

test('case 29: a batch that was added before is a success', async () => {
  client.on(TransactWriteCommand).rejects(cancelled('ConditionalCheckFailed', 'None'));
  await expect(table.addOnce(aBatch(), RECEIVED_AT, [aSketch()])).resolves.toBe('repeated');
});

test('case 34: contention for a sketch is waited out, with jitter', async () => {
  client
    .on(TransactWriteCommand)
    .rejectsOnce(cancelled('None', 'TransactionConflict'))
    .rejectsOnce(cancelled('None', 'TransactionConflict'))
    .resolves({});
  await expect(table.addOnce(aBatch(), RECEIVED_AT, [aSketch()])).resolves.toBe('added');
  expect(pauses).toHaveLength(2);
});

test.each([
  ['endless contention', cancelled('None', 'TransactionConflict'), 6],
  ['any other reason', cancelled('None', 'ValidationError'), 1],
  ['a fault of the service', new Error('InternalServerError'), 1],
])('case 34: %s goes back to the queue', async (_, error, attempts) => {
  client.on(TransactWriteCommand).rejects(error);
  await expect(table.addOnce(aBatch(), RECEIVED_AT, [aSketch()])).rejects.toBe(error);
  expect(sizes()).toHaveLength(attempts);
});

test('more windows than a transaction takes go in several, each counted once', async () => {
  client.on(TransactWriteCommand).resolves({});
  const sketches = Array.from({ length: 200 }, (_, hour) =>
    aSketch({ windowStart: new Date(RECEIVED_AT - hour * 3_600_000).toISOString(), results: 1 }),
  );
  await table.addOnce(aBatch(), RECEIVED_AT, sketches);
  expect(sizes()).toEqual([100, 100, 3]);
  const ids = client
    .commandCalls(TransactWriteCommand)
    .map(({ args }) => args[0].input.TransactItems?.[0]?.Put?.Item?.window);
  expect(ids).toEqual(['batch-1', 'batch-1#99', 'batch-1#198']);
});

test('a batch without sketches is noted all the same', async () => {
  client.on(TransactWriteCommand).resolves({});
  await expect(table.addOnce(aBatch(), RECEIVED_AT, [])).resolves.toBe('added');
  expect(sizes()).toEqual([1]);
});
