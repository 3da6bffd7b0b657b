/** Signals for which aws-crt installs a handler when it is loaded. */
const CRASH_SIGNALS = ['SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGBUS'] as const;

/**
 * Lets a crash of native code end the process again. aws-crt's handler prints a stack trace first, for which it needs
 * memory: after a crash inside of malloc it waits for a lock that its own thread holds, for ever. A component that hangs
 * is one that the nucleus does not start again.
 *
 * A signal whose last listener is gone has its default action: libuv puts that back (uv__signal_unregister_handler).
 */
export function restoreCrashSignals(): void {
  const listener = (): void => undefined;
  for (const signal of CRASH_SIGNALS) {
    process.on(signal, listener);
    process.removeListener(signal, listener);
  }
}
