import { within } from '../../../../edge-components/inference/src/shared/within';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const never = new Promise<never>(() => undefined);
const late = (): string => 'late';

test('work that ends in time gives its value or its error, and leaves no timer behind', async () => {
  await expect(within(100, Promise.resolve('done'), late)).resolves.toBe('done');
  await expect(within(100, Promise.reject(new Error('failed')), late)).rejects.toThrow('failed');
  expect(jest.getTimerCount()).toBe(0);
});

test('when the time is over before, the caller says what happens', async () => {
  const answers = [
    within<string>(100, never, late),
    within(100, never).catch((error: Error) => error.message),
    within(100, never, () => {
      throw new Error('too slow');
    }).catch((error: Error) => error.message),
  ];
  await jest.advanceTimersByTimeAsync(99);
  expect(jest.getTimerCount()).toBe(3);
  await jest.advanceTimersByTimeAsync(1);
  await expect(Promise.all(answers)).resolves.toEqual(['late', 'not done within 100 ms', 'too slow']);
});

test('a signal is a limit too; its reason is what is thrown', async () => {
  const stop = new AbortController();
  const waiting = within(stop.signal, never);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  await expect(within(stop.signal, never)).rejects.toThrow('stopped');
  await expect(within<string>(stop.signal, never, late)).resolves.toBe('late');
});

test('work that fails after it was given up hurts nobody', async () => {
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<string>((_, reject) => {
    fail = reject;
  });
  const answer = within(100, work, late);
  await jest.advanceTimersByTimeAsync(100);
  await expect(answer).resolves.toBe('late');
  fail(new Error('nobody listens'));
  await jest.advanceTimersByTimeAsync(0);
});
