/**
 * `setTimeout` in the hands of the test, for code that also uses real sockets, files or processes: these and `waitFor` stay
 * real. So a machine that is slow never lets a time limit pass, and a test never waits for one.
 */
export function fakeTimeouts(): void {
  jest.useFakeTimers({
    doNotFake: [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
    ],
  });
}

/** Lets time limits and pauses of the code under test come that much nearer. */
export const pass = (milliseconds: number): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);
