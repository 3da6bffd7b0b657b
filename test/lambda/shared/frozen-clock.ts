/** Every fake of Jest but Date's. */
const LEFT_ALONE = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** Stops the clock of a whole test file at `at`, so that no handler's window, month or deadline ends while it runs. */
export function freezeClock(at: string): void {
  beforeAll(() => {
    jest.useFakeTimers({ now: new Date(at), doNotFake: [...LEFT_ALONE] });
  });
  afterAll(() => {
    jest.useRealTimers();
  });
}
