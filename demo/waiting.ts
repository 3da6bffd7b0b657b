import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** For the message: "release 2 in service on line-1". */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly pollMilliseconds?: number;
  readonly signal: AbortSignal;
}

/**
 * Polls until `probe` gives a value.
 * @throws Error saying what was waited for and what was last seen (`probe` may tell by throwing)
 */
export async function waitFor<T>(options: WaitOptions, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  for (;;) {
    options.signal.throwIfAborted();
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      throw new Error(`waited ${options.timeoutSeconds} s in vain for ${options.what}`);
    }
    await sleep(options.pollMilliseconds ?? 500, undefined, { signal: options.signal });
  }
}
