import { rmSync } from 'node:fs';
import { problemsOf } from '../../../../contracts';
import { Outbox } from '../../../../edge-components/inference/src/adapters/outbox';
import { backoffMilliseconds } from '../../../../edge-components/inference/src/domain/backoff';
import { BatchSender } from '../../../../edge-components/inference/src/domain/batch-sender';
import { temporaryFolder } from '../../release-fixture';
import { waitFor } from '../../wait-for';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const limits = { maximumBytes: 1_000_000, batchRecords: 10, flushMilliseconds: 10, messageBytes: 5120 };

const record = (index: number): string =>
  JSON.stringify({
    recordId: `boot-${index}`,
    frameId: `frame-${index}`,
    releaseId: 'line-1',
    variant: 'fp32',
    capturedAt: '2026-11-23T12:00:00.000Z',
    inferredAt: '2026-11-23T12:00:00.000Z',
    status: 'invalid',
    reason: 'x'.repeat(200),
    online: false,
    latencyMilliseconds: { total: 1 },
  });

test('an outage delays batches and changes nothing in them; the wait ends when the way is open again', async () => {
  const outbox = await Outbox.open(folder, () => limits);
  const messages: { topic: string; text: string }[] = [];
  const outcomes: boolean[] = [];
  let online = false;
  const sender = new BatchSender({
    outbox,
    publisher: {
      publishToCloud: async (topic, payload) => {
        if (!online) throw new Error('offline');
        messages.push({ topic, text: payload.toString() });
      },
      publishLocally: async () => undefined,
    },
    clock: { now: () => Date.parse('2026-11-23T12:00:00Z'), monotonic: () => performance.now() },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    useCase: 'line',
    deviceId: 'line-1',
    topic: () => '$aws/rules/kaizen_dev_results/line/line-1/results',
    flushMilliseconds: () => limits.flushMilliseconds,
    random: () => 1,
    onOutcome: (ok) => outcomes.push(ok),
  });
  for (let index = 0; index < 25; index++) await outbox.append(record(index));
  sender.start();
  await waitFor('a failure', () => outcomes.length > 0);
  online = true;
  sender.retryNow();
  await waitFor('every batch', () => messages.length === 3);
  await sender.stop();
  await outbox.close();
  const batches = messages.map(({ text }) => JSON.parse(text));
  for (const batch of batches) expect(problemsOf('results-batch', batch)).toEqual([]);
  expect(new Set(messages.map(({ topic }) => topic))).toEqual(
    new Set(['$aws/rules/kaizen_dev_results/line/line-1/results']),
  );
  expect(
    batches.flatMap(({ records }) => records.map(({ frameId }: { frameId: string }) => frameId)),
  ).toEqual(Array.from({ length: 25 }, (_, index) => `frame-${index}`));
  expect(outcomes.filter((ok) => ok)).toHaveLength(3);
});

test('the delay doubles up to its bound, and is never below half of it', () => {
  const bounds = { first: 500, longest: 30_000 };
  expect([1, 2, 3, 7, 60].map((attempt) => backoffMilliseconds(attempt, bounds, () => 1))).toEqual([
    500, 1000, 2000, 30_000, 30_000,
  ]);
  expect(backoffMilliseconds(3, bounds, () => 0)).toBe(1000);
});
