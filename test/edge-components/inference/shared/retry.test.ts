import { Retry } from '../../../../edge-components/inference/src/shared/retry';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Without jitter: half of the full delay. */
const newRetry = (): Retry => new Retry({ first: 200, longest: 1_000 }, () => 0);

async function delayOf(waiting: Promise<void>): Promise<number> {
  let over = false;
  void waiting.then(() => {
    over = true;
  });
  for (let passed = 0; ; passed += 50) {
    await jest.advanceTimersByTimeAsync(0);
    if (over) return passed;
    await jest.advanceTimersByTimeAsync(50);
  }
}

test('waits longer after each failure in a row, up to the longest, and begins anew after a success', async () => {
  const retry = newRetry();
  const delays = [];
  for (let attempt = 1; attempt <= 5; attempt++) {
    expect(retry.failed()).toBe(attempt === 1);
    delays.push(await delayOf(retry.backOff()));
  }
  expect(delays).toEqual([100, 200, 400, 500, 500]);
  expect(retry.failures).toBe(5);
  expect(retry.succeeded()).toBe(5);
  expect(retry.succeeded()).toBe(0);
  retry.failed();
  expect(await delayOf(retry.backOff())).toBe(100);
});

test('a wake-up ends the wait, also one that comes just before it', async () => {
  const retry = newRetry();
  retry.failed();
  const waiting = retry.backOff();
  retry.wake();
  await waiting;
  retry.wake();
  await retry.backOff();
  expect(jest.getTimerCount()).toBe(0);
  expect(await delayOf(retry.backOff())).toBe(100);
});
