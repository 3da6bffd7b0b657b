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

function stopClock(at: string): void {
  jest.useFakeTimers({ now: new Date(at), doNotFake: [...LEFT_ALONE] });
}

/** Stops the clock of a whole test file at `at`, so that no handler's window, month or deadline ends while it runs. */
export function freezeClock(at: string): void {
  beforeAll(() => stopClock(at));
  afterAll(() => {
    jest.useRealTimers();
  });
}

/** The same for a part of a test file. */
export async function atTime<Result>(at: string, run: () => Promise<Result>): Promise<Result> {
  stopClock(at);
  try {
    return await run();
  } finally {
    jest.useRealTimers();
  }
}
