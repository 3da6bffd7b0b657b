import fc from 'fast-check';
import type { ResultsBatch } from '../../../../contracts';
import { MessageTooLarge } from '../../../../edge-components/inference/src/ports';
import { BatchSender } from '../../../../edge-components/inference/src/results/batch-sender';
import {
  type Batch,
  resultsMessage,
} from '../../../../edge-components/inference/src/results/results-message';
import { backoffMilliseconds } from '../../../../edge-components/inference/src/shared/backoff';
import { invalidResult } from '../../inference-result';
import { resultsIn } from '../../results-messages';

const TOPIC = '$aws/rules/kaizen_dev_results/line/line-1/results';
const RANDOM = 0.5;

const record = (index: number): string => JSON.stringify(invalidResult(index));
const batch = (number: number): Batch => ({
  batchId: `00000001-0123abcd-${String(number).padStart(8, '0')}`,
  records: [record(number), record(number + 100)],
  droppedRecords: number,
});

const BOOT = 'b00710ad';

/** Timers and both clocks are the test's: time passes when it says so. */
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());
const pass = (milliseconds: number): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);

/** The sender between a queue in memory and a cloud that is there or not. */
function newSender(...batches: Batch[]) {
  const startedAt = Date.now();
  const attempts: { after: number; topic: string; message: ResultsBatch }[] = [];
  const state = {
    online: true,
    largest: Number.POSITIVE_INFINITY,
    now: Date.parse('2026-11-23T12:00:00Z'),
    ask: undefined as number | undefined,
    failing: undefined as 'nextBatch' | 'published' | undefined,
    warnings: 0,
    outcomes: [] as boolean[],
    attempts,
    delivered: () => attempts.filter((_, index) => state.outcomes[index]).map(({ message }) => message),
    delays: () => attempts.map(({ after }, index) => after - (attempts[index - 1]?.after ?? 0)),
    queue: batches,
  };
  const fail = (call: string): void => {
    if (state.failing === call) throw new Error('the disk failed');
  };
  const sender = new BatchSender({
    outbox: {
      nextBatch: async () => {
        fail('nextBatch');
        return state.queue[0];
      },
      published: async (batchId) => {
        fail('published');
        expect(state.queue.shift()?.batchId).toBe(batchId);
      },
      split: async (batchId) => {
        const whole = state.queue.shift() as Batch;
        expect(whole.batchId).toBe(batchId);
        state.queue.unshift(
          ...whole.records.map((one, index) => ({ ...whole, batchId: `${batchId}${index}`, records: [one] })),
        );
      },
    },
    publisher: {
      publishToCloud: async (topic, payload) => {
        attempts.push({ after: Date.now() - startedAt, topic, message: resultsIn(payload) });
        if (!state.online) throw new Error('offline');
        if (payload.length > state.largest) throw new MessageTooLarge('too large');
      },
      publishLocally: async () => undefined,
    },
    clock: {
      now: () => state.now,
      monotonic: () => Date.now() - startedAt,
      boot: { id: BOOT, milliseconds: () => Date.now() - startedAt + 100_000 },
    },
    log: { info: () => undefined, warn: () => state.warnings++, error: () => undefined },
    useCase: 'line',
    deviceId: 'line-1',
    topic: () => TOPIC,
    flushMilliseconds: () => 100,
    askMilliseconds: () => state.ask,
    random: () => RANDOM,
    connection: { succeeded: () => state.outcomes.push(true), failed: () => state.outcomes.push(false) },
  });
  return { sender, state };
}

test('[L6] a batch that is too large for the nucleus is split at once, and nobody thinks that the cloud is gone', async () => {
  const { sender, state } = newSender(batch(1), batch(2));
  const head = {
    ...batch(1),
    useCase: 'line',
    deviceId: 'line-1',
    sentAt: new Date(state.now).toISOString(),
  };
  state.largest = resultsMessage(head, batch(1).records).length - 1;
  sender.start();
  await pass(0);
  expect(state.attempts.map(({ message }) => message.records.length)).toEqual([2, 1, 1, 2, 1, 1]);
  expect(state.outcomes).toEqual([true, true, true, true]);
  expect(state.warnings).toBe(2);
  const stopped = sender.stop();
  await pass(100);
  await stopped;
});

test('[L5] asks for a confirmation once a minute, with what is sent again, and with the first batch of a start', async () => {
  const before = { ...batch(1), batchId: '00000000-9876fedc-00000009' };
  const { sender, state } = newSender(before, batch(1), batch(2), { ...batch(3), isSentAgain: true });
  state.ask = 60_000;
  sender.start();
  await pass(0);
  const asked = () => state.attempts.map(({ message }) => message.confirm ?? false);
  expect(asked()).toEqual([true, true, false, true]);
  await pass(59_000);
  state.queue.push(batch(4));
  await pass(100);
  expect(asked()).toEqual([true, true, false, true, false]);
  await pass(2_000);
  state.queue.push(batch(5));
  await pass(100);
  expect(asked().at(-1)).toBe(true);
  await sender.stop();
});

test('batches go out in order, one after the other, as messages of the contract', async () => {
  const { sender, state } = newSender(batch(1), batch(2), batch(3));
  sender.start();
  await pass(0);
  expect(state.attempts.map(({ topic }) => topic)).toEqual([TOPIC, TOPIC, TOPIC]);
  for (const [index, { message }] of state.attempts.entries()) {
    const { batchId, records, droppedRecords } = batch(index + 1);
    expect(message).toMatchObject({
      batchId,
      droppedRecords,
      deviceId: 'line-1',
      useCase: 'line',
      sentAt: '2026-11-23T12:00:00.000Z',
      records: records.map((json) => JSON.parse(json)),
    });
  }
  expect(state.outcomes).toEqual([true, true, true]);
  state.queue.push(batch(4));
  await pass(100);
  expect(state.attempts).toHaveLength(4);
  await sender.stop();
});

test('case 29: an outage is met with a delay that doubles up to half a minute; the same batch is tried each time', async () => {
  const { sender, state } = newSender(batch(1), batch(2));
  state.online = false;
  sender.start();
  await pass(5 * 60_000);
  const share = 0.5 + RANDOM / 2;
  const [, ...delays] = state.delays();
  expect(delays.slice(0, 9)).toEqual(
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000].map((full) => full * share),
  );
  expect(new Set(state.attempts.map(({ message }) => message.batchId))).toEqual(new Set([batch(1).batchId]));
  expect(new Set(state.attempts.map(({ message }) => JSON.stringify(message))).size).toBe(1);
  // One line in the log for an outage, however long.
  expect(state.warnings).toBe(1);
  state.online = true;
  await pass(30_000);
  expect(state.delivered().map(({ batchId }) => batchId)).toEqual([batch(1).batchId, batch(2).batchId]);
  await sender.stop();
});

test('case 29: the wait ends at once when the way is open again, and a new outage begins with the first delay', async () => {
  const { sender, state } = newSender(batch(1));
  state.online = false;
  sender.start();
  await pass(60_000);
  const before = state.attempts.length;
  state.online = true;
  sender.retryNow();
  await pass(0);
  expect(state.attempts).toHaveLength(before + 1);
  state.online = false;
  state.queue.push(batch(2));
  await pass(250);
  const failedAt = state.attempts.at(-1)?.after as number;
  await pass(375);
  expect(state.attempts.at(-1)?.after).toBe(failedAt + 375);
  await sender.stop();
});

test.each(['nextBatch', 'published'] as const)(
  'case 14: a disk that fails at %s delays, and is no outage of the cloud',
  async (call) => {
    const { sender, state } = newSender(batch(1), batch(2));
    state.failing = call;
    sender.start();
    await pass(10_000);
    expect(state.outcomes).not.toContain(false);
    // What cannot be acknowledged is sent again under its id: the cloud counts it once.
    expect(new Set(state.delivered().map(({ batchId }) => batchId)).size).toBe(call === 'published' ? 1 : 0);
    expect(state.attempts.length).toBeLessThan(10);
    state.failing = undefined;
    await pass(30_000);
    expect(state.queue).toEqual([]);
    await sender.stop();
  },
);

test('case 7: a clock that is set back to 1970 changes the time of sending and nothing else', async () => {
  const { sender, state } = newSender(batch(1), batch(2));
  state.online = false;
  sender.start();
  await pass(100);
  state.now = 0;
  state.online = true;
  await pass(1_000);
  expect(state.delivered()).toMatchObject([
    { batchId: batch(1).batchId, sentAt: '1970-01-01T00:00:00.000Z' },
    { batchId: batch(2).batchId },
  ]);
  await sender.stop();
});

test('a flush sends what is there until one fails or its time is over', async () => {
  const { sender, state } = newSender(batch(1), batch(2), batch(3));
  await sender.flush(0);
  expect(state.attempts).toHaveLength(0);
  await sender.flush(1_000);
  expect(state.delivered()).toHaveLength(3);
  state.queue.push(batch(4), batch(5));
  state.online = false;
  await sender.flush(1_000);
  expect(state.queue).toHaveLength(2);
});

test('stopping ends a long wait', async () => {
  const { sender, state } = newSender(batch(1));
  state.online = false;
  sender.start();
  await pass(120_000);
  await sender.stop();
  const { length } = state.attempts;
  await pass(120_000);
  expect(state.attempts).toHaveLength(length);
});

test('the delay doubles up to its bound, is never below half of it, and spreads a fleet over the other half', () => {
  const bounds = { first: 500, longest: 30_000 };
  expect([1, 2, 3, 7, 60].map((attempt) => backoffMilliseconds(attempt, bounds, () => 1))).toEqual([
    500, 1000, 2000, 30_000, 30_000,
  ]);
  expect(backoffMilliseconds(3, bounds, () => 0)).toBe(1000);
  const share = fc.nat(99).map((percent) => percent / 100);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), share, share, (attempt, one, other) => {
      const delay = (random: number): number => backoffMilliseconds(attempt, bounds, () => random);
      expect(delay(one)).toBeGreaterThanOrEqual(delay(0));
      expect(delay(one)).toBeLessThan(2 * delay(0));
      expect(Math.sign(delay(one) - delay(other))).toBe(Math.sign(one - other));
    }),
  );
});

test('[B27] F16: records of a clock that was never set wait until it is, and get the times that they should have had', async () => {
  const record = (boot: string, inferredAt: string, uptimeMilliseconds: number): string =>
    JSON.stringify({
      ...invalidResult(1),
      inferredAt,
      capturedAt: inferredAt,
      clock: { state: 'unset', boot, uptimeMilliseconds },
    });
  const { sender, state } = newSender(
    { ...batch(1), records: [record('anearly1', '1970-01-01T03:00:00.000Z', 7)] },
    { ...batch(2), records: [record(BOOT, '1970-01-01T00:01:40.000Z', 100_000)] },
  );
  state.now = Date.parse('1970-01-01T00:01:40Z');
  sender.start();
  await pass(60_000);
  // Nobody will ever know more of the first one.
  expect(state.delivered().map(({ batchId }) => batchId)).toEqual([batch(1).batchId]);
  state.now = Date.parse('2026-11-23T12:01:00Z');
  await pass(1_000);
  await sender.stop();
  expect(state.delivered().flatMap(({ records }) => records)).toEqual([
    expect.objectContaining({
      inferredAt: '1970-01-01T03:00:00.000Z',
      clock: expect.objectContaining({ state: 'unset' }),
    }),
    {
      ...invalidResult(1),
      // A minute before now, at most a quarter of a second of waiting apart.
      inferredAt: expect.stringMatching(/^2026-11-23T(12:00:00|11:59:59)/),
      capturedAt: expect.stringMatching(/^2026-11-23T(12:00:00|11:59:59)/),
      clock: { state: 'corrected' },
    },
  ]);
});
