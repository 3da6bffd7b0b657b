import {
  budgetMilliseconds,
  withinBudget,
} from '../../../../edge-components/inference/src/models/decoding-budget';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** @param share of a processor that the process gets */
function ports(share: number) {
  const pauses: number[] = [];
  return {
    pauses,
    processorMilliseconds: () => Date.now() * share,
    pause: (milliseconds: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        pauses.push(milliseconds);
        const timer = setTimeout(resolve, milliseconds);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
const work = (milliseconds: number): Promise<string> =>
  new Promise((resolve) => setTimeout(() => resolve('image'), milliseconds));

test('case 45: an image may take a second, and more the larger images may be', () => {
  expect([64, 16_777_216, 100_000_000].map(budgetMilliseconds).map(Math.round)).toEqual([
    1_000, 2_678, 11_000,
  ]);
});

test.each([
  ['done in time', 1, 900, 'image', 900],
  ['not done in time', 1, 60_000, 'spent', 1_000],
  ['two images at once use a processor each', 2, 60_000, 'spent', 1_000],
  ['without a processor for most of the time, but done', 0.2, 2_500, 'image', 2_500],
  ['without a processor, until it has had its share', 0.2, 60_000, 'spent', 3_000],
  ['never given a processor', 0, 60_000, 'spent', 4_000],
] as const)('case 45: %s', async (_, share, milliseconds, outcome, after) => {
  const started = Date.now();
  const done = withinBudget(1_000, work(milliseconds), ports(share)).then((result) => [
    result,
    Date.now() - started,
  ]);
  await jest.advanceTimersByTimeAsync(100_000);
  expect(await done).toEqual([outcome, after]);
  expect(jest.getTimerCount()).toBe(0);
});

test('case 45: what fails in time fails', async () => {
  await expect(withinBudget(1_000, Promise.reject(new Error('broken')), ports(1))).rejects.toThrow('broken');
});
